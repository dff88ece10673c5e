"""Schedulers over time, measured against what hindsight could have done at best."""
