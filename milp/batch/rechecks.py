"""Checking records again in processes of their own."""

from __future__ import annotations

import math
from pathlib import Path

from milp.batch.job import JobLimits
from milp.batch.slot import slot_of_thread
from milp.results.rechecking import Rechecked, recheck_file
from milp.results.record import Outcome

NO_LIMITS = JobLimits(None, math.inf)


def in_slot(folder: Path, path: Path) -> Rechecked:
    """Check one record of a store again; a certificate that brings its process down does not hold.

    Raises
    ------
    milp.batch.slot.Stopped
        If the run was stopped.
    """
    ended = slot_of_thread(None).call(recheck_file, folder, path, limits=NO_LIMITS)
    if ended.outcome is not Outcome.FINISHED:
        return Rechecked(path.name.removesuffix(".json"), "", f"{ended.outcome}: {ended.error}", False)
    checked: Rechecked = ended.value
    return checked
