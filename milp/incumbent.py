"""The best plan so far."""

from __future__ import annotations

from instances.batch_model import BatchModel
from instances.metrics import Evaluation, evaluate
from instances.plan import Plan


class Incumbent:
    """Keeps the cheapest feasible plan offered."""

    def __init__(self, model: BatchModel) -> None:
        self._model = model
        self.plan: Plan | None = None
        self.evaluation: Evaluation | None = None
        self.ticks: int | None = None

    def offer(self, plan: Plan) -> Evaluation:
        """Evaluate a plan exactly, and keep it if it is feasible and cheaper."""
        evaluation = evaluate(self._model.instance, plan, self._model.groups)
        if evaluation.feasible and evaluation.cost is not None:
            ticks = int(evaluation.cost * self._model.instance.cost_scale)
            if self.ticks is None or ticks < self.ticks:
                self.plan, self.evaluation, self.ticks = plan, evaluation, ticks
        return evaluation
