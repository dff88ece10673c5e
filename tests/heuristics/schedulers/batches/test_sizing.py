"""Dynamic batch sizes: the controller and the memory rule are the published formulas, in exact numbers."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuristics.schedulers.batches.controller import Controller, ControllerSettings
from heuristics.schedulers.batches.memory import MemoryRule
from heuristics.schedulers.batches.policy import Finished
from heuristics.schedulers.batches.recent import Recent
from instances.errors import InputError

SETTINGS = st.builds(
    ControllerSettings,
    target=st.integers(1, 100),
    tolerance=st.integers(0, 20),
    width=st.integers(1, 7),
    step=st.integers(1, 4),
    least=st.integers(1, 3),
    feedback=st.sampled_from(["service", "latency"]),
)


@st.composite
def finished(draw):
    """Draw a batch: lengths, device time and latencies."""
    lengths = draw(st.lists(st.integers(2, 50), min_size=1, max_size=12))
    squares = sum(length**2 for length in lengths)
    service = draw(st.integers(1, 120))
    latency = len(lengths) * (service + draw(st.integers(0, 30)))
    return Finished(0, len(lengths), sum(lengths), squares, service, latency)


def published(settings, most, history, window):
    """Return b and the interval after a history, written as in the paper, over fractions."""
    low, high = Fraction(settings.least), Fraction(most)
    for end in range(1, len(history) + 1):
        recent = history[max(0, end - window) : end]
        requests = sum(batch.size for batch in recent)
        size = Fraction(requests, len(recent))
        if settings.feedback == "service":
            tau = Fraction(sum(batch.size * batch.service for batch in recent), requests)
        else:
            tau = Fraction(sum(batch.latency for batch in recent), requests)
        if tau > settings.target + settings.tolerance:
            high, low = max(size, low + settings.width), max(low - settings.step, settings.least)
        elif tau < settings.target - settings.tolerance:
            low, high = min(size, high - settings.width), min(high + settings.step, most)
        else:
            half = settings.width // 2
            high, low = min(size + half, most), max(size - half, settings.least)
    return min(max(floor((low + high) / 2), settings.least), most), (low, high)


@given(SETTINGS, st.integers(3, 20), st.lists(finished(), max_size=12), st.integers(1, 5))
def test_controller_is_the_published_one(settings, most, history, window):
    """After every history, the interval and the batch size are those of the formulas."""
    controller, recent = Controller(settings, most, window), Recent(window)
    for batch in history:
        recent.add(batch)
        controller.step(recent)
    assert (controller.size, controller.interval) == published(settings, most, history, window)


@given(st.lists(finished(), min_size=1, max_size=12), st.integers(1, 5))
def test_sums_are_those_of_the_window(history, window):
    """Adding and forgetting leaves the sums of the last batches."""
    recent = Recent(window)
    for batch in history:
        recent.add(batch)
    last = history[-window:]
    assert recent.batches == len(last)
    assert recent.requests == sum(batch.size for batch in last)
    assert recent.tokens == sum(batch.tokens for batch in last)
    assert recent.squares == sum(batch.squares for batch in last)
    assert recent.latency == sum(batch.latency for batch in last)


@given(finished(), st.integers(1, 2000), st.integers(1, 40), st.integers(0, 9))
def test_memory_by_a_share(batch, kv_tokens, most, tenths):
    """b_mem = ⌊(η − L₀)/μ⌋, at least 1 and at most the largest batch."""
    recent = Recent(3)
    recent.add(batch)
    reserve = Fraction(tenths, 10)
    mean = Fraction(batch.tokens, batch.size)
    fits = floor((kv_tokens - reserve * kv_tokens) / mean)
    assert MemoryRule(reserve).size(recent, kv_tokens, most) == min(max(fits, 1), most)


@given(finished(), st.integers(1, 2000), st.integers(1, 40), st.sampled_from([1, 5, 20, 40]))
def test_memory_by_the_spread(batch, kv_tokens, most, percent):
    """The batch is the largest whose mean plus Φ⁻¹ deviations fits: it fits, and one more would not."""
    recent = Recent(3)
    recent.add(batch)
    size = MemoryRule(overflow=Fraction(percent, 100)).size(recent, kv_tokens, most)
    z = Fraction(round(NormalDist().inv_cdf(1 - percent / 100) * 10**6), 10**6)
    mean = Fraction(batch.tokens, batch.size)
    variance = Fraction(batch.squares, batch.size) - mean**2

    def fits(count):
        room = kv_tokens - count * mean
        return room >= 0 and z**2 * variance * count <= room**2

    assert size == max([count for count in range(1, most + 1) if fits(count)], default=1)


def test_memory_is_open_before_anything_finished():
    """Without a finished request there is no mean, and only the device limits the batch."""
    assert MemoryRule().size(Recent(3), 10, 64) == 64


@pytest.mark.parametrize(
    "make",
    [
        lambda: MemoryRule(Fraction(1)),
        lambda: MemoryRule(overflow=Fraction(1, 2)),
        lambda: MemoryRule(overflow=Fraction(0)),
        lambda: ControllerSettings(0, 0),
        lambda: ControllerSettings(1, -1),
        lambda: ControllerSettings(1, 0, width=0),
    ],
)
def test_unusable_settings_are_refused(make):
    """Each is an InputError when it is made."""
    with pytest.raises(InputError):
        make()
