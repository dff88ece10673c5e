"""Durations of batches and rounds: whole nanoseconds, never below the model."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.errors import InputError
from instances.serving import BatchDevice, RoundDevice

coefficients = st.fractions(0, 100, max_denominator=10**6)
devices = st.builds(
    BatchDevice, fixed=coefficients, per_token=coefficients.filter(bool), sharing=coefficients
)


@given(devices, st.integers(1, 100), st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_a_batch_takes_the_model_s_time_rounded_up(
    device: BatchDevice, size: int, longest: list[int]
) -> None:
    """Each duration is the least integer at or above the formula; the column gives the same as the number."""
    column = device.durations(size, np.array(longest))
    for tokens, got in zip(longest, column.tolist(), strict=True):
        shared = 1 + device.sharing * Fraction(size - 1, size)
        exact = (device.fixed + device.per_token * tokens * shared) * 10**6
        assert got == device.duration(size, tokens)
        assert got - 1 < exact <= got


def test_a_batch_of_defaults_by_hand() -> None:
    """One request of 1,000 tokens: 15 + 300 ms; two: 15 + 300·1.2 ms."""
    device = BatchDevice()
    assert device.duration(1, 1000) == 315 * 10**6
    assert device.duration(2, 1000) == 375 * 10**6


@given(devices, st.integers(1, 100), st.integers(1, 10**6))
def test_longer_or_larger_batches_are_never_faster(device: BatchDevice, size: int, longest: int) -> None:
    """What every bound rests on: T grows with the longest request and with the size."""
    time = device.duration(size, longest)
    assert time <= device.duration(size, longest + 1)
    assert time <= device.duration(size + 1, longest)


def test_a_round_by_hand() -> None:
    """10 + 0.03·100 + 0.1·3 + 0.0001·1000 ms."""
    assert RoundDevice().duration(prefilled=100, running=3, held=1000) == 13_400_000


def test_devices_that_take_no_time_are_refused() -> None:
    """A batch needs time per token, a round some fixed time or time per request."""
    with pytest.raises(InputError):
        BatchDevice(per_token=Fraction(0))
    with pytest.raises(InputError):
        RoundDevice(fixed=Fraction(0), per_request=Fraction(0))
