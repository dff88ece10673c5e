"""What a problem is: instances, plans, exact metrics, and their files."""

from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel
from instances.demand import Demand
from instances.errors import InputError
from instances.files import digest, read, read_demand, read_plan, write, write_plan
from instances.instance import Instance, ShapeKeys, Stream
from instances.limits import LatencyLimit, Limits
from instances.metrics import Evaluation, Metrics, evaluate
from instances.plan import Plan
from instances.presets import PRESETS, preset
from instances.shapes import RunRules, Shape, ShapeSpace, Sizes
from instances.violations import Violation

__all__ = [
    "PRESETS",
    "CostModel",
    "CountCost",
    "Demand",
    "Evaluation",
    "InputError",
    "Instance",
    "LatencyLimit",
    "Limits",
    "Metrics",
    "Monomial",
    "Phases",
    "Plan",
    "RunRules",
    "Shape",
    "ShapeKeys",
    "ShapeSpace",
    "Sizes",
    "Stream",
    "TimeModel",
    "Violation",
    "digest",
    "evaluate",
    "preset",
    "read",
    "read_demand",
    "read_plan",
    "write",
    "write_plan",
]
