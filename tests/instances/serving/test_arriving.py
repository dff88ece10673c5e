"""Requests over time: read from traces, and generated the same on every machine."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.errors import InputError
from instances.generate.arrivals import TRAFFIC, generate_arrivals
from instances.generate.gaps import UNIT, gamma
from instances.serving.arriving import classes_by_prompt, read_arrivals

TRACE = """TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.5,374,44
2023-11-16 18:15:45.0,396,109
2023-11-16 18:15:46.5,879,0
2023-11-16 18:15:47.000000001,91,16
"""

PINNED = {
    ("uniform", "poisson"): "6e787efa68a91f483c534132f25a6053e883e4af122c2a64b8d12505078a8851",
    ("burstgpt-like", "gamma"): "2bdc0a04da841e1880d9f33c17c63d0e049727b1e6b235e3003538c23df094f8",
}


@pytest.mark.parametrize(("family", "process"), PINNED)
def test_same_on_every_machine(family, process):
    """The digest of these requests was taken once: no math library or version of numpy changes it."""
    drawn = generate_arrivals(family, 1000, 5, per_second=Fraction(7, 3), process=process)
    assert drawn.digest() == PINNED[family, process]


@pytest.mark.parametrize("family", TRAFFIC)
def test_fewer_requests_are_a_prefix(family):
    """A larger number of requests begins with the smaller one."""
    few, many = (generate_arrivals(family, n, 3, per_second=Fraction(9)) for n in (50, 200))
    assert few.digest() == many.first(50).digest()


@pytest.mark.parametrize("shape", ["0.0625", "0.25", "1", "3", "16"])
def test_gaps_are_gamma_distributed(shape):
    """Mean and variance are the shape, as far as 200,000 draws can tell."""
    words = np.random.PCG64(1).random_raw(200_000)
    drawn = gamma(Decimal(shape)).pick(words) / UNIT
    k = float(shape)
    assert abs(drawn.mean() / k - 1) < 0.05
    assert abs(drawn.var() / k - 1) < 0.1


def test_shape_1_is_exponential():
    """Each word's gap is −ln(1 − word/2⁶⁴), to two parts in 10,000."""
    words = np.asarray([2**64 // 100 * percent for percent in range(1, 100)], dtype=np.uint64)
    drawn = gamma(Decimal(1)).pick(words) / UNIT
    for word, gap in zip(words.tolist(), drawn.tolist(), strict=True):
        assert math.isclose(gap, -math.log1p(-word / 2**64), rel_tol=2e-4)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=20), st.sampled_from(["0.0625", "1", "16"]))
def test_larger_words_are_longer_gaps(words, shape):
    """The table is a quantile function, from the first word to the last."""
    drawn = gamma(Decimal(shape)).pick(np.asarray(sorted(words), dtype=np.uint64))
    assert (np.diff(drawn) >= 0).all()
    assert drawn.min() >= 0


def test_rate_is_met():
    """On average so many requests arrive per second, whatever the process."""
    for process, shape in (("poisson", None), ("gamma", None), ("gamma", Fraction(4))):
        drawn = generate_arrivals("uniform", 50_000, 2, per_second=Fraction(50), process=process, shape=shape)
        assert abs(int(drawn.arrival[-1]) / 1e12 - 1) < 0.05


def test_lengths_do_not_depend_on_arrivals():
    """Another process or rate brings the same requests at other times."""
    one = generate_arrivals("zipf", 100, 2, per_second=Fraction(5))
    other = generate_arrivals("zipf", 100, 2, per_second=Fraction(50), process="gamma")
    assert (one.prompt == other.prompt).all()
    assert (one.gen == other.gen).all()
    assert (one.arrival != other.arrival).any()


@pytest.mark.parametrize(
    "settings",
    [
        {"family": "no-such-family"},
        {"process": "no-such-process"},
        {"requests": 0},
        {"seed": -1},
        {"per_second": Fraction(0)},
        {"per_second": Fraction(1, 10**9)},
        {"shape": Fraction(2)},
        {"process": "gamma", "shape": Fraction(1, 17)},
        {"process": "gamma", "shape": Fraction(17)},
    ],
)
def test_unusable_settings_are_refused(settings):
    """Each is an InputError."""
    usable = {"family": "uniform", "requests": 10, "seed": 1, "per_second": Fraction(5), "process": "poisson"}
    with pytest.raises(InputError):
        generate_arrivals(**(usable | settings))


def test_traces_are_sorted_and_counted_from_the_first(tmp_path):
    """Failed requests are dropped, the rest is in order of arrival, in whole ns since the first."""
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    arrivals, report = read_arrivals(path, "azure")
    assert arrivals.arrival.tolist() == [0, 1_500_000_000, 2_000_000_001]
    assert arrivals.prompt.tolist() == [396, 374, 91]
    assert (report.read, report.kept) == (4, 3)
    assert len(read_arrivals(path, "azure", first=2)[0]) == 2


def test_traces_without_arrivals_are_refused(tmp_path):
    """The error names the file."""
    path = tmp_path / "trace.jsonl"
    path.write_text('{"request_id": "q", "prompt_len": 1, "gen_len": 1}\n')
    with pytest.raises(InputError, match=r"trace\.jsonl: expected a trace with arrival times"):
        read_arrivals(path, "jsonl")


def test_classes_by_prompt():
    """A prompt that reaches an edge belongs to the next class."""
    assert classes_by_prompt(np.asarray([1, 9, 10, 99, 100]), [10, 100]).tolist() == [0, 0, 1, 1, 2]
    with pytest.raises(InputError):
        classes_by_prompt(np.asarray([1]), [5, 5])


def test_real_trace(data):
    """The Azure conversation trace spans 58 minutes; two hundred times as fast, 17.5 seconds."""
    path = data / "azure" / "AzureLLMInferenceTrace_conv.csv"
    arrivals, _ = read_arrivals(path, "azure")
    assert len(arrivals) == 19_366
    assert int(arrivals.arrival[-1]) // 10**9 == 3501
    assert int(arrivals.faster(Fraction(200)).arrival[-1]) == int(arrivals.arrival[-1]) // 200
