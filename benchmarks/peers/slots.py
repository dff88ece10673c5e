"""The variables of one stream in the program that is written request by request."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.peers.program import Ints


@dataclass(frozen=True, eq=False)
class Slots:
    """The variables of one stream.

    Attributes
    ----------
    group
        Shape (requests,): the group of each request.
    types
        Shape (types,): the batch types of the stream.
    x, t, m
        Shape (slots, requests), (slots, types), (slots, types): columns.
    shape_of
        Shape (types,): position of each type's shape among those of the stream.
    use
        Shape (shapes of the stream,): columns that say whether the stream uses the shape.
    """

    group: Ints
    types: Ints
    x: Ints
    t: Ints
    m: Ints
    shape_of: Ints
    use: Ints
