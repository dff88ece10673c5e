"""The runner: hands jobs out, takes reports in, tries again what was lost, and records everything."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from datetime import UTC, datetime
from functools import partial
from typing import Any

from instances.errors import InputError
from milp.batch.arrival import accept
from milp.batch.board import Board
from milp.batch.executors import Workforce
from milp.batch.intake import Planned
from milp.batch.job import Report
from milp.batch.slot import Stopped
from milp.batch.surroundings import versions
from milp.results.record import Outcome, Record
from milp.results.store import Store

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a job is started whose worker is lost."""

TICK = 0.5
"""Seconds after which the workforce is looked after, if nothing happens."""


class Runner:
    """One run over many jobs.

    Parameters
    ----------
    store
        Where results go; held by this run.
    workforce
        Where jobs run.
    board
        What is shown.
    """

    def __init__(self, store: Store, workforce: Workforce, board: Board) -> None:
        self.store, self.workforce, self.board = store, workforce, board
        self.records: list[Record] = []
        self._waiting: deque[Planned] = deque()
        self._working: dict[Future[Report], Planned] = {}
        self._arriving: dict[Future[Record], Planned] = {}

    def run(self, jobs: Iterable[Planned]) -> None:
        """Run all jobs; `records` grows as they end.

        Raises
        ------
        InputError
            If results cannot be written.
        """
        self._waiting.extend(jobs)
        self._hand_out()
        while self._waiting or self._working or self._arriving:
            under_way: list[Future[Any]] = [*self._working, *self._arriving]
            done, _ = wait(under_way, TICK, FIRST_COMPLETED)
            before = len(self.records)
            for future in done:
                if future in self._working:
                    self._returned(future)
                else:
                    self._arrived(future)
            self._look_after()
            # People can wait longer than processes.
            self._hand_out()
            for record in self.records[before:]:
                self.board.ended(record)

    def _hand_out(self) -> None:
        busy = len(self._arriving) if self.workforce.shared else 0
        while self._waiting and len(self._working) + busy < self.workforce.room:
            planned = self._waiting.popleft()
            planned.attempts += 1
            planned.started = planned.started or datetime.now(UTC).isoformat(timespec="seconds")
            job_id = planned.key.id
            if self.workforce.shared:
                # Elsewhere it may wait for a worker, which then says that it starts.
                self.board.started(job_id, planned.label)
            job = planned.job(self.store)
            future = self.workforce.submit(job, partial(self.board.told, job_id))
            self._working[future] = planned

    def _returned(self, future: Future[Report]) -> None:
        """Take a report, and have it verified; or start the job again if there is none."""
        planned = self._working.pop(future)
        planned.restarts += self.workforce.forget(planned.key.id)
        try:
            report = future.result()
        except Stopped:
            raise KeyboardInterrupt from None
        except CancelledError:
            self._lost(planned, "its worker was lost")
            return
        except Exception as error:
            self._lost(planned, f"{type(error).__name__}: {error}")
            return
        ours, theirs = versions()["batchproof"], report.versions.get("batchproof")
        if ours != theirs:
            self._lost(planned, f"its worker has batchproof {theirs}, not {ours}")
        elif report.outcome is Outcome.LOST:
            self._lost(planned, report.error or "its worker was lost")
        else:
            self._accept(planned, report)

    def _accept(self, planned: Planned, report: Report) -> None:
        future = self.workforce.here.submit(accept, planned, report, self.store)
        self._arriving[future] = planned

    def _arrived(self, future: Future[Record]) -> None:
        """Take a record; only a store that cannot be written to stops the run."""
        planned = self._arriving.pop(future)
        try:
            record = future.result()
        except Stopped:
            raise KeyboardInterrupt from None
        except (InputError, OSError):
            raise
        except Exception as error:
            logger.exception("recording %s", planned.key.id)
            report = Report(Outcome.CRASHED, f"recording it: {type(error).__name__}: {error}")
            record = accept(planned, report, self.store)
        self.records.append(record)

    def _lost(self, planned: Planned, why: str) -> None:
        """Start a job again whose worker was lost, but not for ever."""
        self.board.withdrawn(planned.key.id)
        why = " ".join(why.split())
        if planned.attempts < ATTEMPTS:
            self.board.note(f"{planned.label}: {why}; attempt {planned.attempts + 1} of {ATTEMPTS}")
            self._waiting.append(planned)
        else:
            self._accept(planned, Report(Outcome.LOST, f"{why}, {ATTEMPTS} times"))

    def _look_after(self) -> None:
        for job_id in self.workforce.tend():
            for future, planned in list(self._working.items()):
                if planned.key.id == job_id:
                    del self._working[future]
                    future.cancel()
                    self._lost(planned, "nothing is heard of its worker")
