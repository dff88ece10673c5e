"""Benchmarks of serving over time."""
