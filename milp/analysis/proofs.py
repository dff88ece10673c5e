"""Bounds that a few prices prove, with no search over the whole instance, and the verifier's word on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import numpy as np

from instances.batch_model import BatchModel, form_batch_model
from instances.digest import digest
from instances.instance import Instance
from instances.latencies import percentile
from instances.least_cost import latency_ticks, work_ticks
from instances.limits import percentile_quantile
from instances.named_limits import LimitName, limited
from instances.objective import Minimized
from instances.objective_value import value_at
from instances.plan import Plan
from milp.analysis.maximal import lifted_plan, lifted_prices, maximal_requests
from milp.certificate import Certificate, Leaf
from milp.formulation.build import unlimited
from milp.lagrangian import Prices, lower_bound
from milp.root.exact import DENOMINATOR, exact_values
from milp.root.pricing import FloatPrices, evaluate_prices
from milp.solving import solve
from milp.status import Status
from milp.verifier import verify

FEW_DECIDE = ("batches", "total_time")
"""Metrics that only the longest requests decide where batches may be of any size."""
COUNTED = ("cost", "pad_ratio")
"""Metrics to which every request adds something by itself."""
MOST_PAIRS = 50_000_000
"""Pairs of batch types and groups up to which every pair is looked at."""


@dataclass(frozen=True, eq=False)
class Proof:
    """A bound that the verifier accepted, and a plan that may reach it."""

    lower: Fraction
    plan: Plan | None = None


def quick_proofs(instance: Instance, metric: str, seconds: float) -> Iterator[Proof]:
    """Yield bounds on a metric.

    Parameters
    ----------
    instance
        Without limits on metrics.
    metric
        What is bounded.
    seconds
        For the search over the few requests that no other exceeds.
    """
    if percentile_quantile(metric) is not None:
        yield from _percentile(instance, metric)
        return
    asked = replace(instance, minimize=cast(Minimized, metric))
    model = form_batch_model(asked)
    if not len(model.types):
        return
    if metric == "shapes":
        yield from _proof(model, _some_shape(model))
        return
    if metric in COUNTED:
        yield from _proof(model, _counted(model))
    if len(model.types) * len(model.groups) <= MOST_PAIRS:
        yield from _proof(model, exact_values(model, full_shares(model), cold=False).prices)
    if metric not in FEW_DECIDE or not unlimited(model, np.arange(len(model.types))).all():
        return
    few = maximal_requests(model)
    result = solve(few, time_limit=seconds)
    if result.certificate is None or not result.certificate.prices or result.plan is None:
        return
    plan = lifted_plan(model, few, result.plan)
    prices = lifted_prices(model, form_batch_model(few), result.certificate.prices[0])
    # Cold starts take most of the time, and are often hidden behind slower requests.
    for cold in (False, True) if prices.cold else (False,):
        yield from (replace(proof, plan=plan) for proof in _proof(model, replace(prices, cold=cold)))


def _counted(model: BatchModel) -> Prices:
    """Return as α what each request alone adds to the cost or to the tokens: no batch is worth anything."""
    groups = model.groups
    least = groups.prompt + groups.gen
    if model.instance.minimize == "cost":
        least = work_ticks(model.instance, groups.prompt, groups.gen)
    return Prices(1, 1, least, np.zeros(len(model.rows), dtype=np.int64), 1)


def _some_shape(model: BatchModel) -> Prices:
    """Return prices by which every plan has a shape, of a group that is hard to hold.

    Each of its n requests is priced 1/n, and so is the link to every shape: L = 1 + min over N of (N − N).
    """
    groups, shapes = model.groups, np.asarray(model.types.shapes, dtype=np.int64).reshape(-1, 3)
    one = int(np.argmax(groups.prompt))
    holds = shapes[:, 0] >= groups.prompt[one]
    if model.instance.shapes.gen is not None:
        holds &= shapes[:, 1] >= groups.gen[one]
    price = np.zeros(len(groups), dtype=np.int64)
    price[one] = 1
    linked = np.flatnonzero(holds)
    ones = np.ones(len(linked), dtype=np.int64)
    none = np.zeros(len(model.rows), dtype=np.int64)
    return Prices(int(groups.count[one]), 1, price, none, 1, ones * one, linked, ones)


def full_shares(model: BatchModel) -> FloatPrices:
    """Return as α the least that a request costs with its share in a full batch, shapes being free.

    No batch then costs less than its requests are priced, so L = Σ n_i α_i at least.
    """
    types, groups = model.types, model.groups
    priced = evaluate_prices(model, FloatPrices(np.zeros(len(groups)), np.zeros(len(model.rows)))).priced
    share = types.fixed_cost.astype(np.float64) / types.capacity
    # Rounded to the nearest, a price could exceed its share: half a unit less cannot.
    share -= np.where(share == np.rint(share), 0.0, 0.5 / DENOMINATOR)
    least = np.full(len(groups), np.inf)
    for stream in range(len(model.instance.streams)):
        of_stream = np.arange(groups.start[stream], groups.start[stream + 1])
        mine = np.flatnonzero(types.stream == stream)
        for block in np.array_split(mine, max(1, len(mine) * len(of_stream) >> 20)):
            if len(block):
                costs = priced.pair_costs(block, of_stream) + share[block, None]
                costs[~priced.model.fits(block, of_stream)] = np.inf
                least[of_stream] = np.minimum(least[of_stream], costs.min(axis=0))
    return FloatPrices(np.where(np.isfinite(least), least, 0.0), np.zeros(len(model.rows)))


def _proof(model: BatchModel, prices: Prices) -> Iterator[Proof]:
    """Yield the bound on what the instance minimises that prices give, if the verifier accepts it."""
    numerator = lower_bound(model, prices).numerator
    if numerator is None:
        return
    claim = value_at(model.instance, -(-numerator // prices.denominator))
    verdict = verify(model.instance, _certificate(model.instance, claim, prices), model)
    if verdict.certified and verdict.lower_bound is not None:
        yield Proof(verdict.lower_bound)


def _percentile(instance: Instance, metric: str) -> Iterator[Proof]:
    """Yield the percentile of what each request takes at least alone: that a tick less is infeasible.

    Requests that can be on time are priced −1, being on time 1: no batch is worth anything, and
    L = ⌈qN⌉ − (requests that can be on time) > 0.
    """
    share = percentile_quantile(metric)
    if share is None or instance.latency != "service":
        return
    scale = instance.time_scale
    demands = [stream.demand for stream in instance.streams]
    own = np.concatenate([latency_ticks(instance, d.prompt, d.gen).astype(object) for d in demands])
    least = percentile(own, np.concatenate([d.count for d in demands]), share)
    if not least:
        return
    asked = limited(instance, LimitName(metric), Fraction(least - 1, scale))
    model = form_batch_model(asked)
    fastest = latency_ticks(instance, model.groups.prompt, model.groups.gen)
    in_time = np.asarray([ticks < least for ticks in fastest.tolist()])
    rows = np.asarray([row.kind == "latency" for row in model.rows])
    prices = Prices(1, 1, -in_time.astype(np.int64), rows.astype(np.int64), 0)
    if verify(asked, _certificate(asked, None, prices), model).status is Status.INFEASIBLE:
        yield Proof(Fraction(least, scale))


def _certificate(instance: Instance, lower: Fraction | None, prices: Prices) -> Certificate:
    scales = (instance.cost_scale, instance.time_scale)
    return Certificate(digest(instance), *scales, lower, None, None, (Leaf(0),), (prices,))
