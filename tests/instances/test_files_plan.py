"""Plan files: round trips, the public spelling, and plans with mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from instances import Demand, InputError, Instance, Plan, Stream, evaluate, preset, read_plan, write_plan
from instances.demand import MAX_COUNT
from tests.strategies import SEEDS, instances, random_plan

KEYS = {"heads_align": 32, "hidden_align": 4096}


def with_ids(instance: Instance) -> Instance:
    """Return the instance with an id for every request."""
    streams = []
    for stream in instance.streams:
        demand = stream.demand
        names = np.array([f'{stream.name} "é" {k}' for k in range(demand.requests)], dtype=object)
        streams.append(replace(stream, demand=replace(demand, ids=names)))
    return replace(instance, streams=tuple(streams))


def without_ids(instance: Instance) -> Instance:
    """Return the instance with histograms for requests."""
    streams = (replace(s, demand=replace(s.demand, ids=None)) for s in instance.streams)
    return replace(instance, streams=tuple(streams))


@given(instances(), SEEDS)
def test_a_plan_reads_back_with_an_equal_evaluation(instance: Instance, seed: int) -> None:
    """Cost, percentiles, cold starts and violations survive the file, with ids and without."""
    plan = random_plan(instance, seed)
    if plan is None:
        return
    expected = evaluate(instance, plan)
    mixed = replace(instance, streams=(with_ids(instance).streams[0], *without_ids(instance).streams[1:]))
    with TemporaryDirectory() as folder:
        for number, variant in enumerate((with_ids(instance), without_ids(instance), mixed)):
            path = Path(folder) / f"{number}.jsonl{'.gz' * (number % 2)}"
            write_plan(plan, variant, path)
            back = read_plan(path, variant)
            assert not back.defects
            found = evaluate(variant, back)
            assert (found.total, found.streams) == (expected.total, expected.streams)
            assert [v.kind for v in found.violations] == [v.kind for v in expected.violations]


def test_copies_are_written_out_request_by_request(tmp_path: Path) -> None:
    """Equal batches get batch ids and request ids of their own, ids of equal requests in file order."""
    demand = Demand.from_requests([5, 5, 70, 5, 5], [3, 3, 4, 3, 3], ["a", "b", "c", "d", "e"])
    instance = Instance("i", (Stream("s", demand),), **preset("static-graph"))
    zero = np.zeros(2, dtype=np.int64)
    plan = Plan(
        zero,
        np.array([64, 128]),
        zero,
        zero,
        np.array([2, 1]),
        np.array([0, 1]),
        np.array([0, 1]),
        np.array([2, 1]),
        np.array([1, 0]),
    )
    write_plan(plan, instance, tmp_path / "p.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    placed = [(row["request_id"], row["batch_id"]) for row in rows]
    assert placed == [("a", "b-0001"), ("b", "b-0001"), ("d", "b-0002"), ("e", "b-0002"), ("c", "b-0000")]
    assert rows[0]["shape"] == {"seq_align": 64, **KEYS}
    assert evaluate(instance, read_plan(tmp_path / "p.jsonl", instance)) == evaluate(instance, plan)
    with pytest.raises(InputError, match="at most once"):
        write_plan(replace(plan, entry_count=np.array([3, 1])), instance, tmp_path / "q.jsonl")
    assert not (tmp_path / "q.jsonl").exists()


def test_a_histogram_of_a_billion_is_written_by_batches(tmp_path: Path) -> None:
    """The file of a plan for a histogram grows with its batches, not with the requests."""
    instance = Instance("i", (Stream("s", Demand.from_histogram([5], [3], [10**12])),), **preset("token"))
    zero, one = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    plan = Plan(zero, one * 64, one * 64, zero, one * 10**9, zero, zero, one * 1000, zero)
    write_plan(plan, instance, tmp_path / "p.jsonl")
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) == 1
    back = read_plan(tmp_path / "p.jsonl", instance)
    assert evaluate(instance, back) == evaluate(instance, plan)
    assert not evaluate(instance, back).violations


def read_rows(rows: list[dict[str, Any]], folder: Path) -> list[str]:
    """Return the violations of a plan file for two streams of two requests each."""
    streams = (
        Stream("s", Demand.from_requests([5, 70], [3, 4], ["a", "b"])),
        Stream("t", Demand.from_requests([5, 70], [3, 4], ["c", "d"])),
    )
    instance = Instance("i", streams, **preset("static-graph"))
    path = folder / "p.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [str(violation) for violation in evaluate(instance, read_plan(path, instance)).violations]


def row(request: str, batch: str | int, seq: int = 128, **more: Any) -> dict[str, Any]:
    """Return a line of a plan file as the public benchmark spells it."""
    return {"request_id": request, "batch_id": batch, "shape": {"seq_align": seq, **KEYS}, **more}


SOUND = [row("a", "x"), row("b", "x"), row("c", "y"), row("d", "y")]
LENGTHS = "1 of prompt 5, gen 3"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (SOUND, []),
        ([{**r, "note": 1} for r in SOUND], []),
        ([{**r, "shape": {"prompt": 128}} for r in SOUND], []),
        (SOUND[1:], [f"missing request: stream s: {LENGTHS}"]),
        ([*SOUND, row("z", "y")], ["unknown request: z"]),
        ([*SOUND, row("z", "w")], ["unknown request: z"]),
        ([*SOUND, row("a", "w")], ["duplicate request: a"]),
        ([*SOUND, row("a", "y")], ["duplicate request: a"]),
        ([*SOUND[1:], row("a", "x", 192)], ["shapes differ within a batch: batch x"]),
        ([*SOUND[1:], row("a", "y")], ["streams differ within a batch: batch y"]),
        ([*SOUND[:2], row("c", "y", 64), row("d", "y", 64)], ["shape too small: batch y: 64"]),
        ([*SOUND[1:], row("a", "w", 100)], ["shape not allowed: 100"]),
        (
            [{**SOUND[0], "shape": {"seq_align": 128, **KEYS, "heads_align": 8}}, *SOUND[1:]],
            ["shape not allowed: batch x: heads_align 8 instead of 32"],
        ),
        (
            [row("z", "x")],
            ["unknown request: z"]
            + [
                f"missing request: stream {s}: 1 of prompt {p}"
                for s in "st"
                for p in ("5, gen 3", "70, gen 4")
            ],
        ),
    ],
)
def test_mistakes_are_named_once(rows: list[dict[str, Any]], expected: list[str], tmp_path: Path) -> None:
    """A plan with a mistake is read, and the mistake reported once, by the name of the request or batch."""
    assert read_rows(rows, tmp_path) == expected


def test_many_mistakes_of_one_kind_are_counted(tmp_path: Path) -> None:
    """A plan for another instance gives a short list, not a line per request."""
    found = read_rows([*SOUND, *(row(f"z{k}", "y") for k in range(1000))], tmp_path)
    assert len(found) == 21
    assert found[-1] == "unknown request: and 980 more"


def test_histogram_rows_are_checked(tmp_path: Path) -> None:
    """Rows without ids name lengths that the stream has, and too many requests are duplicates."""
    shape = {"seq_align": 128, **KEYS}
    line = {"stream": "s", "prompt_len": 5, "gen_len": 3, "count": 2, "batch_id": 7, "shape": shape}
    found = read_rows([line, {**line, "gen_len": 9}, {**line, "stream": "u"}, *SOUND[1:]], tmp_path)
    assert found == [
        "unknown request: stream s: prompt 5, gen 9",
        "unknown request: stream u: prompt 5, gen 3",
        f"duplicate request: stream s: {LENGTHS}",
    ]
    with pytest.raises(InputError, match="line 1: expected a stream"):
        read_rows([{**line, "stream": None}], tmp_path)
    huge = {**line, "count": MAX_COUNT, "copies": MAX_COUNT}
    with pytest.raises(InputError, match="serves at most"):
        read_rows([huge], tmp_path)


@pytest.mark.parametrize(
    ("first", "second", "order"), [("10", "9", [0, 1]), (10, 9, [1, 0]), (10, "9", [0, 1])]
)
def test_batch_ids_are_ordered_as_text_or_as_numbers(
    first: str | int, second: str | int, order: list[int], tmp_path: Path
) -> None:
    """The order of ids decides the cold start: text by code points, whole numbers by value."""
    demand = Demand.from_requests([5, 5], [3, 3], ["a", "b"])
    instance = Instance("i", (Stream("s", demand),), **preset("static-graph"))
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(row("a", first)) + "\n" + json.dumps(row("b", second)) + "\n")
    plan = read_plan(path, instance)
    assert plan.id_rank.tolist() == order
    assert plan.names == (str(first), str(second))
