"""Incumbents from small integer programs: the pairs that the root's prices like best, ever more of them.

A plan that costs at most L + r uses only pairs whose reduced cost is at most r. For small r these are few,
and a general solver finds their best plan in a second; if that plan costs no more than L + r, more pairs
would not help. Nothing is proven here: the tree does that.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import highspy
import numpy as np
import numpy.typing as npt

from instances.batch_model import BatchModel
from milp.formulation import build
from milp.formulation.arrays import Formulation
from milp.formulation.selection import Selection
from milp.reduced import reduced_selection
from milp.root.outcome import Root
from milp.root.scaled import Scaled

Ints = npt.NDArray[np.int64]

FIRST_ROOM = 1e-6
"""First r as a part of L."""
FEW_PAIRS = 8_000
"""Pairs among which HiGHS finds the best plan within seconds."""
CLOSE = 4
"""Multiple of r within which the tree finds the last improvements sooner."""
IDLE = 40
"""Doublings of r without a new pair after which there are none left."""
SMALL = 1_000
"""Pairs up to which programs cost no time to speak of, and one thread is enough."""
GROWTH = 1.25
"""More pairs that make another program worth solving."""


def improve(
    model: BatchModel,
    root: Root,
    *,
    incumbent: Callable[[], int | None],
    offer: Callable[[Formulation, Ints], object],
    until: float,
    workers: int,
    seed: int,
) -> bool:
    """Look for plans among growing sets of pairs.

    Parameters
    ----------
    model, root
        Batch model and root.
    incumbent
        Returns the cost of the incumbent in cost ticks; None without one.
    offer
        Takes every solution found.
    until
        Clock time at which to stop.
    workers, seed
        Threads and random seed.

    Returns
    -------
    bool
        Whether any program was solved.
    """
    room, solved, last, idle = FIRST_ROOM * abs(root.evaluated.value), False, 0, 0
    nothing = Selection(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    while time.monotonic() < until and idle < IDLE:
        known = incumbent()
        enough = None if known is None else known - root.evaluated.value
        if enough is not None:
            room = min(room, enough)
        selection, complete = reduced_selection(model, root.evaluated, room, nothing, FEW_PAIRS)
        if not complete:
            break
        idle = 0 if len(selection) > last else idle + 1
        if len(selection) >= GROWTH * last or room == enough:
            last = len(selection)
            formulation = build(model, selection)
            threads = workers if last > SMALL else 1
            solution = solve_restricted(formulation, until - time.monotonic(), threads, seed)
            if solution is not None:
                solved = True
                offer(formulation, solution)
        known = incumbent()
        close = CLOSE if last > SMALL else 1
        if known is not None and known - root.evaluated.value <= close * room:
            break
        room *= 2
    return solved


def solve_restricted(formulation: Formulation, time_limit: float, threads: int, seed: int) -> Ints | None:
    """Return the best solution that HiGHS finds: shape (columns,); None without one in integers.

    The requests of a pair are left continuous: for given batches their best values are mostly whole.
    """
    scaled = Scaled(formulation, 1.0)
    program = scaled.model(None, *scaled.bounds(None, None))
    kinds = [highspy.HighsVarType.kInteger] * formulation.width
    for column in formulation.columns.x.tolist():
        kinds[column] = highspy.HighsVarType.kContinuous
    program.integrality_ = kinds
    # HiGHS keeps the threads of its first run until told otherwise.
    highspy.Highs.resetGlobalScheduler(True)
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", threads),
        ("random_seed", seed),
        ("mip_rel_gap", 0.0),
        ("time_limit", max(0.1, time_limit)),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    if not np.isfinite(solver.getInfo().mip_gap):
        return None
    values = np.asarray(solver.getSolution().col_value) * scaled.column_scale
    whole = np.rint(values)
    return whole.astype(np.int64) if np.abs(values - whole).max(initial=0.0) < 1e-4 else None
