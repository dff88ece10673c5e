"""Checking a store again: every certificate against its instance, and every record against both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from instances.errors import InputError
from milp.results.record import Outcome, Record, fraction_of, read_record
from milp.results.store import Store
from milp.status import Status


@dataclass(frozen=True)
class Rechecked:
    """What became of one record.

    Parameters
    ----------
    record
        Its id, which is the name of its file.
    instance
        Name of the instance; empty if the record cannot be read.
    reason
        Why it does not hold; None if it does.
    certified
        Whether there was a certificate to check.
    """

    record: str
    instance: str
    reason: str | None
    certified: bool


def recheck(
    folder: str | Path,
    *,
    pool: Executor | None = None,
    one: Callable[[Path, Path], Rechecked] | None = None,
    progress: Callable[[Rechecked], None] | None = None,
) -> list[Rechecked]:
    """Check every record of a store again, trusting the instances in it alone.

    A record holds if its files are as they were recorded, and the verifier finds in its certificate the very
    bounds that it says. Failures have no certificate, and hold.

    Parameters
    ----------
    folder
        The store.
    pool
        Where to check them; one after another without it.
    one
        Checks one record, given the folder and its file; `recheck_file` by default.
    progress
        Called with each, in order.

    Raises
    ------
    InputError
        If the folder is no store.
    """
    store = Store(folder)
    store.require()
    files = store.record_files()
    folders = [store.folder] * len(files)
    checked = []
    for found in (map if pool is None else pool.map)(one or recheck_file, folders, files):
        checked.append(found)
        if progress is not None:
            progress(found)
    return checked


def recheck_file(folder: Path, path: Path) -> Rechecked:
    """Check one record of a store again."""
    name, store = path.name.removesuffix(".json"), Store(folder)
    try:
        record = read_record(path)
    except InputError as error:
        return Rechecked(name, "", str(error), False)
    certified = record.certificate is not None
    try:
        return Rechecked(name, record.instance, _reason(store, name, record), certified)
    except InputError as error:
        return Rechecked(name, record.instance, str(error), certified)


def _reason(store: Store, name: str, record: Record) -> str | None:
    """Return why a record does not hold; None if it does."""
    key = record.key
    if record.id != name or (key is not None and key.id != name):
        return "the record's name does not fit what it is about"
    if record.outcome is not Outcome.FINISHED:
        return None
    damage, verdict = store.damage(record), None
    if record.certificate is not None and (store.folder / record.certificate.path).is_file():
        verdict = _verdict(store, record)
    both = [text for text in (damage, verdict) if text is not None]
    return "; ".join(both) or None


def _verdict(store: Store, record: Record) -> str | None:
    """Return what the verifier has against a record."""
    from instances import digest, read
    from milp.certificate_file import read_certificate
    from milp.verifier import verify

    if record.certificate is None or record.digest is None:
        return "it names no certificate"
    instance = read(store.instance_file(record.digest))
    if digest(instance) != record.digest:
        return "the instance was changed after it was recorded"
    verdict = verify(instance, read_certificate(store.folder / record.certificate.path))
    if not verdict.certified:
        return f"the certificate is rejected: {verdict.reason}"
    status = Status.NO_PLAN if verdict.status is Status.BOUND else verdict.status
    if record.status != status:
        return f"the certificate proves {status}, not {record.status}"
    for what, said, proven in (
        ("value", record.value, verdict.upper_bound),
        ("lower bound", record.lower_bound, verdict.lower_bound),
        ("gap", record.gap, verdict.gap),
    ):
        if fraction_of(said) != proven:
            return f"the certificate proves a {what} of {proven}, not {said}"
    return None
