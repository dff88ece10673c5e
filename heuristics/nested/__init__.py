"""Nested cuts: prompts are cut into shapes, and the gens of each shape into batches."""

from heuristics.nested.nested import nested, suits

__all__ = ["nested", "suits"]
