"""Schedulers side by side on one trace, each measured against what no scheduler could have beaten."""

from milp.comparison.comparison import Comparison, ComparisonProgress, Row, compare
from milp.comparison.contestants import Contestant, batch_contestants

__all__ = ["Comparison", "ComparisonProgress", "Contestant", "Row", "batch_contestants", "compare"]
