"""A league as a dictionary for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milp.cli.records import Record, evaluation_record, exact

if TYPE_CHECKING:
    from milp.league import League, Row, Standings
    from milp.league.summary import Summary


def league_record(league: League) -> Record:
    """Return every row of a league with all that is known of its plan, plans apart."""
    from milp.league.summary import summaries

    return {
        "status": "complete" if league.complete else "interrupted",
        "runtime_s": round(league.seconds, 3),
        "instances": [_standings(one) for one in league.standings],
        "summary": [_summary(summary) for summary in summaries(league)],
    }


def _standings(one: Standings) -> Record:
    from instances import digest

    result = one.result
    return {
        "instance": one.instance.name,
        "digest": digest(one.instance),
        "status": None if result is None else result.status.value,
        "certified": result is not None and result.certified,
        **exact("lower_bound", one.lower_bound),
        "rows": [_row(one, row) for row in one.rows],
    }


def _row(one: Standings, row: Row) -> Record:
    attempt = row.attempt
    record: Record = {
        "name": row.name,
        "source": row.source,
        "outcome": row.outcome.value,
        "reason": attempt.reason,
        **exact("gap", row.gap),
        **exact("cost", row.cost),
        "seconds": None if row.seconds is None else round(row.seconds, 4),
    }
    if attempt.plan is not None and attempt.evaluation is not None:
        record |= evaluation_record(one.instance, attempt.plan, attempt.evaluation)
    return record


def _summary(summary: Summary) -> Record:
    return {
        "name": summary.name,
        "instances": summary.instances,
        "outcomes": {outcome.value: count for outcome, count in summary.outcomes.items()},
        "optimal": summary.optimal,
        **exact("mean_gap", summary.mean_gap),
        **exact("worst_gap", summary.worst_gap),
        "seconds": round(summary.seconds, 3),
    }
