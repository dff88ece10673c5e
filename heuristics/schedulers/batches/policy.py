"""What a policy of model A is asked, and what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from instances.serving.batch_device import BatchDevice

Ints = npt.NDArray[np.int64]


class Finished(NamedTuple):
    """What a finished batch has shown; true lengths are known from here on.

    Attributes
    ----------
    bin
        Queue that its requests waited in.
    size
        Its requests.
    tokens, squares
        Σ L and Σ L² over its requests, L = prompt + gen in tokens.
    service
        Device time of the batch, in ns.
    latency
        Σ (completion − arrival) over its requests, in ns.
    """

    bin: int
    size: int
    tokens: int
    squares: int
    service: int
    latency: int


class Session(Protocol):
    """A policy at work in one simulation."""

    def choose(self, waiting: Sequence[int]) -> tuple[int, int]:
        """Return the bin that a free device serves next and the most requests to take from it.

        Parameters
        ----------
        waiting
            Requests that wait in each bin, at least one of them not 0; the bin returned must not be empty.
        """

    def observe(self, finished: Finished) -> None:
        """Learn from a batch that finished; they come in order of finish, lower devices first."""


class BatchPolicy(Protocol):
    """A policy: its settings, from which sessions are made."""

    def edges(self, predicted: Ints) -> tuple[int, ...]:
        """Return the ascending inner edges between bins: a request's bin is the number of edges it reaches.

        Parameters
        ----------
        predicted
            int64, shape (requests,): predicted gen lengths of the trace. No edge makes one bin.
        """

    def session(self, device: BatchDevice, bins: int) -> Session:
        """Return the policy at its start, for devices of this kind and so many bins."""
