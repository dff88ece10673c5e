"""A file of runs, one JSON object a line: what a long benchmark has done so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Records:
    """Runs by key; each is appended as soon as it is known.

    Parameters
    ----------
    path
        The file.
    resume
        Whether to keep what is in it; otherwise it starts empty.
    """

    def __init__(self, path: Path, resume: bool) -> None:
        self._path = path
        self.all: list[Record] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        if not resume:
            path.write_text("", encoding="utf-8")
        elif path.exists():
            self.all = [_parsed(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
            # The last line of a run that was cut off may be half a line.
            self.all = [record for record in self.all if record]
            path.write_text("".join(map(_line, self.all)), encoding="utf-8")

    def find(self, key: Record) -> Record | None:
        """Return the run of a key, if it is there."""
        return next((r for r in self.all if all(r.get(k) == v for k, v in key.items())), None)

    def add(self, record: Record) -> None:
        """Append a run."""
        self.all.append(record)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(record))


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _parsed(line: str) -> Record:
    try:
        record: Record = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return record
