"""The verifier: an instance and a certificate in, a verdict out. It trusts nothing else.

It needs the problem definition and numpy, and no solver, formulation or engine. All arithmetic is exact;
there is no tolerance.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction

from instances.accepted_plan import RefusedPlan, accepted
from instances.batch_model import BatchModel, form_batch_model
from instances.digest import digest
from instances.exact import magnitude
from instances.instance import Instance
from instances.metrics import Evaluation
from instances.objective_value import objective_value, ticks_reaching, value_at
from milp.boxes import UnknownName, divide
from milp.certificate import Certificate, Leaf
from milp.lagrangian.bound import Valued, price_exactly, value_prices
from milp.lagrangian.box import Box
from milp.lagrangian.prices import Prices
from milp.lagrangian.reduction import Reduction
from milp.status import Status

LARGEST_DENOMINATOR = 2**60
LARGEST_NUMERATOR = 2**512


KEPT_VALUES = 16
"""Prices whose values are kept for further leaves that refer to them."""


@dataclass(frozen=True)
class Verdict:
    """What the verifier found.

    Parameters
    ----------
    status
        ``certified optimal``, ``certified gap``, ``certified bound`` (no plan), ``certified infeasible`` or
        ``rejected``.
    reason
        Why it was rejected; None otherwise.
    lower_bound, upper_bound
        Certified bounds on what is minimised, in its unit.
    gap
        (upper − lower) / upper; None without both.
    leaves
        Cases that were bounded.
    seconds
        Time that verification took.
    evaluation
        What the plan does, computed from its definition; None without a plan, and if it was rejected.
    """

    status: Status
    reason: str | None
    lower_bound: Fraction | None
    upper_bound: Fraction | None
    gap: Fraction | None
    leaves: int
    seconds: float
    evaluation: Evaluation | None = None

    @property
    def certified(self) -> bool:
        """Whether the certificate's claim holds."""
        return self.status is not Status.REJECTED


class _Rejected(Exception):
    """The certificate does not hold, and why."""


def verify(instance: Instance, certificate: Certificate, model: BatchModel | None = None) -> Verdict:
    """Check every claim of a certificate.

    Parameters
    ----------
    instance
        The problem as the verifier's owner has it.
    certificate
        What somebody claims about it.
    model
        The instance's batch model, if at hand.
    """
    start = time.perf_counter()
    try:
        _check_header(instance, certificate)
        model = form_batch_model(instance) if model is None else model
        evaluation = _check_plan(instance, certificate)
        _check_tree(model, certificate)
    except _Rejected as rejection:
        seconds = time.perf_counter() - start
        return Verdict(Status.REJECTED, str(rejection), None, None, None, certificate.leaves, seconds)
    lower, upper = certificate.lower_bound, certificate.upper_bound
    gap = None if lower is None or upper is None else relative_gap(lower, upper)
    if certificate.claims_infeasible:
        status = Status.INFEASIBLE
    elif upper is None:
        status = Status.BOUND
    else:
        status = Status.OPTIMAL if gap == 0 else Status.GAP
    seconds = time.perf_counter() - start
    return Verdict(status, None, lower, upper, gap, certificate.leaves, seconds, evaluation)


def relative_gap(lower: Fraction, upper: Fraction) -> Fraction:
    """Return (upper − lower) / upper; 0 if they are equal, 1 if only `upper` is 0."""
    if upper == lower:
        return Fraction(0)
    return (upper - lower) / upper if upper else Fraction(1)


def _check_header(instance: Instance, certificate: Certificate) -> None:
    if certificate.instance != digest(instance):
        raise _Rejected("it belongs to another instance")
    if (certificate.cost_scale, certificate.time_scale) != (instance.cost_scale, instance.time_scale):
        raise _Rejected("the scale of costs or times is not the instance's")


def _check_plan(instance: Instance, certificate: Certificate) -> Evaluation | None:
    """Compute what the plan does, from its definition; None without a plan."""
    upper, lower = certificate.upper_bound, certificate.lower_bound
    if (upper is None) != (certificate.plan is None):
        raise _Rejected("an upper bound and a plan go together")
    if upper is None or certificate.plan is None:
        return None
    if lower is None:
        raise _Rejected("it claims infeasibility and shows a plan")
    try:
        evaluation = accepted(instance, certificate.plan)
    except RefusedPlan as error:
        raise _Rejected(str(error)) from None
    value = objective_value(instance, evaluation)
    if value != upper:
        raise _Rejected(f"the plan's {instance.minimize} is {value}, not {upper}")
    if lower > upper:
        raise _Rejected("the lower bound is over the upper bound")
    return evaluation


