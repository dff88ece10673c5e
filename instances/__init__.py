"""What a problem is: instances, plans, exact metrics, and their files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from instances.accepted_plan import RefusedPlan, accepted
from instances.batch_model import BatchModel, form_batch_model
from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel
from instances.demand import Demand
from instances.digest import digest
from instances.errors import InputError
from instances.instance import Instance, ShapeKeys, Stream
from instances.limits import LatencyLimit, Limits
from instances.metrics import Evaluation, Metrics, evaluate
from instances.objective_value import objective_value, ticks_reaching, value_at
from instances.plan import Plan
from instances.presets import PRESETS, preset
from instances.question import Question
from instances.shapes import RunRules, Shape, ShapeSpace, Sizes
from instances.violations import Violation

if TYPE_CHECKING:
    from instances.files import read, read_demand, read_plan, write, write_plan

__all__ = [
    "PRESETS",
    "BatchModel",
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
    "Question",
    "RefusedPlan",
    "RunRules",
    "Shape",
    "ShapeKeys",
    "ShapeSpace",
    "Sizes",
    "Stream",
    "TimeModel",
    "Violation",
    "accepted",
    "digest",
    "evaluate",
    "form_batch_model",
    "objective_value",
    "preset",
    "read",
    "read_demand",
    "read_plan",
    "ticks_reaching",
    "value_at",
    "write",
    "write_plan",
]

_FROM_FILES = {"read", "read_demand", "read_plan", "write", "write_plan"}


def __getattr__(name: str) -> Any:
    # Files need a JSON library; the verifier needs the problem alone.
    if name in _FROM_FILES:
        return getattr(import_module("instances.files"), name)
    raise AttributeError(f"module 'instances' has no attribute {name!r}")
