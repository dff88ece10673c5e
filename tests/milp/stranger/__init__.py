"""A second verifier, written from FORMAT.md: plain integers and dictionaries; § is a section there."""

from tests.milp.stranger.verdict import accepts

__all__ = ["accepts"]
