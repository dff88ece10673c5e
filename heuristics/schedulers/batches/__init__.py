"""Model A, batches that run to completion: its simulator and its policies."""

from heuristics.schedulers.batches.registry import POLICIES, BatchOptions, policy
from heuristics.schedulers.batches.run import run
from heuristics.schedulers.batches.simulator import simulate, without_oversized

__all__ = ["POLICIES", "BatchOptions", "policy", "run", "simulate", "without_oversized"]
