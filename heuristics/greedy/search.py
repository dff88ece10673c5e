"""The search at fixed prices: fill, then exchange and shift until nothing pays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heuristics.greedy.market import Market
from heuristics.greedy.moves import exchange, fill, shift, shut_excess
from heuristics.greedy.prices import Prices
from heuristics.greedy.state import Board, State
from instances.shapes import Shape

KICKS = 40
"""Most types that are closed for a try once no single move pays."""

KICK_PAIRS = 25_000_000
"""Pairs (cell, type) looked at in the course of that, roughly."""

TRIES = 40
"""Most promising types that are tried after each look at all of them."""


def search(
    market: Market, prices: Prices, start: Sequence[npt.NDArray[np.bool_]] | None = None, rounds: int = 12
) -> State:
    """Return a set of open types that no single move improves, or the best after some rounds.

    Parameters
    ----------
    start
        Open types to start from, per stream.
    rounds
        Most looks at all types.
    """
    board = Board(market, prices)
    state = State(board, start)
    shut_excess(state)
    if start is None or any((best < 0).any() for best in state.best):
        fill(state)
    state.drop()
    shifts = any(len(types) > len(market.shapes) for types in market.types) and len(market.shapes) > 1
    every = [np.arange(len(types)) for types in market.types]
    looked_at, thorough = every, True
    for _ in range(rounds):
        exchanged, promising = exchange(state, TRIES, looked_at)
        state = exchanged or state
        shifted = shift(state) if shifts and exchanged is None else None
        state = shifted or state
        if exchanged is None and shifted is None:
            if thorough:
                break
            looked_at, thorough = every, True
        else:
            # Most types stay out of the question for a while.
            looked_at, thorough = (promising, False) if thorough else (looked_at, False)
    return state if shifts or start is not None or len(market.shapes) == 1 else _kicked(state)


def _kicked(state: State) -> State:
    """Close each open type in turn, not to be opened again at once, and search on from there."""
    pairs = sum(table.size for table in state.board.table)
    improved, kicks = True, min(KICKS, max(8, KICK_PAIRS // max(1, pairs)))
    while improved and kicks > 0:
        improved = False
        for k, opened in enumerate(state.opened):
            for kind in np.flatnonzero(opened).tolist():
                if kicks == 0 or not state.opened[k][kind]:
                    continue
                kicks -= 1
                trial = _without(state, k, kind)
                if trial.score() < state.score() * (1 - 1e-9):
                    state, improved = trial, True
    return state


def _without(state: State, k: int, kind: int) -> State:
    trial = state.copy()
    trial.close(k, np.asarray([kind]))
    looked_at = [np.arange(len(types)) for types in state.board.market.types]
    looked_at[k] = np.delete(looked_at[k], kind)
    for _ in range(4):
        exchanged, looked_at = exchange(trial, 10, looked_at)
        if exchanged is None:
            break
        trial = exchanged
    return trial


def opened_in(market: Market, shapes: frozenset[Shape]) -> list[npt.NDArray[np.bool_]]:
    """Return all types of some shapes as open."""
    wanted = np.asarray([shape in shapes for shape in market.shapes], dtype=bool)
    return [wanted[types.shape] for types in market.types]


def opened_again(market: Market, state: State) -> list[npt.NDArray[np.bool_]]:
    """Return the types with the bounds of types that are open in a state of another market as open."""
    found = []
    for types, old, opened in zip(market.types, state.board.market.types, state.opened, strict=True):
        bounds = set(zip(old.prompt[opened].tolist(), old.gen[opened].tolist(), strict=True))
        mine = zip(types.prompt.tolist(), types.gen.tolist(), strict=True)
        found.append(np.asarray([pair in bounds for pair in mine], dtype=bool))
    return found
