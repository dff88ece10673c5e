"""Model B: requests that join and leave a device between rounds."""

from heuristics.schedulers.rounds.registry import POLICIES, RoundOptions, policy
from heuristics.schedulers.rounds.run import run
from heuristics.schedulers.rounds.simulator import simulate

__all__ = ["POLICIES", "RoundOptions", "policy", "run", "simulate"]
