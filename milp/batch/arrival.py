"""A report arrives: it is verified, and becomes a record."""

from __future__ import annotations

import msgspec

from milp.batch import tasks
from milp.batch.intake import Planned
from milp.batch.job import Report
from milp.batch.slot import slot_of_thread
from milp.results.record import Outcome, Record
from milp.results.store import Store
from milp.status import Status


def accept(planned: Planned, report: Report, store: Store) -> Record:
    """Verify what a job reports against the instance in the store, and record it.

    Nothing that the worker says of a bound counts: the exact verifier recomputes all of it here, in a process
    under the limits of the job.

    Raises
    ------
    milp.batch.slot.Stopped
        If the run was stopped.
    """
    record = _unchecked(planned, report)
    if report.outcome is Outcome.FINISHED:
        _check(record, planned, report, store)
    store.add(record)
    return record


def _unchecked(planned: Planned, report: Report) -> Record:
    key, taken = planned.key, planned.taken
    return Record(
        id=key.id,
        outcome=report.outcome,
        error=report.error,
        instance=taken.name,
        digest=key.digest,
        source=planned.source,
        engine=key.engine,
        settings=key.settings,
        version=key.version,
        limits=msgspec.to_builtins(planned.limits),
        requests=taken.requests,
        distinct_lengths=taken.distinct_lengths,
        streams=taken.streams,
        wall_s=_rounded(report.wall_s),
        cpu_s=_rounded(report.cpu_s),
        peak_mib=_rounded(report.peak_mib),
        attempts=planned.attempts + planned.restarts,
        started=planned.started,
        versions=report.versions,
        machine=report.machine,
        trace=report.trace,
        log=report.log,
    )


def _check(record: Record, planned: Planned, report: Report, store: Store) -> None:
    """Put into a record what the verifier finds."""
    solved = report.solved
    if solved is None or solved.certificate is None:
        record.outcome, record.error = Outcome.REJECTED, "no certificate came back"
        return
    found = slot_of_thread(None).call(
        tasks.check,
        store.instance_file(planned.key.digest),
        solved.certificate,
        store.folder,
        record.id,
        limits=planned.limits,
    )
    if found.outcome is not Outcome.FINISHED:
        record.outcome, record.error, record.log = found.outcome, f"verification: {found.error}", found.log
        if found.outcome is Outcome.BAD_INPUT:
            record.outcome = Outcome.REJECTED
        return
    checked: tasks.Checked = found.value
    verdict = checked.verdict
    record.runtime_s, record.times_s = solved.record["runtime_s"], solved.record["times_s"]
    record.verify_s, record.leaves = verdict["runtime_s"], verdict["leaves"]
    record.claimed_bound = solved.record["claimed_bound"]
    record.claimed_bound_float = solved.record["claimed_bound_float"]
    if not verdict["certified"]:
        record.outcome, record.error = Outcome.REJECTED, f"the certificate is rejected: {verdict['reason']}"
        return
    record.certified, record.minimized = True, verdict["minimized"]
    for name in ("value", "lower_bound", "gap"):
        setattr(record, name, verdict[name])
        setattr(record, f"{name}_float", verdict[f"{name}_float"])
    total = checked.evaluation.get("total", {})
    record.cost, record.cost_float = total.get("cost"), total.get("cost_float")
    # A bound without a plan is a search that found none.
    no_plan = verdict["status"] == Status.BOUND
    record.status = Status.NO_PLAN.value if no_plan else verdict["status"]
    record.evaluation = checked.evaluation
    record.certificate = store.stored(store.certificate_file(record.id))
    if checked.evaluation:
        record.plan = store.stored(store.plan_file(record.id))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
