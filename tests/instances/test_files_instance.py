"""Instance files: what is written is read back, exactly and however it is laid out."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import Demand, InputError, Instance, LatencyLimit, Limits, Stream, digest, preset, read, write
from instances.files import atomic_write
from instances.files.numbers import exact, number
from instances.instance import ShapeKeys
from tests.strategies import instances

RATIONALS = st.fractions(min_value=0, max_value=10**18, max_denominator=10**15)
TEXT = {"format": "batchproof-instance/1", "shapes": {"prompt": {"granularity": 64}}}


def same(left: Instance, right: Instance) -> bool:
    """Tell whether two instances agree in every field, ids and names included."""
    for field in fields(Instance):
        if field.name != "streams" and getattr(left, field.name) != getattr(right, field.name):
            return False
    return len(left.streams) == len(right.streams) and all(
        a.name == b.name and a.limits == b.limits and same_demand(a.demand, b.demand)
        for a, b in zip(left.streams, right.streams, strict=True)
    )


def same_demand(left: Demand, right: Demand) -> bool:
    """Tell whether two demands have the same rows and ids."""
    ids = (left.ids is None) == (right.ids is None) and (left.ids is None or (left.ids == right.ids).all())
    columns = ("prompt", "gen", "count")
    return bool(ids) and all(np.array_equal(getattr(left, c), getattr(right, c)) for c in columns)


def requests(value: Any, path: Path) -> Demand:
    """Return the demand of an instance file whose only stream has these requests."""
    path.write_text(json.dumps({**TEXT, "streams": [{"name": "a", "requests": value}]}))
    return read(path).streams[0].demand


@given(instances())
def test_what_is_written_is_read_back(instance: Instance) -> None:
    """A file holds every field of an instance, exactly, so that nothing depends on having been saved."""
    with TemporaryDirectory() as folder:
        for name in ("i.json", "i.json.gz"):
            write(instance, Path(folder) / name)
            back = read(Path(folder) / name)
            assert same(instance, back)
            assert digest(instance) == digest(back)


@given(RATIONALS)
def test_numbers_keep_their_value(value: Fraction) -> None:
    """Every rational of up to 40 digits is written in a form that reads as the same rational."""
    assert exact(number(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("3.0e11", Fraction(3 * 10**11)),
        ('"1/3"', Fraction(1, 3)),
        ('"0.055"', Fraction(11, 200)),
        ("12345678901234567890123", Fraction(12345678901234567890123)),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction, tmp_path: Path) -> None:
    """JSON numbers are decimals, not binary floats, and rationals may be strings."""
    streams = '"streams": [{"name": "a", "requests": {"prompt_len": [1], "gen_len": [1]}}]'
    body = json.dumps(TEXT)[:-1] + f', {streams}, "cost": {{"batch": {text}}}}}'
    (tmp_path / "i.json").write_text(body)
    assert read(tmp_path / "i.json").cost.batch == value


def test_requests_may_be_spelled_in_every_way(tmp_path: Path) -> None:
    """Columns, rows, histograms and all file formats with the same requests are the same problem."""
    path = tmp_path / "i.json"
    rows = [{"prompt_len": 9, "gen_len": 2}, {"prompt_len": 5, "gen_len": 3}, {"prompt_len": 9, "gen_len": 2}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    table = "\ufeffgen_len,prompt_len,count\r\n3,5,1\r\n2,9,1\r\n\r\n2,9,1"
    (tmp_path / "r.jsonl").write_text(lines)
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "r.csv").write_text(table)
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(table.encode()))
    expected = Demand.from_histogram([5, 9], [3, 2], [1, 2])
    for value in (
        rows,
        {"prompt_len": [9, 5, 9], "gen_len": [2, 3, 2]},
        {"prompt_len": [9, 5], "gen_len": [2, 3], "count": [2, 1]},
        [{**rows[0], "count": 2}, rows[1]],
        *({"file": f"r{suffix}"} for suffix in (".jsonl", ".jsonl.gz", ".csv", ".csv.gz")),
    ):
        assert same_demand(requests(value, path), expected)


def test_parquet_is_read_or_says_what_is_missing(tmp_path: Path) -> None:
    """Parquet needs an extra; without it the error says which, with it the requests are read."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        (tmp_path / "r.parquet").write_bytes(b"PAR1")
        with pytest.raises(InputError, match=r"pyarrow.*batchproof\[parquet\]"):
            requests({"file": "r.parquet"}, tmp_path / "i.json")
        return
    columns = {"request_id": ["a", "b"], "prompt_len": [7, 5], "gen_len": [1, 2]}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "r.parquet")
    demand = requests({"file": "r.parquet"}, tmp_path / "i.json")
    assert same_demand(demand, Demand.from_requests([7, 5], [1, 2], ["a", "b"]))
    pyarrow.parquet.write_table(pyarrow.table({**columns, "gen_len": [1, 0]}), tmp_path / "r.parquet")
    with pytest.raises(InputError, match="gen_len: expected an integer"):
        requests({"file": "r.parquet"}, tmp_path / "i.json")


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    """What is no Parquet file gives one line, not an error of the library."""
    pytest.importorskip("pyarrow")
    (tmp_path / "r.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(InputError, match="a Parquet file") as caught:
        requests({"file": "r.parquet"}, tmp_path / "i.json")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("with_ids", [True, False])
def test_many_requests_go_to_a_file_beside(with_ids: bool, tmp_path: Path) -> None:
    """More than 5,000 rows make a sidecar, unless asked otherwise; both read as the same instance."""
    lengths = np.arange(1, 6001)
    ids = [f"r{k}" for k in lengths] if with_ids else None
    stream = Stream("b / 1", Demand.from_requests(lengths, lengths[::-1], ids))
    instance = Instance("big", (replace(stream, name="b 1"),), **preset("static-graph"))
    write(instance, tmp_path / "out.json.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.0-b-1.jsonl.gz", "out.json.gz"]
    assert same(read(tmp_path / "out.json.gz"), instance)
    write(instance, tmp_path / "one.json", inline=True)
    assert len(list(tmp_path.iterdir())) == 3
    assert same(read(tmp_path / "one.json"), instance)


def test_the_digest_is_of_the_problem_alone() -> None:
    """Ids, names of files and spelling of shapes do not change the digest; every part of the problem does."""
    demand = Demand.from_requests([5, 70], [3, 4], ["q", "r"])
    instance = Instance("i", (Stream("a", demand),), **preset("static-graph"))
    histogram = (Stream("a", Demand.from_histogram([70, 5], [4, 3], [1, 1])),)
    assert digest(instance) == digest(replace(instance, name="j", streams=histogram, shape_keys=ShapeKeys()))
    others = [
        replace(instance, streams=(Stream("b", demand),)),
        replace(instance, streams=(Stream("a", Demand.from_histogram([5, 70], [3, 4], [1, 2])),)),
        replace(instance, streams=(Stream("a", demand, Limits(cost=Fraction(1))),)),
        replace(instance, limits=Limits(latency=(LatencyLimit(Fraction(9), Fraction(19, 20)),))),
        replace(instance, max_shapes=3),
        replace(instance, latency="completion"),
        replace(instance, pad_over="padded"),
        replace(instance, workers=2),
        replace(instance, **preset("honest-static-graph")),
        replace(instance, **preset("static-graph", (128, None))),
        replace(instance, **preset("static-graph", count_cost=Fraction(1, 3))),
    ]
    assert len({digest(other) for other in (instance, *others)}) == len(others) + 1


def test_the_digest_never_changes() -> None:
    """Certificates name instances by their digest, so it must be the same in every release."""
    demand = Demand.from_requests([5, 70], [3, 4])
    instance = Instance("i", (Stream("a", demand),), **preset("static-graph"))
    assert digest(instance) == "f15686a16e100a81f64f04484e0ef1efa3c00bf0533396aed7acc97fe5f57f8a"


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """An error while writing leaves the old file as it was and no temporary file."""
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_write(path) as out:
            out.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]
    stream = Stream("a", Demand.from_histogram([1], [1], [1]), Limits(cost=Fraction(1, 10**50)))
    with pytest.raises(InputError, match="digits"):
        write(Instance("i", (stream,), **preset("static-graph")), path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("name", ["", "no/such/folder.json"])
def test_a_place_that_cannot_be_written_to_is_refused(name: str, tmp_path: Path) -> None:
    """Writing to a directory or into a missing folder is an input error."""
    instance = Instance("i", (Stream("a", Demand.from_histogram([1], [1], [1])),), **preset("token"))
    with pytest.raises(InputError, match="expected a"):
        write(instance, tmp_path / name)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever a file holds, the reader returns an instance or raises InputError."""
    with TemporaryDirectory() as folder:
        for name in ("i.json", "i.json.gz"):
            path = Path(folder) / name
            path.write_bytes(data)
            with pytest.raises(InputError):
                read(path)


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    """The instance in docs/instance-file.md is one, so that what people copy works."""
    text = (Path(__file__).parents[2] / "docs" / "instance-file.md").read_text()
    (tmp_path / "i.json").write_text(text.partition("```json")[2].partition("```")[0])
    (tmp_path / "chat.jsonl").write_text('{"request_id": 7, "prompt_len": 5, "gen_len": 1}\n')
    instance = read(tmp_path / "i.json")
    assert [stream.demand.requests for stream in instance.streams] == [1, 800]
    assert instance.cost == preset("static-graph")["cost"]
    assert instance.time == preset("static-graph")["time"]
