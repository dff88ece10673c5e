"""Hindsight bounds of model A: devices that run one batch at a time, each to its completion."""
