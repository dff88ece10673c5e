"""The part of the plans that a node of the branch-and-bound tree speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field

Range = tuple[int, int | None]
"""Least and most; None means no upper end."""


@dataclass(frozen=True)
class Box:
    """Bounds on the integer quantities of a plan, by index into the batch model.

    Parameters
    ----------
    shapes
        Range of the number of opened shapes.
    opened, closed
        Shapes that must, or must not, be used.
    batches
        Type index to the range of its number of batches.
    requests
        (group index, type index) to the range of requests of the group in batches of the type.
    """

    shapes: Range = (0, None)
    opened: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    batches: dict[int, Range] = field(default_factory=dict)
    requests: dict[tuple[int, int], Range] = field(default_factory=dict)

    def bounded_types(self) -> set[int]:
        """Return the types that carry a bound of their own."""
        return set(self.batches) | {batch for _, batch in self.requests}


def narrowed_range(bounds: Range, least: int, most: int | None) -> Range:
    """Return the intersection of two ranges; it may be empty (least over most)."""
    low = max(bounds[0], least)
    high = bounds[1] if most is None else most if bounds[1] is None else min(bounds[1], most)
    return low, high
