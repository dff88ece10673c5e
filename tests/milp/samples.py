"""Random tiny instances with what the oracle and the package know of them, made once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from instances.batch_model import BatchModel, form_batch_model
from instances.instance import Instance
from tests.oracle import Best, best_plan
from tests.strategies import random_instance


@dataclass(frozen=True, eq=False)
class Sample:
    """A random instance, its batch model, and its optimum; None if it is infeasible."""

    instance: Instance
    model: BatchModel
    best: Best | None


@cache
def sample(seed: int) -> Sample:
    """Return the random instance of a seed."""
    instance = random_instance(seed)
    return Sample(instance, form_batch_model(instance), best_plan(instance))
