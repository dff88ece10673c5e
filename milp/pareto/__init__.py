"""Trade-off curves between two metrics: what is reachable, and what is proven not to be."""

from milp.pareto.axis import Axis
from milp.pareto.curve import Curve, Line, Point
from milp.pareto.search import trace

__all__ = ["Axis", "Curve", "Line", "Point", "trace"]
