"""What a store has to look like when a run is over."""

from __future__ import annotations

from pathlib import Path

from milp.results import recheck
from milp.results.record import Exact, Record
from milp.results.store import Store


def outcomes(store: Path) -> dict[str, str]:
    """Return what became of every file, by its name: the status, or the outcome of what did not finish."""
    return {Path(r.source).name: r.status or r.outcome.value for r in Store(store).records()}


def differences(store: Path, expected: dict[str, str]) -> list[str]:
    """Return where the outcomes differ from what is expected."""
    found = outcomes(store)
    names = sorted(expected.keys() | found.keys())
    return [f"{n}: {found.get(n)}, not {expected.get(n)}" for n in names if found.get(n) != expected.get(n)]


def broken(store: Path) -> list[str]:
    """Return the records that do not hold, and files that were left half written."""
    bad = [f"{one.instance} {one.record}: {one.reason}" for one in recheck(store) if one.reason is not None]
    return bad + [f"left behind: {path}" for path in store.glob("*/.*")]


def bounds(store: Path) -> dict[str, tuple[str | None, Exact, Exact]]:
    """Return status, cost and bound of every file that was solved, by its name."""

    def values(record: Record) -> tuple[str | None, Exact, Exact]:
        return record.status, record.value, record.lower_bound

    return {Path(r.source).name: values(r) for r in Store(store).records() if r.status is not None}


def texts(store: Path) -> dict[str, bytes]:
    """Return the content of every record that says that its job finished, by its id."""
    found = Store(store)
    return {r.id: found.record_file(r.id).read_bytes() for r in found.records() if r.status is not None}
