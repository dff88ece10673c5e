"""The error of a heuristic that has no plan."""

from __future__ import annotations


class Uncoverable(ValueError):
    """No structurally valid plan exists for this heuristic; the message says why."""
