"""The league: heuristics and plans from elsewhere, measured against a certified bound."""

from heuristics.attempt import Attempt, Outcome
from milp.league.league import LeagueProgress, Rules, run_league
from milp.league.rows import EXACT_ROW, ONE_BY_ONE, League, Row, Standings
from milp.league.streams import solve_stream_by_stream

__all__ = [
    "EXACT_ROW",
    "ONE_BY_ONE",
    "Attempt",
    "League",
    "LeagueProgress",
    "Outcome",
    "Row",
    "Rules",
    "Standings",
    "run_league",
    "solve_stream_by_stream",
]
