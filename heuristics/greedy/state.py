"""Which types are open, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heuristics.greedy.market import Market
from heuristics.greedy.prices import Prices

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Board:
    """A market with prices: what every request would pay in every type.

    Attributes
    ----------
    table
        Per stream, float64 of shape (cells, types): price of a request; `unserved` where it does not fit.
    unserved
        Price of a request that nothing serves: more than any type could be worth.
    """

    def __init__(self, market: Market, prices: Prices) -> None:
        self.market = market
        self.prices = prices
        tops = [float(np.abs(column).max(initial=0.0)) for column in (*prices.unit, *prices.fixed)]
        opening = float(market.compile_cost.max(initial=0.0) + market.count_cost.max(initial=0.0))
        self.unserved = 10 * (sum(tops) + opening + 1)
        self.table: list[Floats] = [
            np.where(covers, unit, self.unserved)
            for covers, unit in zip(market.covers, prices.unit, strict=True)
        ]
        self.count = [cells.count for cells in market.cells]


class State:
    """A set of open types; each request goes to the cheapest that holds it.

    Attributes
    ----------
    opened
        Per stream, bool of shape (types,).
    best, second
        Per stream, int64 of shape (cells,): cheapest and second cheapest open type, −1 for none.
    price, next_price
        Per stream, float64 of shape (cells,): their prices.
    used
        int64, shape (streams, shapes): open types by stream and shape.
    """

    def __init__(self, board: Board, opened: Sequence[npt.NDArray[np.bool_]] | None = None) -> None:
        self.board = board
        streams = range(len(board.table))
        sizes = [table.shape for table in board.table]
        self.opened = [np.zeros(types, dtype=bool) for _, types in sizes]
        self.best = [np.full(cells, -1, dtype=np.int64) for cells, _ in sizes]
        self.second = [column.copy() for column in self.best]
        self.price = [np.full(cells, board.unserved) for cells, _ in sizes]
        self.next_price = [column.copy() for column in self.price]
        self.used = np.zeros((len(sizes), len(board.market.shapes)), dtype=np.int64)
        if opened is not None:
            for k in streams:
                self.opened[k] = opened[k].copy()
                np.add.at(self.used[k], board.market.types[k].shape[opened[k]], 1)
                self._rank(k, np.arange(sizes[k][0]))

    def copy(self) -> State:
        """Return a state that can be changed without changing this one."""
        twin = State.__new__(State)
        twin.board = self.board
        for name in ("opened", "best", "second", "price", "next_price"):
            setattr(twin, name, [column.copy() for column in getattr(self, name)])
        twin.used = self.used.copy()
        return twin

    def score(self) -> float:
        """Return the price of everything."""
        board = self.board
        served = sum(float(n @ price) for n, price in zip(board.count, self.price, strict=True))
        fixed = sum(
            float(column[opened].sum())
            for column, opened in zip(board.prices.fixed, self.opened, strict=True)
        )
        return served + fixed + self.shapes_price()

    def shapes_price(self) -> float:
        """Return the compile cost and the count cost of the shapes used; each one too many is forbidding."""
        market = self.board.market
        used = self.used > 0
        number = int(used.any(axis=0).sum())
        paid = used.sum(axis=0) if market.per_stream else used.any(axis=0)
        over = max(0, number - market.most)
        count = float(market.count_cost[min(number, market.most)])
        return float(paid @ market.compile_cost) + count + over * 1e3 * self.board.unserved

    def open_price(self, k: int) -> Floats:
        """Return what opening each shape for stream `k` adds; infinite where no further shape is allowed."""
        market = self.board.market
        anywhere = (self.used > 0).any(axis=0)
        number = int(anywhere.sum())
        step = np.inf
        if number < market.most:
            # Streams share the count: a newcomer pays its part.
            step = float(market.count_cost[number + 1] - market.count_cost[number]) / len(self.used)
        compiled = (self.used[k] > 0) if market.per_stream else anywhere
        price: Floats = np.where(compiled, 0.0, market.compile_cost) + np.where(anywhere, 0.0, step)
        return price

    def close_refund(self, k: int) -> Floats:
        """Return, for each shape, what closing the last type of stream `k` in it gives back."""
        market = self.board.market
        others = (np.delete(self.used, k, axis=0) > 0).any(axis=0)
        number = min(int((self.used > 0).any(axis=0).sum()), market.most)
        step = float(market.count_cost[number] - market.count_cost[number - 1]) if number else 0.0
        compiled = market.compile_cost if market.per_stream else np.where(others, 0.0, market.compile_cost)
        refund: Floats = np.where(self.used[k] == 1, compiled + np.where(others, 0.0, step), 0.0)
        return refund

    def open(self, k: int, kind: int) -> None:
        """Open a type of stream `k`."""
        if self.opened[k][kind]:
            return
        self.opened[k][kind] = True
        self.used[k, self.board.market.types[k].shape[kind]] += 1
        offer = self.board.table[k][:, kind]
        price, following = self.price[k], self.next_price[k]
        first = offer < price
        then = ~first & (offer < following)
        following[first], self.second[k][first] = price[first], self.best[k][first]
        price[first], self.best[k][first] = offer[first], kind
        following[then], self.second[k][then] = offer[then], kind

    def close(self, k: int, kinds: Ints) -> None:
        """Close some open types of stream `k`."""
        self.opened[k][kinds] = False
        np.subtract.at(self.used[k], self.board.market.types[k].shape[kinds], 1)
        concerned = ~(self.opened[k][self.best[k]] & self.opened[k][self.second[k]])
        self._rank(k, np.flatnonzero(concerned | (self.best[k] < 0) | (self.second[k] < 0)))

    def drop(self) -> None:
        """Close types while that pays, the best first; several at once where they do not meet."""
        for k, types in enumerate(self.board.market.types):
            served = np.bincount(self.best[k][self.best[k] >= 0], minlength=len(types))
            idle = self.opened[k] & (served == 0)
            if idle.any():
                self.close(k, np.flatnonzero(idle))
            while True:
                kinds = np.flatnonzero(self.opened[k])
                gain = self.closing_gain(k)[kinds] + self.close_refund(k)[types.shape[kinds]]
                worth = kinds[gain > 0]
                if not len(worth):
                    break
                self.close(k, self._apart(k, worth[np.argsort(-gain[gain > 0], kind="stable")]))

    def _apart(self, k: int, kinds: Ints) -> Ints:
        """Return the leading types of which none takes over requests of another."""
        if len(kinds) < 4:
            return kinds[:1]
        closed, needed = set(kinds[:1].tolist()), set[int]()
        for kind in kinds.tolist():
            heirs = set(self.second[k][self.best[k] == kind].tolist())
            if kind in needed or heirs & closed - {kind}:
                continue
            closed.add(kind)
            needed |= heirs
        shapes = self.board.market.types[k].shape
        chosen = np.asarray(sorted(closed), dtype=np.int64)
        # The last type of a shape has a refund that counts once: such types go one at a time.
        alone = chosen[self.used[k, shapes[chosen]] == 1]
        return kinds[:1] if len(alone) else chosen

    def closing_gain(self, k: int) -> Floats:
        """Return, for each type, its fixed price less what its requests pay more elsewhere."""
        more = self.board.count[k] * (self.next_price[k] - self.price[k])
        served = self.best[k] >= 0
        loss = np.bincount(self.best[k][served], weights=more[served], minlength=len(self.opened[k]))
        return np.asarray(self.board.prices.fixed[k] - loss)

    def _rank(self, k: int, cells: Ints) -> None:
        """Find the two cheapest open types of some cells anew."""
        kinds = np.flatnonzero(self.opened[k])
        for name, fill in (("price", self.board.unserved), ("next_price", self.board.unserved)):
            getattr(self, name)[k][cells] = fill
        self.best[k][cells] = self.second[k][cells] = -1
        if not len(kinds) or not len(cells):
            return
        offers = self.board.table[k][np.ix_(cells, kinds)]
        row = np.arange(len(cells))
        first = offers.argmin(axis=1)
        lowest = offers[row, first]
        fits = lowest < self.board.unserved
        self.price[k][cells], self.best[k][cells] = lowest, np.where(fits, kinds[first], -1)
        offers[row, first] = self.board.unserved
        then = offers.argmin(axis=1)
        lowest = offers[row, then]
        fits = lowest < self.board.unserved
        self.next_price[k][cells], self.second[k][cells] = lowest, np.where(fits, kinds[then], -1)
