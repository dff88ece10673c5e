"""How the bounds that only model A has are recomputed."""

from __future__ import annotations

from milp.hindsight.batches.busy_time import mean_latency_by_busy_time
from milp.hindsight.batches.device_time import device_time_by_grouping, makespan_by_grouping
from milp.hindsight.relaxations.methods import METHODS as ANY_METHODS
from milp.hindsight.relaxations.methods import Method, Methods, memory

METHODS: Methods = ANY_METHODS | {
    ("device_time", "grouping"): Method(lambda case, _: device_time_by_grouping(case)),
    ("makespan", "grouping"): Method(
        lambda case, claim: makespan_by_grouping(case, claim.multipliers["suffix"]), ("suffix",)
    ),
    ("mean_latency", "busy-time"): Method(
        lambda case, claim: mean_latency_by_busy_time(case, memory(claim)), ("memory",)
    ),
}
"""Every method of model A."""
