"""Optimal 1-D partition: prompts in ascending order cut into segments, one shape each."""

from heuristics.partition.partition import partition

__all__ = ["partition"]
