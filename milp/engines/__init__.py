"""Engines: whatever takes a formulation and returns a solution and a claimed bound."""

from milp.engines.registry import available, engine

__all__ = ["available", "engine"]
