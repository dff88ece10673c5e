"""Coefficients fitted to latency grids, and memory in tokens."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.errors import InputError
from instances.serving import BatchDevice
from instances.serving.fit import fit, fit_file, read_grid
from instances.serving.memory import kv_tokens

GRID = [(size, length) for size in (1, 2, 8, 32) for length in (64, 500, 2000)]


@given(
    st.fractions(0, 100, max_denominator=1000),
    st.fractions(Fraction(1, 100), 5, max_denominator=100),
    st.fractions(0, 3, max_denominator=100),
)
def test_a_device_is_found_again(fixed, per_token, sharing):
    """From the exact times of a device, its coefficients come back to within the rounding to whole ns."""
    device = BatchDevice(fixed, per_token, sharing)
    batch, length = (np.asarray(column) for column in zip(*GRID, strict=True))
    time = np.asarray([device.duration(*point) for point in GRID])
    found = fit(batch, length, time)
    assert abs(found.fixed - fixed) < Fraction(1, 10**5)
    assert abs(found.per_token - per_token) < Fraction(1, 10**8)
    assert abs(found.sharing - sharing) < Fraction(1, 10**6)
    assert 1 - Fraction(1, 10**9) < found.r_squared <= 1
    assert found.worst < Fraction(1, 10**5)


def test_least_squares_agrees_with_numpy():
    """On noisy measurements the coefficients and R² are those of a floating-point solver."""
    random = np.random.default_rng(3)
    batch, length = (np.asarray(column * 5) for column in zip(*GRID, strict=True))
    exact = 20 + 0.25 * length * (1 + 0.6 * (batch - 1) / batch)
    time = ((exact + random.normal(0, 15, len(exact)).clip(-19, 60)) * 10**6).astype(np.int64)
    found = fit(batch, length, time)
    design = np.stack([np.ones(len(batch)), length, length * (batch - 1) / batch], axis=1)
    wanted, residual, _, _ = np.linalg.lstsq(design, time / 1e6, rcond=None)
    assert np.allclose([found.fixed, found.per_token, found.per_token * found.sharing], wanted, rtol=1e-6)
    spread = ((time / 1e6 - (time / 1e6).mean()) ** 2).sum()
    assert np.isclose(float(found.r_squared), 1 - residual[0] / spread, rtol=1e-9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch,length\n1,2\n", "line 1, ms: expected a column"),
        ("batch,length,ms\n1,2,x\n", "line 2, ms: expected milliseconds"),
        ("batch,length,ms\n1,2,3\nx,2,3\n", "line 3, batch: expected an integer"),
        ("batch,length,ms\n0,2,3\n1,2,3\n", "expected batches and lengths of at least 1"),
        ("batch,length,ms\n1,2,3\n", "too few to tell"),
        ("batch,length,ms\n1,2,3\n1,4,5\n1,8,9\n", "too few to tell"),
        ("batch,length,ms\n1,5,3\n2,5,4\n4,5,5\n", "too few to tell"),
        ("batch,length,ms\n1,2,30\n2,4,10\n2,8,5\n4,10,1\n", "expected times that grow with the length"),
        ("batch,length,ms\n1,10,1\n1,20,10\n2,10,2\n2,20,20\n", "expected times of α ≥ 0 and γ ≥ 0"),
        ("", "an empty file"),
    ],
)
def test_bad_grids_are_refused(tmp_path, text, message):
    """One line names the file, and the place where there is one."""
    path = tmp_path / "grid.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        fit_file(path)
    assert str(caught.value).startswith(str(path))


def test_grids_are_read_to_the_nanosecond(tmp_path):
    """Columns are found by name, in any order, beside others."""
    path = tmp_path / "grid.csv"
    path.write_text("ms,note,length,batch\n1.000001,a,7,3\n2,b,9,4\n")
    batch, length, time = read_grid(path)
    assert (batch.tolist(), length.tolist(), time.tolist()) == ([3, 4], [7, 9], [1_000_001, 2_000_000])


def test_memory_in_tokens():
    """η = ⌊(M_max − M_model)/KV⌋, with GB of 10⁹ and kB of 10³ bytes."""
    assert kv_tokens(Fraction(80), Fraction(26), Fraction(800)) == 67_500
    assert kv_tokens(Fraction(1), Fraction(0), Fraction(3)) == 333_333
    for unusable in ((26, 80, 800), (80, 26, 0), (1, 1, 1)):
        with pytest.raises(InputError):
            kv_tokens(*map(Fraction, unusable))
