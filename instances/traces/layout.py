"""What one line of a trace holds, and what a parser of such lines does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from instances.demand import MAX_TOKENS
from instances.traces.blocks import Block
from instances.traces.clock import Clock
from instances.traces.trace import Ints

LENGTH = f"an integer from 0 to {MAX_TOKENS}"
"""What a length is, for messages; 0 is a request that failed, dropped later."""


@dataclass(frozen=True)
class Layout:
    """The fields of a trace line.

    Parameters
    ----------
    prompt, gen
        Fields with the prompt and the generation length.
    arrival
        Field with the arrival time, if there is one.
    clock
        How the arrival time is written.
    ids
        Field with the identifier of the request, if there is one.
    """

    prompt: str
    gen: str
    arrival: str | None = None
    clock: Clock | None = None
    ids: str | None = None

    def without_arrivals(self) -> Layout:
        """Return the layout of a reader that skips arrival times."""
        return Layout(self.prompt, self.gen, ids=self.ids)


class Row(NamedTuple):
    """One request; a part that the layout lacks is None."""

    prompt: int
    gen: int
    arrival: int | None
    ids: str | None


class Columns(NamedTuple):
    """Requests as columns of shape (rows,); a part that the layout lacks is None."""

    prompt: Ints
    gen: Ints
    arrival: Ints | None
    ids: npt.NDArray[np.object_] | None

    def take(self, rows: npt.NDArray[np.int64]) -> Columns:
        """Return the given rows."""
        arrival = None if self.arrival is None else self.arrival[rows]
        return Columns(
            self.prompt[rows], self.gen[rows], arrival, None if self.ids is None else self.ids[rows]
        )


class Parser(Protocol):
    """Turns the lines of one file into requests: blocks fast, single lines with a full account of errors."""

    def begin(self, block: Block) -> Block:
        """Consume what precedes the requests in the file's first block, and return the rest.

        Raises
        ------
        InputError
            If a column is missing.
        """

    def block(self, data: bytes) -> Columns:
        """Return the requests of whole lines.

        Raises
        ------
        ValueError, ArithmeticError
            If a line is not just one request; which one and why, `row` says.
        """

    def row(self, text: str) -> Row:
        """Return the request of one line.

        Raises
        ------
        InputError
            If it is malformed, with the field if it is one field's fault.
        """


def zero_reason(field: str) -> str:
    """Return the reason for dropping a request with 0 in `field`: ``response tokens 0``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", field)
    return f"{words.lower()} 0"


def check_lengths(*columns: Ints) -> None:
    """Raise ValueError if a length is out of range."""
    for column in columns:
        if column.size and (column.min() < 0 or column.max() > MAX_TOKENS):
            raise ValueError("length out of range")
