"""The best plan so far."""

from __future__ import annotations

from instances.batch_model import BatchModel
from instances.metrics import Evaluation, evaluate
from instances.objective_value import objective_ticks
from instances.plan import Plan


class Incumbent:
    """Keeps the feasible plan offered that has the least of what is minimised."""

    def __init__(self, model: BatchModel) -> None:
        self._model = model
        self.plan: Plan | None = None
        self.evaluation: Evaluation | None = None
        self.ticks: int | None = None

    def offer(self, plan: Plan) -> Evaluation:
        """Evaluate a plan exactly, and keep it if it is feasible and better."""
        evaluation = evaluate(self._model.instance, plan, self._model.groups)
        if evaluation.feasible:
            ticks = objective_ticks(self._model.instance, evaluation)
            assert ticks is not None
            if self.ticks is None or ticks < self.ticks:
                self.plan, self.evaluation, self.ticks = plan, evaluation, ticks
        return evaluation