def _check_tree(model: BatchModel, certificate: Certificate) -> None:
    """Walk the tree; every node is met exactly once, and every leaf's L must reach the claim."""
    for prices in certificate.prices:
        _check_prices(model, prices)
    reduction = _reduction(model, certificate)
    boxes: dict[int, Box] = {0: Box()}
    values: dict[int, Valued] = {}
    for index, node in enumerate(certificate.nodes):
        box = boxes.pop(index, None)
        if box is None:
            raise _Rejected(f"node {index} is not reached")
        if isinstance(node, Leaf):
            _check_leaf(model, certificate, index, node, box, values, reduction)
            continue
        if node.low == node.high or min(node.low, node.high) <= index or {node.low, node.high} & boxes.keys():
            raise _Rejected(f"node {index} does not lead to two cases of its own")
        try:
            boxes[node.low], boxes[node.high] = divide(model, box, node)
        except UnknownName as error:
            raise _Rejected(f"node {index}: {error}") from None
    if boxes:
        raise _Rejected(f"node {min(boxes)} is missing")


def _check_prices(model: BatchModel, prices: Prices) -> None:
    if len(prices.group) != len(model.groups) or len(prices.limit) != len(model.rows):
        raise _Rejected("prices do not match the instance's groups and limits")
    links = {len(prices.link), len(prices.link_group), len(prices.link_shape)}
    if len(links) > 1 or not prices.valid:
        raise _Rejected("prices have a wrong sign or shape")
    if max(prices.denominator, prices.fineness) >= LARGEST_DENOMINATOR or any(
        magnitude(column) >= LARGEST_NUMERATOR for column in (prices.group, prices.limit, prices.link)
    ):
        raise _Rejected("prices have too many digits")
    pairs = set(zip(prices.link_group.tolist(), prices.link_shape.tolist(), strict=True))
    within = all(0 <= g < len(model.groups) and 0 <= s < len(model.types.shapes) for g, s in pairs)
    if not within or len(pairs) < len(prices.link):
        raise _Rejected("link prices name no group or shape, or one twice")


def _reduction(model: BatchModel, certificate: Certificate) -> Reduction | None:
    """Return the pairs that plans under the claimed bound can use; None if all are accounted for."""
    index, lower = certificate.reduction, certificate.lower_bound
    if index is None:
        return None
    if not 0 <= index < len(certificate.prices):
        raise _Rejected("there are no prices that reduce")
    prices = certificate.prices[index]
    if lower is None or prices.cold or not prices.objective:
        raise _Rejected("only prices of a bound on the cost, without cold starts, reduce")
    claim = ticks_reaching(model.instance, lower)
    if claim is None:
        raise _Rejected("no plan has as much of what is minimised as the lower bound says")
    return value_prices(prices, *price_exactly(model, prices)).reduce(claim)


def _check_leaf(
    model: BatchModel,
    certificate: Certificate,
    index: int,
    leaf: Leaf,
    box: Box,
    values: dict[int, Valued],
    reduction: Reduction | None,
) -> None:
    if not 0 <= leaf.prices < len(certificate.prices):
        raise _Rejected(f"leaf {index} has no prices")
    prices = certificate.prices[leaf.prices]
    if leaf.prices not in values:
        if len(values) == KEPT_VALUES:
            values.pop(next(iter(values)))
        values[leaf.prices] = value_prices(prices, *price_exactly(model, prices), reduction)
    numerator = values[leaf.prices].bound(box).numerator
    if numerator is None:
        return
    if prices.objective == 0:
        # With a zero objective every plan of the box would cost 0, so L > 0 says that there is none.
        if numerator <= 0:
            raise _Rejected(f"leaf {index} does not prove that its case is empty")
        return
    if certificate.lower_bound is None:
        raise _Rejected(f"leaf {index} bounds the cost, which proves no infeasibility")
    # A plan has a whole number of ticks, so L may be rounded up to one.
    reached = value_at(model.instance, -(-numerator // prices.denominator))
    if reached < certificate.lower_bound:
        raise _Rejected(f"leaf {index} reaches {reached}, not {certificate.lower_bound}")
