"""Model B's device: strides are sums of rounds, to the last digit."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.errors import InputError
from instances.serving.round_device import RoundDevice, floor_sum, unit_rounds

# Denominators of a nanosecond too, so that rounding happens.
COEFFICIENTS = st.builds(
    Fraction, st.integers(0, 50), st.sampled_from([1, 3, 7, 10**3, 7 * 10**6, 11 * 10**7])
)
DEVICES = st.builds(
    lambda fixed, *others: RoundDevice(100, 8, fixed + Fraction(1, 10**6), *others),
    COEFFICIENTS,
    COEFFICIENTS,
    COEFFICIENTS,
    COEFFICIENTS,
)
WORK = st.tuples(st.integers(0, 500), st.integers(1, 8), st.integers(1, 900))


def one_by_one(device: RoundDevice, rounds: int, prefilled: int, running: int, held: int) -> int:
    """Add up the rounds of a stride, each by the formula and rounded up by itself."""
    total = 0
    for _ in range(rounds):
        time = device.fixed + device.prefill * prefilled + device.per_request * running
        total += -int((-(time + device.per_held * held) * 10**6) // 1)
        prefilled, held = 0, held + running
    return total


@given(DEVICES, st.integers(0, 60), WORK)
def test_a_stride_lasts_as_long_as_its_rounds(
    device: RoundDevice, rounds: int, work: tuple[int, int, int]
) -> None:
    """The closed form is the sum of rounds that are each rounded up to nanoseconds."""
    assert device.stride(rounds, *work) == one_by_one(device, rounds, *work)
    assert device.duration(*work) == one_by_one(device, 1, *work)


@given(DEVICES, st.integers(1, 60), WORK, st.integers(-1, 1))
def test_the_round_that_runs_at_a_time(
    device: RoundDevice, rounds: int, work: tuple[int, int, int], offset: int
) -> None:
    """The number of rounds until a time is the least that reaches it, also just before and after an end."""
    time = device.stride(rounds, *work) + offset
    found = device.rounds_until(time, *work)
    assert device.stride(found, *work) >= time
    assert found == 0 or device.stride(found - 1, *work) < time


@given(st.integers(0, 80), st.integers(1, 90), st.integers(0, 300), st.integers(0, 300))
def test_floor_sum(terms: int, unit: int, slope: int, start: int) -> None:
    """The sum of floors is that of the terms."""
    assert floor_sum(terms, unit, slope, start) == sum((slope * k + start) // unit for k in range(terms))


def test_unit_rounds_take_one_nanosecond() -> None:
    """On the device of the published experiments time counts rounds."""
    device = unit_rounds(40, 10)
    assert device.duration(5, 3, 30) == 1
    assert device.stride(17, 5, 3, 30) == 17


@pytest.mark.parametrize(
    ("field", "value"),
    [("fixed", Fraction(-1)), ("kv_tokens", 1), ("max_batch_size", 0), ("per_held", Fraction(-1, 3))],
)
def test_devices_that_there_cannot_be(field: str, value: object) -> None:
    """What is out of range is refused, and so is a device whose rounds may take no time."""
    with pytest.raises(InputError):
        RoundDevice(**{field: value})  # type: ignore[arg-type]
    with pytest.raises(InputError):
        RoundDevice(fixed=Fraction(0), per_request=Fraction(0))
