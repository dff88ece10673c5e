"""Arrival times to nanoseconds, without passing through binary floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Protocol

import numpy as np

from instances.traces.trace import Ints

_WHOLE = Context(prec=40, rounding=ROUND_HALF_EVEN)

Time = int | str | Decimal
"""An arrival time as a file has it."""


class Clock(Protocol):
    """How a format writes arrival times."""

    @property
    def expected(self) -> str:
        """What a time looks like, for messages."""

    def nanoseconds(self, times: Sequence[Time]) -> Ints:
        """Return each time in nanoseconds: int64, shape (times,).

        Raises
        ------
        ValueError, ArithmeticError
            If one of them is not a time of this clock.
        """


@dataclass(frozen=True)
class CountingClock:
    """Times as decimal numbers of a unit; more digits than a nanosecond has are rounded half to even.

    Parameters
    ----------
    unit
        Name of the unit.
    exponent
        The unit is 10 to this power nanoseconds.
    """

    unit: str
    exponent: int

    @property
    def expected(self) -> str:
        """What a time looks like, for messages."""
        return f"{self.unit} from 0 to {self._most}"

    def nanoseconds(self, times: Sequence[Time]) -> Ints:
        """Return each time in nanoseconds: int64, shape (times,)."""
        most, unit = Decimal(self._most), Decimal(10**self.exponent)

        def whole(time: Time) -> int:
            value = time if isinstance(time, int) else Decimal(time)
            # Compared before it is expanded: 1e999999999 would fill the memory. NaN cannot be compared.
            if not 0 <= value <= most:
                raise ValueError(f"time out of range: {value}")
            if isinstance(value, int):
                return value * int(unit)
            return int(_WHOLE.to_integral_value(_WHOLE.multiply(value, unit)))

        return np.fromiter(map(whole, times), dtype=np.int64, count=len(times))

    @property
    def _most(self) -> int:
        most: int = 10 ** (18 - self.exponent)
        return most


@dataclass(frozen=True)
class DateClock:
    """Dates and times of ISO 8601, UTC unless they name an offset; nanoseconds since 1970."""

    expected: str = "a date and time such as 2023-11-16 18:15:46.6805900"

    def nanoseconds(self, times: Sequence[Time]) -> Ints:
        """Return each time in nanoseconds: int64, shape (times,)."""
        import pandas as pd

        texts = np.asarray(times, dtype=object)
        dates = pd.to_datetime(texts, format="ISO8601", utc=True)
        if dates.isna().any():
            raise ValueError("not a date")
        since: Ints = dates.as_unit("ns").asi8
        return since.copy()


SECONDS = CountingClock("seconds", 9)
MILLISECONDS = CountingClock("milliseconds", 6)
NANOSECONDS = CountingClock("nanoseconds", 0)
DATES = DateClock()
