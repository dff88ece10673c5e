"""Units of device time: shares of it are rounded down to them."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from instances.exact import IntArray

UNITS = 2**10
"""Units in a ns."""


def device_time(units: int) -> int:
    """Return the least whole ns of device time in which so many units fit."""
    return -(-units // UNITS)


def per_device(units: int, devices: int) -> int:
    """Return the least whole ns in which so many devices do so many units."""
    return -(-units // (UNITS * devices))


def total(values: npt.NDArray[Any] | IntArray) -> int:
    """Return the sum as a Python integer, exactly: values may be so large that int64 would overflow."""
    return sum(values.tolist())
