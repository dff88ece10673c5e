"""What an instance refuses whatever it was built from."""

from __future__ import annotations

from typing import Any

import pytest

from instances.demand import MAX_COUNT, Demand
from instances.errors import InputError
from instances.instance import MAX_REQUESTS, Instance, Stream
from instances.presets import preset


def built(rows: int, name: str = "s") -> Stream:
    """Return a stream of rows that each stand for as many requests as a row may."""
    lengths = list(range(1, rows + 1))
    return Stream(name, Demand.from_histogram(lengths, lengths, [MAX_COUNT] * rows))


def test_requests_of_all_streams_are_limited() -> None:
    """10¹⁸ requests are accepted, and one row more is refused, whichever streams hold them."""
    machine: dict[str, Any] = preset("token")
    rows = MAX_REQUESTS // MAX_COUNT
    half = built(rows // 2, "a")
    assert Instance("most", (half, built(rows // 2, "b")), **machine).requests == MAX_REQUESTS
    with pytest.raises(InputError, match="at most 1000000000000000000 requests, found 1001000000000000000"):
        Instance("over", (half, built(rows // 2 + 1, "b")), **machine)


def test_a_request_id_of_two_streams_is_named() -> None:
    """An identifier that two streams share is refused by name."""
    streams = tuple(Stream(name, Demand.from_requests([1, 2], [1, 1], [f"{name}1", "x"])) for name in "ab")
    with pytest.raises(InputError, match="distinct over all streams, found 'x' twice"):
        Instance("shared", streams, **preset("token"))
