"""The root bound: prices that make L(α, μ) as large as the LP relaxation over all batch types allows."""

from milp.root.outcome import Root
from milp.root.search import search_root

__all__ = ["Root", "search_root"]
