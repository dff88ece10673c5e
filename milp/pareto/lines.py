"""From a certificate for one limit on x to a bound that holds at every x.

L is linear in the right-hand sides of the limits: with the prices of a certificate and a limit of r ticks,
``L(r) = K − μ r`` for any r, K being the same for all r (docs/certificate.md). A plan with x of r ticks meets
the limit r, so its y is at least L(r) for r its own x.
"""

from __future__ import annotations

from fractions import Fraction

from instances.batch_model import BatchModel
from instances.limit_rows import LimitRow
from milp.certificate import Certificate
from milp.lagrangian import Box, Prices, price_exactly, value_prices
from milp.pareto.axis import Axis
from milp.pareto.curve import Line

MOST_PRICES = 4
"""Prices of a certificate that are tried: those of its root come first, and are the best over all plans."""

KINDS = {"pad_ratio": "tokens"}
"""Kinds of rows by metric, where they are not called alike."""


def proven_line(model: BatchModel, certificate: Certificate, x: Axis, y: Axis) -> Line | None:
    """Return the bound that a certificate's prices prove at every x.

    Parameters
    ----------
    model
        Batch model of the question that the certificate answers: the least y with x limited.
    certificate
        One that the verifier has accepted for it.
    x, y
        The axes.

    Returns
    -------
    Line
        The one that is highest at the limit; None if x or y is not linear in what is limited or minimised.
    """
    row = _row_of(model, x)
    if row is None or x.ticks is None or y.ticks is None:
        return None
    limit = Fraction(model.rows[row].bound - x.ticks[0], x.ticks[1])
    lines = [
        _line(model, prices, row, x.ticks, y.ticks)
        for prices in certificate.prices[:MOST_PRICES]
        if prices.objective
    ]
    known = [line for line in lines if line is not None]
    return max(known, key=lambda line: line.at(limit), default=None)


def _row_of(model: BatchModel, x: Axis) -> int | None:
    kind = KINDS.get(x.metric, x.metric)

    def limits_x(row: LimitRow) -> bool:
        return row.kind == kind and row.stream is None

    return next((index for index, row in enumerate(model.rows) if limits_x(row)), None)


def _line(model: BatchModel, prices: Prices, row: int, x: tuple[int, int], y: tuple[int, int]) -> Line | None:
    """Return the line of one set of prices.

    ``L = ⌊C / e⌋ + (what does not depend on r)`` over d, with ``C = −μ r + …`` in units of 1/(d e): e is the
    prices' fineness and d their denominator. Rounding down takes less than 1, that is (e − 1)/e at most.
    """
    weights, under_prices = price_exactly(model, prices)
    reached = value_prices(prices, weights, under_prices).bound(Box()).numerator
    if reached is None:
        return None
    e, d, price = prices.fineness, prices.denominator, int(prices.limit[row])
    rest = reached - weights.constant // e
    at_zero = weights.constant + price * model.rows[row].bound - (e - 1)
    intercept, slope = Fraction(rest * e + at_zero, d * e), Fraction(-price, d * e)
    (x_offset, x_unit), (y_offset, y_unit) = x, y
    return Line((intercept + slope * x_offset - y_offset) / y_unit, slope * x_unit / y_unit)
