"""Random small traces for model B, and a walk through a schedule round by round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

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
    options = RoundOptions(draw(st.integers(1, 4)), rules, ServiceLevel((50, 100, 300)), draw(st.integers(0, 9)))
    return Case(
        Arrivals.of(arrival, prompt, gen, priority),
        device,
        draw(st.integers(1, 3)),
        draw(st.sampled_from(policies)),
        options,
        predicted,
    )


def walk(arrivals: Arrivals, device: RoundDevice, devices: int, schedule: RoundSchedule) -> bool:
    """Return whether a schedule is sound, by going through all of its rounds one after the other.

    The same rules as `instances.serving.round_rules`, with dictionaries in place of columns.
    """
    runs: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    got = dict.fromkeys(range(len(arrivals)), 0)
    spans: dict[int, list[list[tuple[int, int]]]] = defaultdict(list)
    for request, on, first, tokens in zip(
        *(c.tolist() for c in (schedule.request, schedule.on, schedule.first, schedule.tokens)), strict=True
    ):
        if request not in got or tokens < 1:
            return False
        for token in range(tokens):
            runs[on, first + token].append((request, got[request]))
            got[request] += 1
        spans[request].append([(on, first + token) for token in range(tokens)])
    if any(got[request] != gen for request, gen in enumerate(arrivals.gen.tolist())):
        return False
    clock, free = [0] * devices, [0] * devices
    times: dict[tuple[int, int], tuple[int, int]] = {}
    last_start = (-1, -1)
    columns = (getattr(schedule, name) for name in ("device", "start", "finish", "ordinal", "rounds"))
    rows = zip(*(c.tolist() for c in (*columns, schedule.prefilled, schedule.running, schedule.held)), strict=True)
    for on, start, finish, ordinal, rounds, prefilled, running, held in rows:
        if not 0 <= on < devices or ordinal != clock[on] or start < free[on] or rounds < 1:
            return False
        if (start, on) <= last_start:
            return False
        last_start, now = (start, on), start
        members = {request for request, _ in runs[on, ordinal]}
        for ran in range(rounds):
            here = runs.pop((on, ordinal + ran), [])
            if {request for request, _ in here} != members or len(here) != running:
                return False
            holds = sum(int(arrivals.prompt[request]) + done + 1 for request, done in here)
            reads = sum(int(arrivals.prompt[request]) for request, done in here if done == 0)
            if reads != (0 if ran else prefilled) or holds != held + ran * running:
                return False
            if holds > device.kv_tokens or running > device.max_batch_size:
                return False
            if any(arrivals.arrival[request] > now for request, _ in here):
                return False
            times[on, ordinal + ran] = (now, now + device.duration(reads, running, holds))
            now = times[on, ordinal + ran][1]
        if now != finish:
            return False
        clock[on], free[on] = clock[on] + rounds, finish
    if any(runs.values()):
        return False
    for stretches in spans.values():
        ends = [(times[stretch[0]][0], times[stretch[-1]][1]) for stretch in stretches]
        if any(after[0] < before[1] for before, after in zip(ends, ends[1:], strict=False)):
            return False
    return all(
        any(key[:1] == (on,) and key[1] == first for key in starts_of(schedule))
        for on, first in zip(schedule.on.tolist(), schedule.first.tolist(), strict=True)
    )


def starts_of(schedule: RoundSchedule) -> set[tuple[int, int]]:
    """Return device and first round of each stride."""
    return set(zip(schedule.device.tolist(), schedule.ordinal.tolist(), strict=True))
