"""How the bounds that only model A has are recomputed."""

from __future__ import annotations

from fractions import Fraction

from milp.hindsight.batches.busy_time import mean_latency_by_busy_time
from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.company import mean_latency_by_company
from milp.hindsight.batches.device_prices import Prices, mean_latency_by_device_prices
from milp.hindsight.batches.device_time import device_time_by_grouping, makespan_by_grouping
from milp.hindsight.batches.subsets import mean_latency_by_subsets
from milp.hindsight.certificate import Claim
from milp.hindsight.relaxations.methods import METHODS as ANY_METHODS
from milp.hindsight.relaxations.methods import Method, Methods, memory


def _mean_latency_by_device_prices(case: BatchCase, claim: Claim) -> Fraction:
    time, price, scale = (claim.multipliers[name] for name in ("time", "price", "scale"))
    if len(scale) != 1:
        raise ValueError("one scale is expected")
    return mean_latency_by_device_prices(case, Prices.of(time, price, scale[0]))


def _mean_latency_by_company(case: BatchCase, claim: Claim) -> Fraction | None:
    length, width, price, paid = (claim.multipliers[name] for name in COMPANY_COLUMNS)
    if len(width) != 1:
        raise ValueError("one width is expected")
    return mean_latency_by_company(case, length, width[0], price, paid)


COMPANY_COLUMNS = ("length", "width", "price", "paid")

METHODS: Methods = ANY_METHODS | {
    ("device_time", "grouping"): Method(lambda case, _: device_time_by_grouping(case)),
    ("makespan", "grouping"): Method(
        lambda case, claim: makespan_by_grouping(case, claim.multipliers["suffix"]), ("suffix",)
    ),
    ("mean_latency", "busy-time"): Method(
        lambda case, claim: mean_latency_by_busy_time(case, memory(claim)), ("memory",)
    ),
    ("mean_latency", "device-prices"): Method(_mean_latency_by_device_prices, ("time", "price", "scale")),
    ("mean_latency", "company"): Method(_mean_latency_by_company, COMPANY_COLUMNS),
    ("mean_latency", "subsets"): Method(lambda case, claim: mean_latency_by_subsets(case, claim.value)),
}
"""Every method of model A."""
