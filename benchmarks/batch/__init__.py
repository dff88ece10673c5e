"""Runs of `batchproof batch` that go wrong on purpose: outcomes, kills, losses, overhead, flipped digits."""
