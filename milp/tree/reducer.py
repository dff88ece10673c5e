"""What the root's prices leave of the pairs, for the incumbent at hand."""

from __future__ import annotations

from milp.lagrangian import Prices, Reduction, Valued


class Reducer:
    """Reduces by one set of prices, again whenever the incumbent falls.

    Parameters
    ----------
    valued
        Prices with the value of every batch type, cold starts not counted.
    """

    def __init__(self, valued: Valued) -> None:
        self._valued = valued
        self._last: tuple[int, Reduction] | None = None

    @property
    def prices(self) -> Prices:
        """The prices that reduce."""
        return self._valued.prices

    @property
    def ticks(self) -> int | None:
        """The least claim that pairs were left out for; None if none were."""
        return None if self._last is None else self._last[0]

    def at(self, ticks: int) -> Reduction:
        """Return the pairs that plans of less than `ticks` can use."""
        if self._last is None or self._last[0] != ticks:
            self._last = ticks, self._valued.reduce(ticks)
        return self._last[1]
