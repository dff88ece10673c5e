"""Choosing what requests pay and what device time costs: rounds of raising, lowering and pricing.

Nothing is proven here. In each round every request pays so much more, or less, that no batch that it may be
in costs less than its members pay afterwards: a batch divides its slack evenly. Of the batches that limit
their members most, the time they would use is compared with the devices that there are, and λ rises or falls
in proportion (a multiplicative subgradient method, as for `device_prices`). In the last rounds λ stays, and
classes of length become finer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.batches.company import FREE, LARGEST, MOST_STEPS, PARTS, Classes, Slack, Steps, slacks
from milp.hindsight.batches.device_prices import Prices, cheapest_completions
from milp.hindsight.units import total

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEWER_CLASSES, CLASSES = 24, 48
FEWEST_ROUNDS, MOST_ROUNDS = 12, 40
WORK = 6_000
"""Requests times rounds that are gone through, as far as the number of rounds allows."""
LAST_ROUNDS = 5
STEP = 0.25
"""First step, as a part of a price whose step is asked for twice as much as there is."""
LEAST = 1 / PARTS


@dataclass(frozen=True, eq=False)
class Payments:
    """Multipliers of `mean_latency_by_company`."""

    shortest: tuple[int, ...]
    width: int
    price: tuple[int, ...]
    paid: tuple[int, ...]


class _Round:
    """What each request may pay more, and what its dearest batch is.

    Attributes
    ----------
    more
        What each request may pay more, less if negative, in ns: int64, shape (requests,).
    start, end, part
        Of the batch that limits each request: start and end in ns and one part of its members, same shape.
    holds
        Whether no batch costs less than its members pay now.
    """

    def __init__(self, case: BatchCase, classes: Classes, steps: Steps, paid: Ints) -> None:
        count = len(paid)
        self.more = np.full(count + 1, FREE // PARTS)
        self.start, self.end = np.zeros(count + 1), np.zeros(count + 1)
        self.part, self.holds = np.zeros(count + 1), True
        for slack in slacks(case.arrivals.arrival, classes, steps, paid):
            self._see(slack, classes)
        self.more, self.start, self.end, self.part = (
            column[:-1] for column in (self.more, self.start, self.end, self.part)
        )

    def _see(self, found: Slack, classes: Classes) -> None:
        size = np.arange(1, found.slack.shape[2] + 1)
        each = found.slack // (PARTS * size)
        self.holds &= bool((found.slack >= 0).all())
        # A batch of b leaves its members `each`; whoever pays less than all of them may catch up first.
        more = np.minimum.accumulate(each[:, :, ::-1], axis=2)[:, :, ::-1]
        np.minimum(more, np.minimum.accumulate(each + found.paid, axis=2) - found.paid, out=more)
        tightest = each.argmin(axis=2)
        event, own, place = np.nonzero(more < self.more[found.member])
        who, less = found.member[event, own, place], more[event, own, place]
        np.minimum.at(self.more, who, less)
        limiting = less == self.more[who]
        event, own, who = event[limiting], own[limiting], who[limiting]
        b = tightest[event, own]
        self.start[who] = found.start[event]
        self.end[who] = found.start[event] + classes.taken[own, b]
        self.part[who] = 1 / (b + 1)

    def asked(self, steps: Steps) -> Floats:
        """Return how many devices are asked for on each step of the price."""
        last = len(steps.price) - 1
        change = np.zeros(last + 2)
        for moment, part in ((self.start, self.part), (self.end, -self.part)):
            step, rest = np.divmod(np.minimum(moment / steps.width, last), 1)
            change += np.bincount(step.astype(np.int64), part * (1 - rest), last + 2)
            change += np.bincount(step.astype(np.int64) + 1, part * rest, last + 2)
        asked: Floats = np.cumsum(change)[:last]
        return asked


def find_payments(case: BatchCase, prices: Prices, rounds: int | None = None) -> Payments | None:
    """Return what requests pay and what device time costs such that the bound on the mean latency is high.

    None is returned if times are so long that sums would not stay in int64.

    Parameters
    ----------
    case
        The problem.
    prices
        Prices of device time to begin with, as `find_device_prices` has them.
    rounds
        In which prices change; None for as many as are worth their time.
    """
    if rounds is None:
        rounds = min(max(WORK // len(case.row), FEWEST_ROUNDS), MOST_ROUNDS)
    last = int(case.arrivals.arrival[-1]) + 8 * int(case.durations.max())
    # Prices begin with the load, and grow to less than a hundred times as much.
    if PARTS * (case.most * last + 100 * total(case.alone)) >= LARGEST // 4:
        return None
    few, shortest = _shortest(case, FEWER_CLASSES), _shortest(case, CLASSES)
    classes, arrival = Classes(case, few), case.arrivals.arrival
    least = arrival + classes.taken[classes.of, 0]
    width, price = _first_prices(case, prices)
    paid = np.maximum(cheapest_completions(case, prices) // prices.scale, least)
    best, value = least, -np.inf
    steps = Steps(width, np.zeros(len(price), dtype=np.int64))
    chosen = steps
    for turn in range(rounds + 3 * LAST_ROUNDS):
        if turn >= rounds + LAST_ROUNDS and value > -np.inf:
            break
        if turn < rounds:
            steps = Steps(width, np.rint(price * PARTS).astype(np.int64))
        elif turn == rounds:
            classes = Classes(case, shortest)
        found = _Round(case, classes, steps, paid)
        reached = float((paid - arrival).sum()) - case.devices * steps.whole / PARTS
        if found.holds and reached > value and turn >= rounds:
            best, chosen, value = paid, steps, reached
        # What does not hold in the last rounds is only mended; usually once is enough.
        more = found.more if found.holds or turn < rounds else np.minimum(found.more, 0)
        paid = np.maximum(paid + np.minimum(more, 2**50), least)
        if turn < rounds:
            excess = np.clip(found.asked(steps) / case.devices - 1, -1, 1)
            price = np.maximum(price, LEAST) * np.exp(STEP / np.sqrt(1 + turn / 8) * excess)
    return Payments(shortest, width, tuple(chosen.price[:-1].tolist()), tuple((best - arrival).tolist()))


def _shortest(case: BatchCase, most: int) -> tuple[int, ...]:
    """Return the shortest length of each class: half of them divide requests evenly, half lengths."""
    lengths = case.lengths
    if len(lengths) <= most:
        return tuple(lengths.tolist())
    by_number = np.quantile(case.arrivals.tokens, np.linspace(0, 1, most // 2 + 1)[:-1])
    by_length = np.linspace(lengths[0], lengths[-1], most // 2 + 1)[:-1]
    row = np.unique(np.searchsorted(lengths, np.concatenate((by_number, by_length))))
    return tuple(lengths[row].tolist())


def _first_prices(case: BatchCase, prices: Prices) -> tuple[int, Floats]:
    """Return the width of a step in ns, and known prices, or the load where they are less."""
    arrival, alone = case.arrivals.arrival, case.alone
    end = int(arrival[-1]) + 4 * int(case.durations.max())
    width = max(-(-end // MOST_STEPS), int(np.median(alone)) // 2, 1)
    count = -(-end // width)
    load = np.bincount(arrival // width, alone, count)[:count] / (width * case.devices)
    window = min(count, 16)
    until = prices.until(np.arange(count + 1, dtype=np.int64) * width)
    known = np.diff(until) / (width * prices.scale)
    return width, np.maximum(known, np.convolve(load, np.ones(window) / window, mode="same")[:count])
