"""MC-SF is the published algorithm, round for round."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heuristics.schedulers.rounds import policy, simulate
from instances.serving import Arrivals
from instances.serving.round_device import unit_rounds


def published(arrivals: Arrivals, memory: int) -> list[int]:
    """Return the round after which each request starts (Jaillet et al., arXiv 2502.07115, Algorithm 1).

    Rounds one after the other; in each, waiting requests in order of gen join as long as memory suffices at
    every completion of a request that runs or joins.
    """
    arrival, prompt, gen = (column.tolist() for column in (arrivals.arrival, arrivals.prompt, arrivals.gen))
    start: dict[int, int] = {}
    now = 0
    while len(start) < len(arrivals):
        running = {i: k for i, k in start.items() if k + gen[i] > now}
        waiting = [i for i in range(len(arrivals)) if i not in start and arrival[i] <= now]
        for i in sorted(waiting, key=lambda i: (gen[i], i)):
            joined = {**running, i: now}
            for end in {k + gen[j] for j, k in joined.items()}:
                if sum(prompt[j] + end - k for j, k in joined.items() if end <= k + gen[j]) > memory:
                    break
            else:
                running, start[i] = joined, now
                continue
            break
        now += 1
    return [start[i] for i in range(len(arrivals))]


@settings(max_examples=200)
@given(st.integers(5, 40), st.integers(1, 30), st.integers(0, 40), st.integers(0, 2**32))
def test_unit_rounds(memory: int, requests: int, last: int, seed: int) -> None:
    """With rounds of unit time and arrivals at whole rounds every request starts when it is published to."""
    random = np.random.default_rng(seed)
    prompt = random.integers(1, max(memory // 2, 2), requests)
    gen = random.integers(1, memory - prompt + 1)
    arrivals = Arrivals.of(random.integers(0, last + 1, requests), prompt, gen)
    schedule = simulate(arrivals, unit_rounds(memory, requests), 1, policy("mc-sf"))
    assert schedule.first_start.tolist() == published(arrivals, memory)
    assert np.array_equal(schedule.completion, schedule.first_start + arrivals.gen)


def test_the_sizes_of_the_published_experiment() -> None:
    """The same at the size of the published experiment: 50 requests at once, and arriving over 50 rounds."""
    random = np.random.default_rng(0)
    for last in (0, 50):
        gen = random.integers(1, 40, 50)
        arrivals = Arrivals.of(random.integers(0, last + 1, 50), np.full(50, 3), gen)
        schedule = simulate(arrivals, unit_rounds(43, 50), 1, policy("mc-sf"))
        assert schedule.first_start.tolist() == published(arrivals, 43)


@settings(max_examples=60)
@given(st.integers(8, 40), st.integers(1, 30), st.integers(1, 7), st.integers(0, 2**32))
def test_with_one_prompt_length_the_smallest_volume_is_the_shortest(
    memory: int, requests: int, prompt: int, seed: int
) -> None:
    """Then volumes are in the order of gens, and both policies start the same requests at the same time."""
    random = np.random.default_rng(seed)
    gen = random.integers(1, memory - prompt + 1, requests)
    arrivals = Arrivals.of(random.integers(0, 30, requests), np.full(requests, prompt), gen)
    one, other = (
        simulate(arrivals, unit_rounds(memory, requests), 1, policy(name))
        for name in ("mc-sf", "smallest-volume")
    )
    assert np.array_equal(one.first_start, other.first_start)


def test_a_short_request_with_a_long_prompt_waits() -> None:
    """MC-SF starts it before many small ones that it displaces; the smallest volume does not."""
    arrivals = Arrivals.of(np.zeros(10), [40, *[1] * 9], [2, *[3] * 9])
    device = unit_rounds(43, 10)
    completed = {
        name: simulate(arrivals, device, 1, policy(name)).completion.sum()
        for name in ("mc-sf", "smallest-volume")
    }
    assert completed == {"mc-sf": 2 + 9 * 5, "smallest-volume": 9 * 3 + 5}
