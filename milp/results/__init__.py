"""Results: a folder of records, certificates and plans that is safe to build up over many runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milp.results.best import best_known
    from milp.results.rechecking import recheck
    from milp.results.record import Outcome, Record
    from milp.results.store import Store
    from milp.results.table import load, save

_HOME = {
    "Outcome": "milp.results.record",
    "Record": "milp.results.record",
    "Store": "milp.results.store",
    "best_known": "milp.results.best",
    "load": "milp.results.table",
    "recheck": "milp.results.rechecking",
    "save": "milp.results.table",
}

__all__ = ["Outcome", "Record", "Store", "best_known", "load", "recheck", "save"]


def __getattr__(name: str) -> Any:
    # Tables bring pandas, which most of a run can do without.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'milp.results' has no attribute {name!r}")
