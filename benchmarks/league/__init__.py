"""Heuristics against certified bounds: the law that none beats one, and the table of who comes how near."""
