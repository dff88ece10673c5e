"""What a scheduler believes of a request's output before it is generated.

Policies see predictions, never true gen lengths. Errors are drawn with whole numbers only, so that a seed
gives the same predictions on every machine: `instances.generate.lengths` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import widened

Ints = npt.NDArray[np.int64]

SPAWN_KEY = 2**20
"""Keeps the errors of a seed apart from the lengths and the arrivals that are drawn with the same seed."""

_HALF = 2**32


class Predictor(Protocol):
    """Predicts gen lengths."""

    def predict(self, gen: Ints, seed: int) -> Ints:
        """Return a predicted gen length of at least 1 for each true one: int64, shape of `gen`.

        The first n predictions depend on the first n lengths only.
        """


@dataclass(frozen=True)
class Oracle:
    """Predicts the true length."""

    def predict(self, gen: Ints, seed: int) -> Ints:
        """Return the true lengths."""
        return gen


@dataclass(frozen=True)
class NoisyOracle:
    """Predicts the true length times 1 + error·u, u drawn uniformly from (−1, 1), to the nearest token.

    Attributes
    ----------
    error
        Largest relative error, at least 0; the mean relative error is half of it.
    """

    error: Fraction

    def __post_init__(self) -> None:
        if self.error < 0:
            raise InputError("an error of at least 0", str(self.error), field="error")

    def predict(self, gen: Ints, seed: int) -> Ints:
        """Return lengths that are off by up to `error`, at least 1 token each."""
        source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(SPAWN_KEY,)))
        words = (source.random_raw(len(gen)) >> np.uint64(31)).astype(np.int64)
        # u = (2·word + 1 − 2³³) / 2³³ for a word of 33 bits: symmetrical, and never an end of the interval.
        top, bottom = self.error.numerator, 2 * _HALF * self.error.denominator
        bound = (int(gen.max(initial=1)) + 1) * 2 * (bottom + 2 * _HALF * top)
        scaled = widened(gen, bound) * (bottom + widened(2 * words + 1 - 2 * _HALF, bound) * top)
        nearest = (2 * scaled + bottom) // (2 * bottom)
        most = np.iinfo(np.int64).max // 4
        predicted: Ints = np.clip(nearest, 1, most).astype(np.int64)
        return predicted


@dataclass(frozen=True)
class Constant:
    """Predicts the same length for every request.

    Attributes
    ----------
    gen
        That length in tokens, at least 1.
    """

    gen: int

    def __post_init__(self) -> None:
        if self.gen < 1:
            raise InputError("a gen length of at least 1", self.gen, field="predicted gen")

    def predict(self, gen: Ints, seed: int) -> Ints:
        """Return that length for each request."""
        return np.full(len(gen), self.gen, dtype=np.int64)


class PredictorEntry(NamedTuple):
    """A predictor as it is offered: one line about it, and how it is made of an error and a length."""

    summary: str
    make: Callable[[Fraction, int], Predictor]


PREDICTORS: dict[str, PredictorEntry] = {
    "oracle": PredictorEntry("the true gen length", lambda error, gen: Oracle()),
    "noisy": PredictorEntry(
        "the true gen length, off by up to a given share", lambda error, gen: NoisyOracle(error)
    ),
    "constant": PredictorEntry("one gen length for all", lambda error, gen: Constant(gen)),
}
"""Predictor name to predictor."""


def predictor(name: str, *, error: Fraction = Fraction(1, 5), gen: int = 256) -> Predictor:
    """Return a predictor.

    Parameters
    ----------
    name
        A key of `PREDICTORS`.
    error
        Largest relative error of the noisy oracle.
    gen
        Length in tokens that the constant predictor predicts.

    Raises
    ------
    InputError
        If there is no such predictor, or the number that it uses is out of range.
    """
    if name not in PREDICTORS:
        raise InputError(f"one of {', '.join(PREDICTORS)}", name, field="predictor")
    return PREDICTORS[name].make(error, gen)
