"""Branch and bound whose every leaf is closed by prices: the tree is the proof."""

from milp.tree.search import Tree, search_tree

__all__ = ["Tree", "search_tree"]
