"""What earlier splits gained: pseudo-costs (Bénichou et al. 1971), to tell which splits promise most."""

from __future__ import annotations

from milp.certificate import Split

SMALLEST = 1e-6


class SplitHistory:
    """Mean rise of the bound per unit of fraction, by quantity and side."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, tuple[int, ...], bool], tuple[float, int]] = {}
        self._all = {False: (0.0, 0), True: (0.0, 0)}

    def learn(self, split: Split, high: bool, rise: float, distance: float) -> None:
        """Note by how much the bound rose when a quantity was moved by `distance` to one side."""
        rate = max(0.0, rise) / max(distance, SMALLEST)
        key = (split.on, split.of, high)
        total, number = self._sums.get(key, (0.0, 0))
        self._sums[key] = (total + rate, number + 1)
        total, number = self._all[high]
        self._all[high] = (total + rate, number + 1)

    def score(self, on: str, of: tuple[int, ...], part: float) -> float:
        """Return how promising a split is at a quantity whose fractional part is `part`."""
        low, high = self._rate(on, of, False), self._rate(on, of, True)
        return max(SMALLEST, low * part) * max(SMALLEST, high * (1.0 - part))

    def _rate(self, on: str, of: tuple[int, ...], high: bool) -> float:
        total, number = self._sums.get((on, of, high), (0.0, 0))
        if not number:
            total, number = self._all[high]
        return total / number if number else 1.0
