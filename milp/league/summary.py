"""What every contender reached over all instances of a league."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from heuristics.attempt import Outcome
from milp.league.rows import League, Row


@dataclass(frozen=True)
class Summary:
    """One contender over all instances on which it has a row.

    Parameters
    ----------
    name
        Of the row.
    instances
        Instances with a row of the contender, those apart that are certified infeasible.
    outcomes
        On how many of them what came of it; outcomes that never came are left out.
    optimal
        On how many the plan is certified optimal.
    gaps
        The gaps of the plans within limits, ascending; fewer than such plans where a bound is missing.
    seconds
        Wall time over all rows, infeasible instances included.
    """

    name: str
    instances: int
    outcomes: dict[Outcome, int]
    optimal: int
    gaps: tuple[Fraction, ...]
    seconds: float

    @property
    def within(self) -> int:
        """Number of plans within limits."""
        return self.outcomes.get(Outcome.WITHIN, 0)

    @property
    def mean_gap(self) -> Fraction | None:
        """Mean of the gaps; None without any."""
        return sum(self.gaps, Fraction(0)) / len(self.gaps) if self.gaps else None

    @property
    def worst_gap(self) -> Fraction | None:
        """The largest gap; None without any."""
        return self.gaps[-1] if self.gaps else None


def summaries(league: League) -> tuple[Summary, ...]:
    """Return what every contender reached.

    The one with plans within limits on the largest share of its instances comes first; among equals, the one
    with the least mean gap. A mean over the few instances that a contender could plan says little.
    """
    rows: dict[str, list[tuple[Row, bool]]] = {}
    for one in league.standings:
        for row in one.rows:
            rows.setdefault(row.name, []).append((row, one.infeasible))
    found = [_summary(name, mine) for name, mine in rows.items()]
    return tuple(sorted(found, key=_rank))


def _summary(name: str, rows: list[tuple[Row, bool]]) -> Summary:
    possible = [row for row, infeasible in rows if not infeasible]
    counts = {outcome: sum(row.outcome is outcome for row in possible) for outcome in Outcome}
    gaps = sorted(row.gap for row in possible if row.gap is not None)
    return Summary(
        name=name,
        instances=len(possible),
        outcomes={outcome: count for outcome, count in counts.items() if count},
        optimal=gaps.count(Fraction(0)),
        gaps=tuple(gaps),
        seconds=sum(row.attempt.seconds for row, _ in rows),
    )


def _rank(summary: Summary) -> tuple[Fraction, bool, Fraction, str]:
    share = Fraction(summary.within, summary.instances) if summary.instances else Fraction(0)
    mean = summary.mean_gap
    return -share, mean is None, Fraction(0) if mean is None else mean, summary.name
