"""An independent answer for tiny instances: the definition written out, and every plan tried."""

from tests.oracle.definition import Batch, Measured, broken, candidate_shapes, measure, violated
from tests.oracle.plans import from_plan, to_plan
from tests.oracle.relaxed import relaxations
from tests.oracle.search import Best, best_plan

__all__ = [
    "Batch",
    "Best",
    "Measured",
    "best_plan",
    "broken",
    "candidate_shapes",
    "from_plan",
    "measure",
    "relaxations",
    "to_plan",
    "violated",
]
