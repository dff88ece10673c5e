"""Local search from the best quick plan."""

from heuristics.local_search.local_search import improve, local_search

__all__ = ["improve", "local_search"]
