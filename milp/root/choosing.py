"""The search for root prices where the choice among shapes is nearly all: its LP, then ascent."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation.selection import Selection
from milp.lagrangian.chains import chains, is_chained
from milp.lagrangian.parts import parts
from milp.root.ascent import ascend
from milp.root.choice import Choice, batch_shares, form_choice, linked_prices
from milp.root.choice_master import ChoiceMaster
from milp.root.pricing import Evaluated, FloatPrices, evaluate_prices

Floats = npt.NDArray[np.float64]

IN_OUT = 0.5
"""Weight of the stable centre in the points that cuts are made at (Ben-Ameur and Neto 2007)."""
VIOLATED = 1e-7
MOST_ROUNDS = 200
ASCENT_STEPS = 500


def search_choice(
    model: BatchModel,
    *,
    target: float | None,
    plan_pairs: Selection | None,
    until: float,
    report: Callable[[FloatPrices, float], None] | None = None,
) -> tuple[FloatPrices, Evaluated]:
    """Return good prices and L there; the parameters are those of `search_root`."""
    choice = form_choice(model)
    alpha = _choice_prices(model, choice, plan_pairs, until)
    # Types that share their requests with no others, or as a chain, are valued exactly without link prices.
    alone = {pair for pair, part in parts(model.types).items() if part.stop - part.start == 1}
    prices = linked_prices(choice, alpha, alone | set(chains(model)))
    evaluated = evaluate_prices(model, prices, quiet=True)
    if not is_chained(model):
        if report is not None:
            report(prices, evaluated.value)
        return prices, evaluated
    if plan_pairs is not None:
        # Requests also pay for a share of their batch, about as much as in a known plan.
        shared = FloatPrices(alpha + batch_shares(model, choice, plan_pairs), prices.limit)
        better = evaluate_prices(model, shared)
        if better.value > evaluated.value:
            prices, evaluated = shared, better
    if report is not None:
        report(prices, evaluated.value)
    return ascend(model, prices, target, ASCENT_STEPS, until, report)


def _choice_prices(model: BatchModel, choice: Choice, plan_pairs: Selection | None, until: float) -> Floats:
    """Return the α of the LP over the choice among shapes."""
    master = ChoiceMaster(model, choice)
    centre = np.ones(len(choice.shape))
    if plan_pairs is not None:
        used = np.unique(np.stack([model.types.shape, model.types.stream])[:, plan_pairs.types], axis=1).T
        pairs = np.stack([choice.shape, choice.stream], axis=1)
        centre = (pairs[:, None, :] == used[None, :, :]).all(axis=2).any(axis=1).astype(np.float64)
    classes = np.arange(int(master.of_class.max()) + 1)
    master.cut(master.separate(centre)[0], classes)
    alpha = master.least
    for number in range(MOST_ROUNDS):
        if time.monotonic() > until or not master.solve():
            break
        alpha = master.alpha
        point, cost, _ = master.separate(master.used)
        needed = np.bincount(master.of_class, master.count * cost)
        violated = np.flatnonzero(needed - master.theta > VIOLATED * np.maximum(1.0, np.abs(master.theta)))
        if not len(violated):
            break
        centre = IN_OUT * centre + (1 - IN_OUT) * master.used
        master.cut(master.separate(centre)[0], violated)
        # The stable point may leave the LP's own solution uncut; every few rounds it is cut itself.
        if number % 3 == 2:
            master.cut(point, violated)
    return np.asarray(alpha)
