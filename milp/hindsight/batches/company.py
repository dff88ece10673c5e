"""Mean latency from below, by what requests pay for whole batches: company has to have arrived.

Let device time cost λ(t) ≥ 0 per ns at time t, Λ(t) = ∫_0^t λ, and let request i pay v_i ≥ 0 in all. If no
batch B that starts at s ≥ max r_i costs less than its members pay,

    Σ_{i ∈ B} (r_i + v_i) ≤ |B| (s + T(B)) + Λ(s + T(B)) − Λ(s),                                 (1)

then summing over the batches of any schedule gives Σ C_i ≥ Σ (r_i + v_i) − mΛ(∞), as its batches pay for no
more than m devices. It is the dual of the linear program that chooses whole batches with their starts, so a
large batch is cheap only where so many requests have arrived that still gain from it.

To check (1), lengths are gathered in classes. A batch whose longest member is in class c takes at least
T(b, L) of the shortest length L of the class; of those that have arrived and are in no longer class, the b
with the largest r_i + v_i are the worst case. Members with r_i + v_i ≤ s need not be looked at: without one,
the left side falls by no more than s, and the right side by at least that. Between arrivals the right side is
piecewise linear in s, with bends where s or s + T is a step of λ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from milp.hindsight.batches.case import BatchCase
from milp.hindsight.units import total

Ints = npt.NDArray[np.int64]

PARTS = 64
"""Prices are in units of 1/PARTS, and so are sums of times and prices in ns."""
MOST_STEPS = 2**12
MOST_CLASSES = 64
LARGEST = 2**61
FREE = LARGEST
"""Slack of what is no batch."""
CHUNK = 64
"""Events that are looked at together."""


class Steps:
    """A price λ of device time, constant on steps of equal width from time 0 on, and 0 after the last.

    Parameters
    ----------
    width
        Of each step in ns.
    price
        λ on each step in units of 1/PARTS: int64, shape (steps,).
    """

    def __init__(self, width: int, price: Ints) -> None:
        self.width, self.price = width, np.append(price, 0)
        self.before = np.concatenate(([0], np.cumsum(price * width)))
        """Λ at the beginning of each step in units of 1/PARTS ns: int64, shape (steps + 1,)."""

    @property
    def times(self) -> Ints:
        """Times at which the price may change, ascending, in ns: int64, shape (steps + 1,)."""
        return np.arange(len(self.price), dtype=np.int64) * self.width

    @property
    def whole(self) -> int:
        """Λ(∞) in units of 1/PARTS ns."""
        return int(self.before[-1])

    def until(self, times: Ints) -> Ints:
        """Return Λ at times of at least 0 in units of 1/PARTS ns: int64, shape of `times`."""
        step = np.minimum(times // self.width, len(self.price) - 1)
        until: Ints = self.before[step] + self.price[step] * (times - step * self.width)
        return until


class Classes:
    """Requests by length, and the least time of batches by the class of their longest member.

    Parameters
    ----------
    case
        The problem.
    shortest
        Shortest length of each class in tokens, ascending: lengths of the trace, the first of them its least.

    Raises
    ------
    ValueError
        If the classes are no such lengths.
    """

    def __init__(self, case: BatchCase, shortest: tuple[int, ...]) -> None:
        row = np.searchsorted(case.lengths, np.array([min(length, 2**62) for length in shortest]))
        if not 1 <= len(row) <= MOST_CLASSES or case.lengths[row % len(case.lengths)].tolist() != [*shortest]:
            raise ValueError(f"classes from up to {MOST_CLASSES} lengths of the trace on are expected")
        if row[0] != 0 or (np.diff(row) <= 0).any():
            raise ValueError("ascending classes from the shortest length on are expected")
        self.of: Ints = np.searchsorted(row, case.row, "right") - 1
        """Class of each request: int64, shape (requests,)."""
        self.taken = case.durations[row]
        """T(b, L) in ns of batches of b = 1 … most: int64, shape (classes, most)."""
        self.possible = np.arange(1, case.most + 1) <= case.largest[row][:, None]
        """Whether a batch may have this size: bool, shape (classes, most)."""


@dataclass(frozen=True, eq=False)
class Slack:
    """What batches that start in some intervals of time cost beyond what the best payers pay.

    Attributes
    ----------
    slack
        Cost of a batch of b less what the b best pay, at its least over the interval, in units of 1/PARTS ns;
        `FREE` if there is no such batch: int64, shape (intervals, classes, most looked at).
    member
        The best payers in descending order of r_i + v_i, -1 for none: int64, same shape.
    paid
        Their r_i + v_i in ns: int64, same shape.
    start
        Beginning of each interval in ns: int64, shape (intervals,).
    """

    slack: Ints
    member: Ints
    paid: Ints
    start: Ints


def slacks(arrival: Ints, classes: Classes, steps: Steps, paid: Ints) -> Iterator[Slack]:
    """Yield what batches cost beyond what is paid, in order of their starts.

    Parameters
    ----------
    arrival
        Of each request in ns, ascending: int64, shape (requests,).
    classes, steps
        Lengths and prices.
    paid
        r_i + v_i of each request in ns: int64, shape (requests,).
    """
    times = np.concatenate((arrival, steps.times))
    order = np.argsort(times, kind="stable")
    times, request = times[order], np.where(order < len(arrival), order, -1)
    best = _Payers(classes, paid)
    for first in range(0, len(times), CHUNK):
        moments = times[first : first + CHUNK + 1]
        # Nothing bends after the last event, so its own cost is the least.
        until = moments if len(moments) > CHUNK else np.append(moments, moments[-1])
        member = np.full((len(until) - 1, *classes.taken.shape), -1, dtype=np.int64)
        for event, (new, now) in enumerate(zip(request[first : first + CHUNK], until, strict=False)):
            if new < 0 and event:
                member[event] = member[event - 1]
            else:
                best.update(int(new), int(now), member[event])
        # Of the longest class, so of all: how many still gain from a start.
        looked = int((member[:, -1] >= 0).sum(axis=1).max())
        if looked:
            member = member[:, :, :looked]
            pays = np.where(member >= 0, paid[member], 0)
            slack = least_cost(until, classes, steps, looked) - PARTS * np.cumsum(pays, axis=2)
            batch = (member >= 0) & classes.possible[:, :looked]
            yield Slack(np.where(batch, slack, FREE), member, pays, until[:-1])


class _Payers:
    """Who pays most, per class of the longest member, in descending order of r_i + v_i.

    Parameters
    ----------
    classes
        Lengths.
    paid
        r_i + v_i of each request in ns: int64, shape (requests,).
    """

    def __init__(self, classes: Classes, paid: Ints) -> None:
        self._of, self._paid, shape = classes.of, paid, classes.taken.shape
        # One more than a batch has: it takes up whoever is pushed out.
        self._member = np.full((shape[0], shape[1] + 1), -1, dtype=np.int64)
        self._pays = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)

    def update(self, new: int, now: int, member: Ints) -> None:
        """Insert a request, if it is one, and write down who may still gain from a start.

        Parameters
        ----------
        new
            The request; -1 for none.
        now
            Time in ns.
        member
            Filled with the best payers: int64, shape (classes, most).
        """
        # Nobody who pays no more than now ever gains again; they are last.
        live = int((self._pays[-1, :-1] > now).sum())
        if new >= 0:
            live = min(live + 1, member.shape[1])
            own = slice(self._of[new], None)
            self._insert(new, self._member[own, : live + 1], self._pays[own, : live + 1])
        gains = self._pays[:, :live] > now
        member[:, :live] = np.where(gains, self._member[:, :live], -1)

    def _insert(self, new: int, member: Ints, pays: Ints) -> None:
        amount = self._paid[new]
        place = (pays[:, :-1] >= amount).sum(axis=1)
        behind = np.arange(1, pays.shape[1]) > place[:, None]
        np.copyto(pays[:, 1:], pays[:, :-1].copy(), where=behind)
        np.copyto(member[:, 1:], member[:, :-1].copy(), where=behind)
        row = np.arange(len(place))
        pays[row, place], member[row, place] = amount, new


def least_cost(moments: Ints, classes: Classes, steps: Steps, looked: int) -> Ints:
    """Return the least b (s + T) + Λ(s + T) − Λ(s) from each moment to the next, in units of 1/PARTS ns.

    No step begins in between, so it bends where s + T is the beginning of a step, which happens once at most.
    """
    taken, size = classes.taken[:, :looked], PARTS * np.arange(1, looked + 1)
    start = moments[:, None, None]
    end = start + taken
    step = np.minimum(end // steps.width, len(steps.price) - 1)
    begun, price = steps.before[step], steps.price[step]
    paid = steps.until(moments)[:, None, None]
    cost = size * end + begun + price * (end - step * steps.width) - paid
    least: Ints = np.minimum(cost[:-1], cost[1:])
    edge = (step[:-1] + 1) * steps.width
    later = edge - end[:-1]
    inside = (later > 0) & (later < (moments[1:] - moments[:-1])[:, None, None])
    bend = size * edge + begun[:-1] + price[:-1] * steps.width - paid[:-1]
    bend -= steps.price[np.minimum(moments[:-1] // steps.width, len(steps.price) - 1)][:, None, None] * later
    np.minimum(least, bend, out=least, where=inside)
    return least


def mean_latency_by_company(
    case: BatchCase, shortest: tuple[int, ...], width: int, price: tuple[int, ...], paid: tuple[int, ...]
) -> Fraction | None:
    """Return the bound on the mean latency in ns, None if some batch costs less than its members pay.

    Parameters
    ----------
    case
        The problem.
    shortest
        As for `Classes`.
    width, price
        As for `Steps`.
    paid
        v_i of each request in ns, in order of arrival.

    Raises
    ------
    ValueError
        If multipliers are out of range.
    """
    arrival, count = case.arrivals.arrival, len(case.row)
    if len(paid) != count or not all(0 <= own < 2**60 for own in paid):
        raise ValueError("what each request pays, from 0 to 2^60 ns, is expected")
    if not 1 <= len(price) <= MOST_STEPS or not 1 <= width < 2**60 or min(price) < 0:
        raise ValueError(f"up to {MOST_STEPS} prices of at least 0 and the width of a step are expected")
    last = max(int(arrival[-1]), width * len(price)) + max(paid) + int(case.durations.max()) + width
    if PARTS * case.most * last + width * sum(price) >= LARGEST:
        raise ValueError("times or prices are too large")
    steps = Steps(width, np.array(price, dtype=np.int64))
    ends = arrival + np.array(paid, dtype=np.int64)
    for part in slacks(arrival, Classes(case, shortest), steps, ends):
        if (part.slack < 0).any():
            return None
    whole = PARTS * total(ends) - case.devices * steps.whole
    # The sum of the completions is a whole number of ns.
    return Fraction(-(-whole // PARTS) - total(arrival), count)
