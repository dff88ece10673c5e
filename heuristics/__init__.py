"""Fast plans: heuristics, and the assembly of chosen batches into a plan."""

from heuristics.assemble import BatchChoice, assemble
from heuristics.errors import Uncoverable
from heuristics.registry import DESCRIPTIONS, NAMES, run
from heuristics.result import HeuristicResult

__all__ = ["DESCRIPTIONS", "NAMES", "BatchChoice", "HeuristicResult", "Uncoverable", "assemble", "run"]
