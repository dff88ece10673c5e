"""Why an instance has no plan, or a plan misses its limits, and what mends it; all of it computed."""

from milp.explain.explanation import Explanation, PlanExplanation, explain, explain_plan

__all__ = ["Explanation", "PlanExplanation", "explain", "explain_plan"]
