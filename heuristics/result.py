"""What a heuristic returns."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from instances.metrics import Evaluation
from instances.plan import Plan


@dataclass(frozen=True)
class HeuristicResult:
    """A plan with its exact metrics.

    Parameters
    ----------
    name
        Registry name of the heuristic.
    plan
        Structurally valid.
    evaluation
        Exact metrics and the limits that the plan breaks.
    seconds
        Wall time taken.
    """

    name: str
    plan: Plan
    evaluation: Evaluation
    seconds: float


def badness(evaluation: Evaluation) -> tuple[int, Fraction, Fraction]:
    """Return a key by which better plans come first: sound ones, then less over the limits, then cheaper."""
    if evaluation.cost is None:
        return 1, Fraction(0), Fraction(0)
    over = Fraction(0)
    for violation in evaluation.violations:
        value, limit = Fraction(violation.value or 0), Fraction(violation.limit or 0)
        over += (value - limit) / limit if limit else value
    return 0, over, evaluation.cost
