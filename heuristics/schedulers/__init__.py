"""Schedulers over time: simulators of the two machine models and the policies that they run."""
