"""The store: a folder of results that can be cut off at any moment and built upon again."""

from __future__ import annotations

import fcntl
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from instances.errors import InputError
from instances.files.atomic import atomic_write
from milp.results.record import Outcome, Record, StoredFile, encode_record, read_record

logger = logging.getLogger(__name__)

FOLDERS = ("records", "instances", "certificates", "plans")


@dataclass
class Arriving:
    """A file that is not yet a part of the store, and whether it becomes one."""

    path: Path
    kept: bool = False


class Store:
    """A folder of records, and the instances, certificates and plans that they name.

    A record is written last, when all that it names is there, and every file appears whole or not at all.
    Whatever has no record is not known, and is made again.

    Parameters
    ----------
    folder
        The folder; made when it is first written to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for one run, and sweep out what an earlier one left half written.

        Raises
        ------
        InputError
            If another run holds it, or it cannot be written to.
        """
        try:
            for name in FOLDERS:
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            lock = (self.folder / ".lock").open("a")
        except OSError as error:
            raise InputError("a folder that can be written to", error.strerror, file=self.folder) from None
        with lock:
            try:
                # The system lets go of it however the run ends.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    "a store that no other run writes to", "one at work", file=self.folder
                ) from None
            for name in FOLDERS:
                for left in (self.folder / name).glob(".*"):
                    left.unlink(missing_ok=True)
            yield

    def require(self) -> None:
        """Refuse a folder that is no store.

        Raises
        ------
        InputError
            If there are no records in it.
        """
        if not (self.folder / "records").is_dir():
            raise InputError("a folder of results, made by `batchproof batch`", file=self.folder)

    def record_files(self) -> list[Path]:
        """Return the files of all records, in the order of their names."""
        return sorted((self.folder / "records").glob("[!.]*.json"))

    def records(self) -> list[Record]:
        """Read all records; those that cannot be read are left out, with a warning."""
        found = []
        for path in self.record_files():
            try:
                found.append(read_record(path))
            except InputError as error:
                logger.warning("%s", error)
        return found

    def add(self, record: Record) -> None:
        """Write a record; what it names has to be there."""
        with atomic_write(self.record_file(record.id)) as file:
            file.write(encode_record(record))

    def forget(self, record_id: str) -> None:
        """Remove a record if it is there."""
        self.record_file(record_id).unlink(missing_ok=True)

    def record_file(self, record_id: str) -> Path:
        """Return where a record is, or would be."""
        return self.folder / "records" / f"{record_id}.json"

    def instance_file(self, digest: str) -> Path:
        """Return where an instance is, or would be."""
        return self.folder / "instances" / f"{digest}.json.gz"

    def certificate_file(self, record_id: str) -> Path:
        """Return where a certificate is, or would be."""
        return self.folder / "certificates" / f"{record_id}.certificate.json.gz"

    def plan_file(self, record_id: str) -> Path:
        """Return where a plan is, or would be."""
        return self.folder / "plans" / f"{record_id}.plan.jsonl.gz"

    @contextmanager
    def arriving(self, content: bytes, target: Path) -> Iterator[Arriving]:
        """Keep what arrived under another name until it has been looked at; it then takes its place, or goes.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        # The ending says how the file is read.
        arrived = Arriving(target.with_name(f".arrived-{target.name}"))
        try:
            arrived.path.write_bytes(content)
            yield arrived
            if arrived.kept:
                arrived.path.replace(target)
        except OSError as error:
            raise InputError("a place that can be written to", error.strerror, file=target) from None
        finally:
            arrived.path.unlink(missing_ok=True)

    def stored(self, path: Path) -> StoredFile:
        """Return what a record says of a file of the store."""
        return StoredFile(path.relative_to(self.folder).as_posix(), file_digest(path))

    def damage(self, record: Record) -> str | None:
        """Return what is wrong with the files of a record; None if they are as they were recorded."""
        for what, file in (("certificate", record.certificate), ("plan", record.plan)):
            if file is None:
                continue
            path = self.folder / file.path
            if not path.is_file():
                return f"the {what} is missing"
            if file_digest(path) != file.sha256:
                return f"the {what} was changed after it was recorded"
        if record.outcome is Outcome.FINISHED and record.certificate is None:
            return "it names no certificate"
        if record.digest is not None and not self.instance_file(record.digest).is_file():
            return "the instance is missing"
        return None


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
