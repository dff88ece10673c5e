"""Generated requests over time: lengths of a family, Poisson or Gamma arrivals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.exact import widened
from instances.generate import FAMILIES, draw_lengths
from instances.generate.families import Kind, Profile, profiles
from instances.generate.gaps import UNIT, gamma
from instances.generate.lengths import Bell, lognormal, zipf
from instances.serving.arrivals import LATEST, Arrivals
from instances.serving.clock import NS_PER_S

Ints = npt.NDArray[np.int64]

PROCESSES = {"poisson": Decimal(1), "gamma": Decimal("0.25")}
"""Arrival process to the shape of its Gamma distribution of gaps, where none is given."""

LEAST_SHAPE, MOST_SHAPE = Fraction(1, 16), Fraction(16)

SPAWN_KEY = 2**19
"""Keeps the arrivals of a seed apart from its lengths."""

_BLOCK = 2**20


def _burstgpt_like() -> Profile:
    # Prompts by Zipf's law and answers of two kinds, short and long, as the BurstGPT trace has them (Wang et
    # al., arXiv 2401.17644, section on lengths); the numbers are ours.
    prompts = zipf(16, 4096, Decimal("0.7"))
    answers = lognormal(1, 2048, (Bell(45, 25, 80), Bell(55, 300, 60)))
    return (Kind(1, prompts, answers),)


BURSTGPT_LIKE = "burstgpt-like"

TRAFFIC = (*FAMILIES, BURSTGPT_LIKE)
"""Families of requests over time: those of instances, and one that comes in bursts."""


def default_process(family: str) -> str:
    """Return the arrival process that a family has unless another is asked for."""
    return "gamma" if family == BURSTGPT_LIKE else "poisson"


def generate_arrivals(
    family: str,
    requests: int,
    seed: int,
    *,
    per_second: Fraction,
    process: str | None = None,
    shape: Fraction | None = None,
) -> Arrivals:
    """Draw requests over time, all of class 0.

    Parameters
    ----------
    family
        One of `TRAFFIC`: what the lengths are drawn from.
    requests
        At least 1. Of two numbers of requests, the smaller draws a prefix of the larger.
    seed
        At least 0.
    per_second
        Mean number of arrivals per second.
    process
        A key of `PROCESSES`; None means the family's own.
    shape
        Of the Gamma distribution, 1/16 to 16: variance of the gaps / mean² is 1/shape. None means the
        process's own.

    Raises
    ------
    InputError
        If there is no such family or process, or a number is out of range.
    """
    if family not in TRAFFIC:
        raise InputError(f"one of {', '.join(TRAFFIC)}", family, field="family")
    process = default_process(family) if process is None else process
    if process not in PROCESSES:
        raise InputError(f"one of {', '.join(PROCESSES)}", process, field="arrivals")
    if requests < 1 or seed < 0:
        raise InputError("at least 1 request and a seed of at least 0", f"{requests} and {seed}")
    if per_second <= 0:
        raise InputError("more than 0 arrivals", str(per_second), field="per second")
    own = _shape(process, shape)
    profile = _burstgpt_like() if family == BURSTGPT_LIKE else profiles(family)[0]
    prompt, gen = draw_lengths(profile, requests, seed)
    return Arrivals.of(_times(own, requests, seed, per_second), prompt, gen)


def _shape(process: str, shape: Fraction | None) -> Decimal:
    if shape is None:
        return PROCESSES[process]
    if process == "poisson":
        raise InputError("gamma arrivals for a shape", process, field="arrivals")
    if not LEAST_SHAPE <= shape <= MOST_SHAPE:
        raise InputError(f"a shape from {LEAST_SHAPE} to {MOST_SHAPE}", str(shape), field="shape")
    return Decimal(shape.numerator) / Decimal(shape.denominator)


def _times(shape: Decimal, requests: int, seed: int, per_second: Fraction) -> Ints:
    """Return arrivals in ns, rounded down once each, so that rounding does not add up."""
    source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(SPAWN_KEY,)))
    gaps = gamma(shape)
    drawn = [
        gaps.pick(source.random_raw(min(_BLOCK, requests - start))) for start in range(0, requests, _BLOCK)
    ]
    reached = np.cumsum(np.concatenate(drawn))
    # The mean of the distribution is its shape, in units of its scale.
    unit = NS_PER_S / (per_second * Fraction(shape) * UNIT)
    last = int(reached[-1]) * unit
    if last > LATEST:
        raise InputError(f"arrivals up to {LATEST} ns", "later ones at this rate", field="per second")
    wide = widened(reached, (int(reached[-1]) + 1) * unit.numerator)
    return (wide * unit.numerator // unit.denominator).astype(np.int64)
