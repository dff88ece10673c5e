"""What can be said of an instance before any plan is searched for, and the least that each metric can be."""

from milp.analysis.analysis import Analysis, StreamAnalysis, analyze
from milp.analysis.floors import Floor
from milp.analysis.lengths import Lengths

__all__ = ["Analysis", "Floor", "Lengths", "StreamAnalysis", "analyze"]
