"""Schedulers over time, measured."""
