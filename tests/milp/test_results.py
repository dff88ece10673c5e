"""Records, the store, tables and best-known values."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas
import pytest

from instances import InputError, catalog
from milp.results import Outcome, Record, Store, best_known, load
from milp.results.record import Key, StoredFile, TracePoint, encode_record, fraction_of, read_record
from milp.results.table import FORMATS, save

HUGE = 10**40 + 1


def record(name: str = "a", **values: Any) -> Record:
    """Return a record of a finished job."""
    key = Key("d" * 64, "exact", {"seed": 0, "time_limit": 60.0, "gap": 0.0, "workers": 1}, "1.0")
    known: dict[str, Any] = {
        "id": f"{name}-{key.id}",
        "outcome": Outcome.FINISHED,
        "instance": name,
        "digest": key.digest,
        "source": f"folder/{name}.json",
        "engine": key.engine,
        "settings": key.settings,
        "version": key.version,
        "limits": {"memory_mib": None, "seconds": 60.0},
        "status": "certified gap",
        "certified": True,
        "value": HUGE,
        "value_float": float(HUGE),
        "cost": HUGE,
        "cost_float": float(HUGE),
        "lower_bound": "7/2",
        "lower_bound_float": 3.5,
        "gap": "1/3",
        "gap_float": 1 / 3,
        "wall_s": 1.25,
        "trace": [TracePoint(0.5, "root", HUGE, "7/2")],
    }
    return Record(**known | values)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Integers of any size, fractions and the trace survive the file."""
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(record()))
    again = read_record(path)
    assert again == record()
    assert fraction_of(again.cost) == HUGE
    assert fraction_of(again.trace[0].lower_bound) == Fraction(7, 2)


def test_the_id_depends_on_everything_that_decides_the_result() -> None:
    """Other instances, engines, settings or versions are other jobs; the order of settings is none."""
    base = Key("d", "exact", {"seed": 0, "gap": 0.0}, "1.0")
    others = [
        Key("e", "exact", base.settings, "1.0"),
        Key("d", "highs", base.settings, "1.0"),
        Key("d", "exact", {"seed": 1, "gap": 0.0}, "1.0"),
        Key("d", "exact", base.settings, "1.1"),
    ]
    assert len({base.id, *(key.id for key in others)}) == 5
    assert Key("d", "exact", {"gap": 0.0, "seed": 0}, "1.0").id == base.id


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.pop("outcome"),
        lambda fields: fields.update(outcome="fine"),
        lambda fields: fields.update(cost="1/0"),
        lambda fields: fields.update(cost="x"),
        lambda fields: fields.update(format="batchproof-record/99"),
        lambda fields: fields.update(unheard_of=1),
    ],
)
def test_a_malformed_record_is_refused(change: Any, tmp_path: Path) -> None:
    """What is no record is one line that names the file, and the store leaves it out with a warning."""
    store = Store(tmp_path)
    with store.writing():
        fields = json.loads(encode_record(record()))
        change(fields)
        store.record_file("bad").write_text(json.dumps(fields))
        store.add(record())
    with pytest.raises(InputError, match=r"bad\.json") as caught:
        read_record(store.record_file("bad"))
    assert len(str(caught.value).splitlines()) == 1
    assert [r.id for r in store.records()] == [record().id]


def test_the_store_names_damage(tmp_path: Path) -> None:
    """A missing or changed file, and a missing instance, are told apart."""
    store = Store(tmp_path)
    with store.writing():
        path = store.certificate_file("x")
        path.write_bytes(b"proof")
        store.instance_file("d" * 64).write_bytes(b"")
    sound = record(certificate=store.stored(path))
    assert store.damage(sound) is None
    assert store.damage(record()) == "it names no certificate"
    path.write_bytes(b"prooF")
    assert store.damage(sound) == "the certificate was changed after it was recorded"
    path.unlink()
    assert store.damage(sound) == "the certificate is missing"
    store.instance_file("d" * 64).unlink()
    failed = record(outcome=Outcome.TIME, status=None)
    assert store.damage(failed) == "the instance is missing"


def test_the_best_known_values_are_verified_ones() -> None:
    """Cost and bound may come from different records; failures and claims do not count."""
    found = best_known(
        [
            record("a", value=10, lower_bound=6),
            record("b", value="21/2", lower_bound=8),
            record("c", value=1, lower_bound=9, certified=False),
            record("e", value=1, lower_bound=9, outcome=Outcome.REJECTED),
        ]
    )
    best = found["d" * 64]
    assert (best.value, best.lower_bound, best.gap) == (10, 8, "1/5")
    assert best.value_record is not None
    assert best.value_record.startswith("a-")
    assert best.lower_bound_record is not None
    assert best.lower_bound_record.startswith("b-")


@pytest.fixture
def table(tmp_path: Path) -> pandas.DataFrame:
    """Return the table of a store with a result, and a failure whose error has what formats trip over."""
    store = Store(tmp_path / "store")
    with store.writing():
        store.add(record())
        error = 'a | b <c>, "d"'
        store.add(record("b", outcome=Outcome.CRASHED, status=None, cost=None, cost_float=None, error=error))
    return load(store.folder)


def test_the_table_is_exact(table: pandas.DataFrame) -> None:
    """Exact numbers are texts of any size, and floats stand beside them."""
    assert list(table["cost"].dropna()) == [str(HUGE)]
    assert table["lower_bound"][0] == "7/2"
    assert table["gap_float"][0] == 1 / 3
    assert table["seed"][0] == 0


@pytest.mark.parametrize("form", FORMATS)
def test_the_table_is_written_in_every_format(form: str, table: pandas.DataFrame, tmp_path: Path) -> None:
    """Markdown and HTML show a row each, escaped; CSV and Parquet are read back as they were."""
    path = tmp_path / f"table.{form}"
    if form == "parquet":
        pytest.importorskip("pyarrow")
    save(table, path)
    if form == "md":
        lines = path.read_text().splitlines()
        assert len(lines) == 4
        assert len({line.count("|") for line in lines}) == 1
        assert f"{HUGE:,}" in lines[2]
    elif form == "html":
        text = path.read_text()
        assert text.count("<tr>") == 3
        assert "&lt;c&gt;" in text
    else:
        again = pandas.read_csv(path) if form == "csv" else pandas.read_parquet(path)
        assert list(again.columns) == list(table.columns)
        assert str(again["cost"][0]) == str(HUGE)
        assert again["error"][1] == table["error"][1]


def test_an_unknown_format_is_refused(table: pandas.DataFrame, tmp_path: Path) -> None:
    """The ending decides, and one that is not known writes nothing."""
    with pytest.raises(InputError, match="md, csv, html, parquet"):
        save(table, tmp_path / "table.txt")
    assert not (tmp_path / "table.txt").exists()


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path, batchproof: Any) -> None:
    """`table` and `recheck` say so in one line."""
    for command in ("table", "recheck"):
        outcome = batchproof(command, tmp_path)
        assert outcome.code == 2
        assert "made by `batchproof batch`" in outcome.err


def test_stored_files_are_named_inside_the_store(tmp_path: Path) -> None:
    """A store can be moved: records name files relative to it."""
    store = Store(tmp_path)
    with store.writing():
        store.plan_file("x").write_bytes(catalog.path("tiny/decimals").read_bytes())
    assert isinstance(store.stored(store.plan_file("x")), StoredFile)
    assert store.stored(store.plan_file("x")).path == "plans/x.plan.jsonl.gz"
