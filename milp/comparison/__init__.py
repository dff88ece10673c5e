"""Schedulers side by side on one trace, each measured against what no scheduler could have beaten."""

from milp.comparison.comparison import Comparison, ComparisonProgress, Row, compare
from milp.comparison.contestants import Contestant, Field, batch_contestants, round_contestants

__all__ = [
    "Comparison",
    "ComparisonProgress",
    "Contestant",
    "Field",
    "Row",
    "batch_contestants",
    "compare",
    "round_contestants",
]
