"""Requests in order of (prompt, gen), cut into clusters that share batches."""

from heuristics.prompt_clusters.prompt_clusters import prompt_clusters

__all__ = ["prompt_clusters"]
