"""Moves of the search: fill, exchange, shift and shut shapes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.greedy.state import State

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


AT_ONCE = 16
"""Types whose savings are brought up to date together."""


def fill(state: State) -> None:
    """Open types one by one, each time the one that saves most, while one saves anything.

    What opening a type saves only falls as others are opened, so an old figure is an upper bound: only the
    types that look best are looked at again.
    """
    streams = range(len(state.board.table))
    saving = [_savings(state, k, slice(None)) for k in streams]
    fresh = [np.ones(len(column), dtype=bool) for column in saving]
    keys = [_keys(state, k, saving[k]) for k in streams]
    while True:
        k = max(streams, key=lambda k: float(keys[k].max(initial=-np.inf)))
        if keys[k].max(initial=-np.inf) <= 0:
            return
        kind = int(keys[k].argmax())
        if fresh[k][kind]:
            state.open(k, kind)
            fresh[k][:] = False
            keys = [_keys(state, k, saving[k]) for k in streams]
            continue
        stale = ~fresh[k] & (keys[k] > 0)
        some = np.flatnonzero(stale)
        some = some[np.argsort(-keys[k][some], kind="stable")[:AT_ONCE]]
        renewed = _savings(state, k, some)
        keys[k][some] += renewed - saving[k][some]
        saving[k][some] = renewed
        fresh[k][some] = True


def exchange(state: State, tries: int, looked_at: list[Ints]) -> tuple[State | None, list[Ints]]:
    """Open one type and close those that it makes useless.

    Parameters
    ----------
    tries
        How many of the most promising types are tried, each accepted if it pays.
    looked_at
        Types considered, per stream.

    Returns
    -------
    state, promising
        The better state, or None; and the more promising part of the types, per stream.
    """
    estimates = [estimate.astype(np.float64) for estimate in _estimates(state, looked_at)]
    order = np.argsort(-np.concatenate(estimates), kind="stable")
    ends = np.cumsum([len(estimate) for estimate in estimates])
    score, improved = state.score(), False
    for place in order[:tries].tolist():
        k = int(np.searchsorted(ends, place, side="right"))
        kind = place - (int(ends[k - 1]) if k else 0)
        if estimates[k][kind] == -np.inf or state.opened[k][kind]:
            continue
        trial = state.copy()
        trial.open(k, kind)
        shape = int(state.board.market.types[k].shape[kind])
        if not (state.used[:, shape] > 0).any():
            _share(trial, k, shape, estimates)
        shut_excess(trial, shape)
        trial.drop()
        reached = trial.score()
        if reached < score - 1e-9 * abs(score):
            state, score, improved = trial, reached, True
    promising = order[: max(4 * tries, len(order) // 5)]
    offsets = np.concatenate([[0], ends[:-1]])
    of = np.searchsorted(ends, promising, side="right")
    parts = [np.sort(promising[of == k] - offset) for k, offset in enumerate(offsets.tolist())]
    return (state if improved else None), parts


def shift(state: State, reach: int = 3) -> State | None:
    """Move all batches of one shape to another; return the better state, or None.

    Parameters
    ----------
    reach
        How many shapes on either side in ascending order are tried, beside the open ones.
    """
    number = len(state.board.market.shapes)
    score, improved = state.score(), False
    for shape in np.flatnonzero((state.used > 0).any(axis=0)).tolist():
        near = range(max(0, shape - reach), min(number, shape + reach + 1))
        for other in sorted({*near, *np.flatnonzero((state.used > 0).any(axis=0)).tolist()}):
            if other == shape or not (state.used[:, shape] > 0).any():
                continue
            trial = state.copy()
            _move(trial, shape, other)
            trial.drop()
            reached = trial.score()
            if reached < score - 1e-9 * abs(score):
                state, score, improved = trial, reached, True
    return state if improved else None


def shut_excess(state: State, keep: int = -1) -> None:
    """Shut the shapes that cost least to lose until no more are open than allowed, never the shape `keep`."""
    while True:
        opened = np.flatnonzero((state.used > 0).any(axis=0))
        if len(opened) <= state.board.market.most:
            return
        trials = []
        for shape in opened.tolist():
            if shape != keep:
                trial = state.copy()
                _close_shape(trial, shape)
                trials.append(trial)
        best = min(trials, key=State.score)
        state.__dict__.update(best.__dict__)


def _close_shape(state: State, shape: int) -> None:
    for k, types in enumerate(state.board.market.types):
        if state.used[k, shape]:
            state.close(k, np.flatnonzero(state.opened[k] & (types.shape == shape)))


def _move(state: State, shape: int, other: int) -> None:
    """Replace every open type of a shape by the type of another shape with the same bounds."""
    for k, types in enumerate(state.board.market.types):
        if not state.used[k, shape]:
            continue
        mine = np.flatnonzero(state.opened[k] & (types.shape == shape))
        target = np.flatnonzero(types.shape == other)
        most_prompt = state.board.market.shapes[other].prompt
        for kind in mine.tolist():
            fits = target[types.gen[target] >= types.gen[kind]]
            prompt = min(int(types.prompt[kind]), most_prompt)
            fits = fits[types.prompt[fits] >= prompt]
            if len(fits):
                state.open(k, int(fits[(types.gen[fits] + types.prompt[fits]).argmin()]))
    _close_shape(state, shape)


def _share(state: State, k: int, shape: int, estimates: list[Floats]) -> None:
    """Let the other streams use a shape that was opened for stream `k`, where they profit."""
    for other, types in enumerate(state.board.market.types):
        if other == k:
            continue
        kinds = np.flatnonzero(types.shape == shape)
        if len(kinds):
            best = int(kinds[estimates[other][kinds].argmax()])
            if estimates[other][best] > 0:
                state.open(other, best)


def _savings(state: State, k: int, kinds: Ints | slice) -> Floats:
    """Return what requests would save if each of some types were open."""
    gain = np.subtract(state.price[k][:, None], state.board.table[k][:, kinds])
    np.maximum(gain, 0.0, out=gain)
    return np.asarray(state.board.count[k] @ gain)


def _keys(state: State, k: int, saving: Floats) -> Floats:
    types = state.board.market.types[k]
    keys: Floats = saving - state.board.prices.fixed[k] - state.open_price(k)[types.shape]
    return np.where(state.opened[k], -np.inf, keys)


def _estimates(state: State, looked_at: list[Ints]) -> list[Floats]:
    """Estimate for some types what opening each and closing others would save; −inf for the others."""
    market = state.board.market
    anywhere = (state.used > 0).any(axis=0)
    full = int(anywhere.sum()) >= market.most
    estimates = []
    for k, types in enumerate(market.types):
        some = looked_at[k]
        shape = types.shape[some]
        saving = _savings(state, k, some) - state.board.prices.fixed[k][some]
        opening = state.open_price(k)[shape]
        closing = state.close_refund(k)[types.shape] + state.board.prices.fixed[k]
        saving += _closing(state, k, some, state.next_price[k], state.best[k], closing, any_number=True)
        if full:
            # A new shape takes the place of another, whose types all go.
            fresh: npt.NDArray[np.bool_] = np.isin(shape, np.flatnonzero(anywhere), invert=True)
            saving[fresh] += _swap(state, k, some[fresh])
            number = int(anywhere.sum())
            step = market.count_cost[number] - market.count_cost[number - 1] if number else 0.0
            opening = np.where(fresh, market.compile_cost[shape] + step, opening)
        estimate = np.full(len(types), -np.inf)
        estimate[some] = saving - opening
        estimate[state.opened[k]] = -np.inf
        estimates.append(estimate)
    return _with_sharing(state, estimates)


def _closing(
    state: State, k: int, some: Ints, fallback: Floats, owner: Ints, refund: Floats, any_number: bool
) -> Floats:
    """Return for some types what closing owners gives back once each is open: all that pay, or the one best.

    Parameters
    ----------
    some
        The types.
    fallback
        Price of each cell if its owner closes.
    owner
        Owner of each cell; −1 for none.
    refund
        What closing each owner gives back, before its cells pay more.
    """
    rows = np.flatnonzero(owner >= 0)
    rows = rows[np.argsort(owner[rows], kind="stable")]
    if not len(rows):
        return np.zeros(len(some))
    start = np.concatenate([[0], np.flatnonzero(np.diff(owner[rows])) + 1])
    more = np.minimum(fallback[rows][:, None], state.board.table[k][np.ix_(rows, some)])
    more -= state.price[k][rows][:, None]
    np.maximum(more, 0.0, out=more)
    more *= state.board.count[k][rows][:, None]
    gain = refund[owner[rows[start]]][:, None] - np.add.reduceat(more, start, axis=0)
    if any_number:
        return np.asarray(np.maximum(gain, 0.0).sum(axis=0))
    return np.asarray(gain.max(axis=0))


def _swap(state: State, k: int, some: Ints) -> Floats:
    """Return for some types of stream `k` what shutting one open shape gives back once each is open."""
    market, types = state.board.market, state.board.market.types[k]
    number = len(market.shapes)
    if not len(types.shape):
        return np.zeros(len(some))
    refund = np.zeros(number)
    fallback = np.full(len(state.price[k]), state.board.unserved)
    for shape in np.flatnonzero((state.used > 0).any(axis=0)).tolist():
        trial = state.copy()
        _close_shape(trial, shape)
        mine = (state.best[k] >= 0) & (types.shape[state.best[k]] == shape)
        fallback[mine] = trial.price[k][mine]
        lost = float(state.board.count[k] @ (trial.price[k] - state.price[k]))
        refund[shape] = state.score() - trial.score() + lost
    owner = np.where(state.best[k] >= 0, types.shape[state.best[k]], -1)
    return _closing(state, k, some, fallback, owner, refund, any_number=False)


def _with_sharing(state: State, estimates: list[Floats]) -> list[Floats]:
    """Add to a type of a new shape what the other streams would save in that shape."""
    market = state.board.market
    if len(estimates) == 1 or len(market.shapes) == 1:
        return estimates
    best = np.zeros((len(estimates), len(market.shapes)))
    for k, types in enumerate(market.types):
        np.maximum.at(best[k], types.shape, estimates[k])
    fresh = ~(state.used > 0).any(axis=0)
    np.maximum(best, 0.0, out=best)
    total = np.where(fresh, best.sum(axis=0), 0.0)
    own = np.where(fresh, best, 0.0)
    return [
        estimate + total[types.shape] - own[k][types.shape]
        for k, (estimate, types) in enumerate(zip(estimates, market.types, strict=True))
    ]
