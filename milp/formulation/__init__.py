"""The mixed-integer formulation of an instance as solver-neutral arrays."""

from __future__ import annotations

from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from milp.formulation.arrays import Formulation
from milp.formulation.build import build
from milp.formulation.selection import Selection, full_selection

__all__ = ["Formulation", "Selection", "build", "formulate", "full_selection"]


def formulate(
    instance: Instance, model: BatchModel | None = None, selection: Selection | None = None
) -> Formulation:
    """Write an instance as a mixed-integer linear program.

    Parameters
    ----------
    instance
        The problem.
    model
        Its batch model, if at hand.
    selection
        The batch types and (group, type) pairs to offer; all of them by default.
    """
    model = form_batch_model(instance) if model is None else model
    return build(model, full_selection(model) if selection is None else selection)
