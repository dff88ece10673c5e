"""Predictors: within their error, the same everywhere, and at least one token."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuristics.schedulers.predictors import PREDICTORS, NoisyOracle, predictor
from instances.errors import InputError

GENS = st.lists(st.integers(1, 10**9), min_size=1, max_size=30).map(lambda each: np.asarray(each))


@given(GENS, st.integers(0, 30), st.integers(1, 10**12), st.integers(0, 2**40))
def test_noise_stays_within_its_error(gen, top, bottom, seed):
    """Every prediction is a whole length of at least 1, off by at most the error and half a token."""
    error = Fraction(top, bottom)
    predicted = NoisyOracle(error).predict(gen, seed)
    assert predicted.dtype == np.int64
    for true, found in zip(gen.tolist(), predicted.tolist(), strict=True):
        assert found >= 1
        assert abs(found - true) <= error * true + Fraction(1, 2) or found == 1


@given(GENS, st.integers(0, 99))
def test_noise_without_error_is_the_oracle(gen, seed):
    """An error of 0 predicts the truth."""
    assert (NoisyOracle(Fraction(0)).predict(gen, seed) == gen).all()
    assert (predictor("oracle").predict(gen, seed) == gen).all()


def test_noise_is_the_same_on_every_machine():
    """These predictions were drawn once; the smaller number of requests draws a prefix."""
    gen = np.asarray([1000] * 6)
    assert NoisyOracle(Fraction(1, 2)).predict(gen, 7).tolist() == PINNED
    assert NoisyOracle(Fraction(1, 2)).predict(gen[:3], 7).tolist() == PINNED[:3]


PINNED = [598, 1376, 1436, 893, 1392, 1387]


def test_noise_is_uniform():
    """Mean 0, mean absolute error half of the largest, as far as 20,000 draws can tell."""
    off = NoisyOracle(Fraction(1, 2)).predict(np.full(20_000, 10**6), 1) / 10**6 - 1
    assert abs(off.mean()) < 0.01
    assert abs(np.abs(off).mean() - 0.25) < 0.01


def test_constant_predicts_its_length():
    """Every request is predicted the same."""
    assert predictor("constant", gen=42).predict(np.asarray([1, 9]), 0).tolist() == [42, 42]


@pytest.mark.parametrize(
    "make",
    [
        lambda: predictor("no-such-predictor"),
        lambda: predictor("noisy", error=Fraction(-1)),
        lambda: predictor("constant", gen=0),
    ],
)
def test_unusable_settings_are_refused(make):
    """Each is an InputError."""
    with pytest.raises(InputError):
        make()


def test_every_predictor_is_described():
    """Help texts have a line on each."""
    assert all(entry.summary for entry in PREDICTORS.values())
