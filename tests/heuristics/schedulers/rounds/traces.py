"""Random small traces for model B, and a walk through a schedule round by round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from heuristics.schedulers.rounds import POLICIES, RoundOptions
from heuristics.schedulers.rounds.batch_size import BatchSizeRules
from heuristics.schedulers.rounds.policy import RoundPolicy
from heuristics.schedulers.rounds.priority import PriorityRules
from instances.serving import Arrivals, RoundDevice, RoundSchedule, ServiceLevel


@dataclass(frozen=True)
class Case:
    """A trace, devices and a policy."""

    arrivals: Arrivals
    device: RoundDevice
    devices: int
    policy: str
    options: RoundOptions
    predicted: np.ndarray | None

    def make(self) -> RoundPolicy:
        """Return the policy."""
        return POLICIES[self.policy].make(self.options)


@st.composite
def cases(draw: st.DrawFn, policies: tuple[str, ...] = tuple(POLICIES), noisy: bool = True) -> Case:
    """Draw a case in which memory, batch sizes, boosts and preemption matter within a few rounds."""
    memory = draw(st.integers(6, 40))
    size = draw(st.integers(1, 14))
    prompt = draw(st.lists(st.integers(1, memory - 1), min_size=size, max_size=size))
    gen = [draw(st.integers(1, memory - tokens)) for tokens in prompt]
    # Rounds take some 20 ns, so that arrivals fall into rounds, between them, and together.
    arrival = draw(st.lists(st.integers(0, 600), min_size=size, max_size=size))
    priority = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    coefficient = st.builds(Fraction, st.integers(0, 3), st.sampled_from([10**6, 3 * 10**6]))
    device = RoundDevice(
        memory,
        draw(st.integers(1, 6)),
        Fraction(draw(st.integers(1, 20)), 10**6),
        *(draw(coefficient) for _ in range(3)),
    )
    predicted = None
    if noisy and draw(st.booleans()):
        predicted = np.array(draw(st.lists(st.integers(1, memory), min_size=size, max_size=size)))
    batch_size = BatchSizeRules(floor=1, cap=6, first=3, shrink=1, grow=1, window=4, every=2)
    rules = PriorityRules(
        boost_after=draw(st.sampled_from([None, 30, 200])),
        preempted_below=draw(st.sampled_from([0, 3, 50])),
        batch_size=batch_size,
    )
    options = RoundOptions(
        draw(st.integers(1, 4)), rules, ServiceLevel((50, 100, 300)), draw(st.integers(0, 9))
    )
    return Case(
        Arrivals.of(arrival, prompt, gen, priority),
        device,
        draw(st.integers(1, 3)),
        draw(st.sampled_from(policies)),
        options,
        predicted,
    )


Place = tuple[int, int]
"""A round: device, and its number there."""


def walk(arrivals: Arrivals, device: RoundDevice, devices: int, schedule: RoundSchedule) -> bool:
    """Return whether a schedule is sound, by going through all of its rounds one after the other.

    The same rules as `instances.serving.round_rules`, with dictionaries in place of columns.
    """
    stretches = list(zip(*_lists(schedule, "request", "on", "first", "tokens"), strict=True))
    got = dict.fromkeys(range(len(arrivals)), 0)
    # Who runs in each round, with the tokens that it had before.
    runs: dict[Place, list[tuple[int, int]]] = defaultdict(list)
    for request, on, first, tokens in stretches:
        if request not in got or tokens < 1:
            return False
        for ordinal in range(first, first + tokens):
            runs[on, ordinal].append((request, got[request]))
            got[request] += 1
    if list(got.values()) != arrivals.gen.tolist():
        return False
    times = _times(arrivals, device, devices, schedule, runs)
    if times is None or any(runs.values()):
        return False
    for (one, on, first, tokens), (two, other, second, _) in pairwise(stretches):
        if one == two and times[other, second][0] < times[on, first + tokens - 1][1]:
            return False
    begins = set(zip(*_lists(schedule, "device", "ordinal"), strict=True))
    return all((on, first) in begins for _, on, first, _ in stretches)


def _times(
    arrivals: Arrivals,
    device: RoundDevice,
    devices: int,
    schedule: RoundSchedule,
    runs: dict[Place, list[tuple[int, int]]],
) -> dict[Place, Place] | None:
    """Return when each round begins and ends, None if one is unsound; take them out of `runs`."""
    times: dict[Place, Place] = {}
    clock, free, before = [0] * devices, [0] * devices, (-1, -1)
    columns = ("device", "start", "finish", "ordinal", "rounds", "prefilled", "running", "held")
    for on, start, finish, ordinal, rounds, *said in zip(*_lists(schedule, *columns), strict=True):
        if not 0 <= on < devices or ordinal != clock[on] or start < free[on] or rounds < 1:
            return None
        if (start, on) <= before:
            return None
        before, now, members = (start, on), start, {request for request, _ in runs[on, ordinal]}
        for place in range(ordinal, ordinal + rounds):
            here = runs.pop((on, place), [])
            holds = sum(int(arrivals.prompt[request]) + done + 1 for request, done in here)
            reads = sum(int(arrivals.prompt[request]) for request, done in here if done == 0)
            if {request for request, _ in here} != members or [reads, len(here), holds] != said:
                return None
            if holds > device.kv_tokens or len(here) > device.max_batch_size:
                return None
            if any(arrivals.arrival[request] > now for request in members):
                return None
            times[on, place] = (now, now + device.duration(reads, len(here), holds))
            now = times[on, place][1]
            said = [0, said[1], said[2] + said[1]]
        if now != finish:
            return None
        clock[on], free[on] = clock[on] + rounds, finish
    return times


def _lists(schedule: RoundSchedule, *names: str) -> list[list[int]]:
    return [getattr(schedule, name).tolist() for name in names]
