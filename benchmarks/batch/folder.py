"""A folder of instances to solve, the same for the same number, some of which cannot end well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from instances import Instance, catalog, write
from instances.generate import FAMILIES, generate_instance

GREEDY = "takes-too-much-memory"
STUCK = "takes-too-long"

INFEASIBLE = ("prompt-not-covered", "gen-not-covered", "memory-below-longest-request")
"""Bundled instances without a plan, proven at once."""

MALFORMED = {
    "empty": b"",
    "cut-off": b'{"format": "batchproof-instance/1", "name": "cut',
    "another-format": b'{"format": "batchproof-instance/99"}',
    "not-text": bytes(range(128, 256)),
    "packed.json.gz": b"\x1f\x8b no gzip",
}
"""Name to content of files that are no instances."""

MEMORY_MIB = 450
"""Limit of memory that only `GREEDY` exceeds."""


def good_instance(index: int) -> Instance:
    """Return the instance of an index: of mixed sizes, and closed within a second or two."""
    families = list(FAMILIES)
    family, seed = families[index % len(families)], index // len(families)
    if index % 4 == 3:
        # Compiled prompts and gens, a cost of the number of shapes.
        requests, preset, granularity = 30 * (1 + index % 13), "token", (256, 64)
        count_cost = Fraction(2000)
    else:
        requests, preset, granularity = 3 + index % 17, "static-graph", (64, None)
        count_cost = Fraction(0)
    name = f"{index:04}-{family}-{requests}"
    return generate_instance(
        family, requests, seed, preset, granularity=granularity, count_cost=count_cost, name=name
    )


def tiny_instance(index: int) -> Instance:
    """Return a tiny instance of an index."""
    return generate_instance("lognormal", 30, index, "static-graph", name=f"tiny-{index:04}")


def write_good(folder: Path, number: int) -> None:
    """Write so many instances that end well."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        instance = good_instance(index)
        write(instance, folder / f"{instance.name}.json")


def write_tiny(folder: Path, number: int) -> None:
    """Write so many tiny instances."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        instance = tiny_instance(index)
        write(instance, folder / f"{instance.name}.json")


def write_folder(folder: Path, number: int) -> dict[str, str]:
    """Write so many files, and return what has to become of each: a status, or an outcome.

    Three are infeasible, five are no instances, one takes too much memory and one too much time.
    """
    expected = dict(_write_bad(folder))
    write_good(folder, number - len(expected))
    for file in folder.glob("0*.json"):
        expected[file.name] = "certified optimal"
    return expected


def _write_bad(folder: Path) -> Iterator[tuple[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in INFEASIBLE:
        shutil.copy(catalog.path(f"infeasible/{name}"), folder / f"{name}.json")
        yield f"{name}.json", "certified infeasible"
    for name, content in MALFORMED.items():
        file = folder / (name if "." in name else f"{name}.json")
        file.write_bytes(content)
        yield file.name, "bad input"
    # So many shapes that choosing among them takes minutes, or gigabytes, before the search looks at
    # the clock.
    for name, granularity, outcome in ((STUCK, 1, "out of time"), (GREEDY, 8, "out of memory")):
        hard = generate_instance(
            "lognormal",
            4000,
            0,
            "token",
            granularity=(granularity, granularity),
            count_cost=Fraction(10),
            name=name,
        )
        write(hard, folder / f"{name}.json")
        yield f"{name}.json", outcome
