"""Measurements of schedulers over time and of their hindsight bounds."""
