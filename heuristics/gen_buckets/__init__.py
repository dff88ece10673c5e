"""Gens in buckets of equal width: derived from the padding that is allowed, or found by bisection."""

from heuristics.gen_buckets.bisection import gen_bisection
from heuristics.gen_buckets.gen_buckets import gen_buckets

__all__ = ["gen_bisection", "gen_buckets"]
