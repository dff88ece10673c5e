"""The bundled instances: they are what the builder makes, and each does what its name says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.catalog.build import built
from instances import digest, read, write
from instances.catalog import names, path
from instances.errors import InputError
from tests.oracle import best_plan, measure, relaxations
from tests.oracle.optima import optimum, small_names, stored

FAMILIES = ("capacity", "infeasible", "latency", "static-graph", "tiny", "token")
TINY = [name for name in names() if name.startswith("tiny/")]


def test_names_cover_every_family() -> None:
    """Every family is there, and the two small ones are rich enough."""
    assert sorted({name.split("/")[0] for name in names()}) == list(FAMILIES)
    assert len(TINY) >= 24
    assert sum(name.startswith("infeasible/") for name in names()) >= 10


def test_unknown_name_is_an_input_error() -> None:
    """A wrong name is answered in one line, and no other file can be reached."""
    for name in ("tiny/none", "../errors", ""):
        with pytest.raises(InputError, match="bundled instance"):
            path(name)


def test_files_are_what_the_builder_makes(tmp_path: Path) -> None:
    """Building again gives the same files, byte for byte, and no file is left over."""
    made = []
    for name, instance in built():
        target = tmp_path / f"{name}.json"
        target.parent.mkdir(exist_ok=True)
        write(instance, target)
        assert target.read_bytes() == path(name).read_bytes(), name
        made.append(name)
    assert sorted(made) == names()


def test_reading_gives_the_built_instance() -> None:
    """Nothing is lost between the builder and the reader: the digests are equal."""
    for name, instance in built():
        assert digest(read(path(name))) == digest(instance), name


def test_catalog_is_small() -> None:
    """The catalog adds less than 300 KiB to the package."""
    assert sum(path(name).stat().st_size for name in names()) < 300 * 1024


def test_tiny_covers_every_flag_and_limit() -> None:
    """Together the tiny instances use every value of every flag, and every kind of limit."""
    instances = [read(path(name)) for name in TINY]
    for field, values in {
        "prefill_at": {"request", "shape"},
        "decode_at": {"batch", "shape"},
        "gen_at": {"batch", "shape"},
        "batch_at": {"actual", "shape"},
    }.items():
        assert {getattr(i.runs, field) for i in instances} == values
    assert {i.pad_over for i in instances} == {"real", "padded"}
    assert {i.latency for i in instances} == {"service", "completion"}
    assert {i.cost.compile_per for i in instances} == {"stream", "once"}
    assert {i.workers for i in instances} == {1, 2}
    assert {len(i.streams) for i in instances} == {1, 2}
    assert any(i.cost.count.table for i in instances)
    assert any(i.cost.count.quadratic for i in instances)
    assert any(stream.demand.ids is None for i in instances for stream in i.streams)
    limited = {name.split(": ")[-1] for i in instances for name, _ in relaxations(i)}
    capacity = {"max_shapes", "max_batch_size", "max_batch_tokens"}
    assert limited >= capacity | {"cost", "pad_ratio", "total_time", "p50", "p75", "p100"}


def test_cold_start_can_be_hidden() -> None:
    """The limit on total time leaves no room for a cold start: a shorter request must take it."""
    instance = read(path("tiny/cold-start-hidden"))
    best = best_plan(instance)
    assert best is not None
    without = replace(instance, time=replace(instance.time, cold_start=Fraction(0)))
    _, total = measure(instance, best.batches)
    assert total.total_time == measure(without, best.batches)[1].total_time
    limit = instance.streams[0].limits.total_time
    assert limit is not None
    assert total.total_time + instance.time.cold_start > limit


def test_optima_are_stored_for_all_small_instances() -> None:
    """Each small instance has its optimum on file, and just the infeasible ones have none."""
    optima = stored()
    assert sorted(optima) == small_names()
    for name, cost in optima.items():
        assert (cost is None) == name.startswith("infeasible/"), name


@pytest.mark.parametrize("name", small_names())
def test_stored_optimum_is_the_oracles(name: str) -> None:
    """Trying every plan gives the optimum on file."""
    assert optimum(name) == stored()[name]


@pytest.mark.parametrize("name", TINY)
def test_every_limit_of_a_tiny_instance_binds(name: str) -> None:
    """Without any one of its limits, a tiny instance has a cheaper plan."""
    instance = read(path(name))
    best = best_plan(instance)
    assert best is not None
    for limit, relaxed in relaxations(instance):
        without = best_plan(relaxed)
        assert without is not None
        assert without.cost < best.cost, limit
