"""Traces become instances of a named machine."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from instances.convert import convert, parse_granularity, trace_name
from instances.errors import InputError
from instances.limits import LatencyLimit, Limits
from instances.presets import PRESETS
from instances.traces.terminal_bench import STREAMS

DATA = Path(os.environ.get("BATCHPROOF_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
LINES = """{"request_id": "%s1", "prompt_len": 70, "gen_len": 9}
{"request_id": "%s2", "prompt_len": 5, "gen_len": 6}
"""


def real(name: str) -> Path:
    """Return the path of real data, or skip the test."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not in {DATA}")
    return path


def bench(folder: Path, second: str = "alt-") -> Path:
    """Write a small benchmark folder, and return it."""
    for (_, file, _), prefix in zip(STREAMS, ("r-", second), strict=True):
        (folder / file).write_text(LINES % (prefix, prefix))
    return folder


def test_azure_conversation_trace() -> None:
    """The public conversation trace has all its requests and tokens, and 609 groups at 64×32."""
    instance, report = convert(
        real("azure/AzureLLMInferenceTrace_conv.csv"),
        "azure",
        "token",
        granularity=(64, 32),
        count_cost=Fraction(20000),
    )
    (stream,) = instance.streams
    demand = stream.demand
    assert (report.read, report.kept, report.dropped) == (19366, 19366, {})
    assert demand.requests == 19366
    assert int(demand.prompt @ demand.count) == 22_361_870
    assert int(demand.gen @ demand.count) == 4_088_665
    assert demand.ids is None
    assert instance.name == "AzureLLMInferenceTrace_conv"
    assert instance.shapes.gen is not None
    corners = np.stack([instance.shapes.prompt.align(demand.prompt), instance.shapes.gen.align(demand.gen)])
    assert np.unique(corners, axis=1).shape[1] == 609


def test_terminal_bench_streams() -> None:
    """The public benchmark is one instance of two streams of 800 requests with its limits."""
    instance, report = convert(real("terminal-bench"), "terminal-bench")
    assert [stream.demand.requests for stream in instance.streams] == [800, 800]
    assert report.kept == 1600
    for stream, prefix in zip(instance.streams, ("r-", "alt-"), strict=True):
        assert stream.demand.ids is not None
        assert all(name.startswith(prefix) for name in stream.demand.ids)


def test_terminal_bench_limits(tmp_path: Path) -> None:
    """The streams carry the benchmark's limits, exactly, and share eight shapes."""
    instance, _ = convert(bench(tmp_path), "terminal-bench")
    assert [stream.name for stream in instance.streams] == ["bucket 1", "bucket 2"]
    assert instance.max_shapes == 8
    assert instance.streams[0].limits == Limits(
        cost=Fraction(3 * 10**11),
        pad_ratio=Fraction(55, 1000),
        latency=(LatencyLimit(Fraction(2_100_000), Fraction(95, 100)),),
        total_time=Fraction(270_000_000),
    )
    assert instance.streams[1].limits == Limits(
        cost=Fraction(48 * 10**9),
        pad_ratio=Fraction(15, 100),
        latency=(LatencyLimit(Fraction(210_000), Fraction(95, 100)),),
        total_time=Fraction(32_000_000),
    )


def test_limits_belong_to_their_machine(tmp_path: Path) -> None:
    """On another machine, whose costs and times mean something else, the benchmark's limits do not apply."""
    instance, _ = convert(bench(tmp_path), "terminal-bench", "token", max_shapes=3)
    assert all(stream.limits == Limits() for stream in instance.streams)
    assert instance.max_shapes == 3


def test_identifiers_must_differ_over_streams(tmp_path: Path) -> None:
    """One identifier in both streams is refused, naming the folder."""
    with pytest.raises(
        InputError, match=r"distinct over all streams, found 'r-. twice|distinct.*r-"
    ) as caught:
        convert(bench(tmp_path, "r-"), "terminal-bench")
    assert caught.value.file == str(tmp_path)


def test_identifiers_must_differ_in_a_file(tmp_path: Path) -> None:
    """One identifier for two requests is refused, naming the file."""
    path = tmp_path / "twice.jsonl"
    path.write_text((LINES % ("r-", "r-")) * 2)
    with pytest.raises(InputError, match=r"twice\.jsonl, request_id: expected distinct"):
        convert(path, "jsonl")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset(tmp_path: Path, preset: str) -> None:
    """Every machine takes a trace; the options reach the instance."""
    path = tmp_path / "small.jsonl"
    path.write_text(LINES % ("r-", "r-"))
    instance, report = convert(
        path, "jsonl", preset, granularity=(32, None), count_cost=Fraction(5, 2), max_shapes=4, name="own"
    )
    assert (instance.name, instance.max_shapes, instance.cost.count.quadratic) == ("own", 4, Fraction(5, 2))
    assert instance.shapes.prompt.granularity == 32
    assert report.kept == 2


def test_first(tmp_path: Path) -> None:
    """Only the first requests are kept if so asked."""
    path = tmp_path / "small.jsonl"
    path.write_text(LINES % ("r-", "r-"))
    instance, report = convert(path, "jsonl", first=1)
    assert (instance.requests, report.read) == (1, 1)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"format": "csv"}, "format"),
        ({"preset": "gpu"}, "preset"),
        ({"granularity": (64, 32)}, "granularity"),
        ({"granularity": (0, None)}, None),
        ({"count_cost": Fraction(-1)}, None),
        ({"max_shapes": 0}, "max_shapes"),
        ({"first": 0}, "first"),
    ],
)
def test_bad_options(tmp_path: Path, options: dict[str, object], field: str | None) -> None:
    """An option that cannot be used is an InputError."""
    path = tmp_path / "small.jsonl"
    path.write_text(LINES % ("r-", "r-"))
    with pytest.raises(InputError) as caught:
        convert(path, **{"format": "jsonl", "preset": "static-graph", **options})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("text", "granularity"),
    [("64", (64, None)), ("64x32", (64, 32)), ("64X32", (64, 32)), (" 64×32 ", (64, 32)), ("1", (1, None))],
)
def test_granularity(text: str, granularity: tuple[int, int | None]) -> None:
    """A granularity is one size, or two with an x between."""
    assert parse_granularity(text) == granularity


@pytest.mark.parametrize(
    "text",
    ["", "x", "0", "-64", "64x", "x64", "64x0", "64x32x1", "6.4", "1e3", "٦٤", "64 32", "9" * 400, "64\n3"],
)
def test_bad_granularity(text: str) -> None:
    """Anything else is refused in one line."""
    with pytest.raises(InputError, match="granularity: expected a granularity such as 64 or 64x32") as caught:
        parse_granularity(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "name"), [("a/conv.csv.gz", "conv"), ("b.jsonl", "b"), ("a/v1.2", "v1.2"), ("a/bench/", "bench")]
)
def test_trace_name(path: str, name: str) -> None:
    """An instance is named after its trace, without the suffixes of files."""
    assert trace_name(path) == name
