"""Greedy by marginal cost: the batch types worth opening, limits met by prices."""

from heuristics.greedy.greedy import greedy

__all__ = ["greedy"]
