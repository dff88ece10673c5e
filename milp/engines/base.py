"""What every engine takes and returns."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from milp.formulation.arrays import Formulation

Ints = npt.NDArray[np.int64]


class Unsuited(ValueError):
    """An engine cannot take a formulation, and why."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine says of a formulation. Nothing of it is certified.

    Parameters
    ----------
    solution
        Shape (columns,): integer values; None if it found none.
    claimed_bound
        Lower bound on the formulation's objective in cost ticks; None if it gave none.
    claimed_infeasible
        Whether it says that there is no solution.
    log
        What the engine printed.
    """

    solution: Ints | None
    claimed_bound: Fraction | None
    claimed_infeasible: bool = False
    log: str = ""


class Engine(Protocol):
    """A solver of formulations."""

    def __call__(
        self,
        formulation: Formulation,
        *,
        hint: Ints | None,
        time_limit: float,
        gap: float,
        workers: int,
        seed: int,
    ) -> Outcome:
        """Solve a formulation.

        Parameters
        ----------
        formulation
            What to solve.
        hint
            Shape (columns,): values of a known solution.
        time_limit
            Seconds.
        gap
            Relative gap at which to stop.
        workers, seed
            Threads, and random seed.
        """
        ...
