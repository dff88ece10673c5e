"""A trace as columns, and the account of what was read and what was dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from instances.demand import Demand
from instances.limits import Limits

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DropReport:
    """How many requests were read and kept, and why the others were not.

    Attributes
    ----------
    read, kept
        Requests read and kept; ``read == kept + sum(dropped.values())``.
    dropped
        Requests dropped for each reason that occurred, such as ``response tokens 0``.
    """

    read: int = 0
    kept: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: DropReport) -> DropReport:
        dropped = dict(self.dropped)
        for reason, count in other.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        return DropReport(self.read + other.read, self.kept + other.kept, dropped)

    def __str__(self) -> str:
        reasons = ", ".join(f"{count} with {reason}" for reason, count in self.dropped.items())
        text = f"{self.read} requests read, {self.kept} kept"
        return f"{text}, dropped: {reasons}" if reasons else text


@dataclass(frozen=True, eq=False)
class Trace:
    """Requests in file order, one array per column.

    Attributes
    ----------
    prompt, gen
        int64, shape (requests,): prompt and generation length in tokens, each at least 1.
    arrival
        int64, shape (requests,): arrival in nanoseconds on the trace's own clock (since 1970 where it records
        dates); None if the format has none or they were not asked for.
    ids
        str, shape (requests,): identifiers; None if the format has none.
    report
        What was read, kept and dropped.
    """

    prompt: Ints
    gen: Ints
    arrival: Ints | None
    ids: npt.NDArray[np.object_] | None
    report: DropReport

    def __len__(self) -> int:
        return len(self.prompt)

    def demand(self) -> Demand:
        """Return the requests as demand, with their identifiers if they have any.

        Raises
        ------
        InputError
            If an identifier occurs twice.
        """
        return Demand.from_requests(self.prompt, self.gen, self.ids)


class TraceStream(NamedTuple):
    """One stream that a trace holds, with the limits that come with it."""

    name: str
    trace: Trace
    limits: Limits = Limits()
