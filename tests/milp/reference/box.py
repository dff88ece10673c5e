"""A node's bounds, by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from instances.shapes import Shape
from tests.milp.reference.definition import Group

Range = tuple[int, int | None]

FREE: Range = (0, None)


@dataclass(frozen=True)
class NamedBox:
    """A node's bounds by name: of shapes, batch types, and (type, group) pairs."""

    shapes: Range = FREE
    opened: frozenset[Shape] = frozenset()
    closed: frozenset[Shape] = frozenset()
    batches: dict[tuple[int, ...], Range] = field(default_factory=dict)
    requests: dict[tuple[tuple[int, ...], Group], Range] = field(default_factory=dict)

    def forces(self, name: tuple[int, ...]) -> bool:
        """Tell whether batches of the type must be run."""
        some = any(kind == name and low > 0 for (kind, _), (low, _) in self.requests.items())
        return some or self.batches.get(name, FREE)[0] > 0
