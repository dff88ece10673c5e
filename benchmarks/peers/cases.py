"""The instances: the reference problems, bundled ones, and generated ones that general solvers finish."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import instances
from benchmarks.reference import CASES as REFERENCE
from instances.catalog import path
from instances.generate import generate_instance
from instances.instance import Instance

BUNDLED = (
    "token/uniform-300-256x64",
    "token/lognormal-1000-256x64",
    "token/heavy-tail-5000-256x64",
    "token/bimodal-2000-64x32",
    "static-graph/lognormal-800",
    "static-graph/two-streams-limits-300",
    "static-graph/honest-uniform-100",
    "capacity/padded-batch-60",
    "latency/service-p99-200",
)

GENERATED: dict[str, tuple[str, int, dict[str, Any]]] = {
    f"{family} {requests:,}, token {prompt}×{gen}, {cost}·n²": (
        family,
        requests,
        {"preset": "token", "granularity": (prompt, gen), "count_cost": Fraction(cost)},
    )
    for family, requests, prompt, gen, cost in (
        ("uniform", 5000, 512, 16, 20000),
        ("uniform", 5000, 512, 16, 2000),
        ("uniform", 5000, 512, 16, 200),
        ("uniform", 5000, 512, 16, 5),
        ("lognormal", 5000, 64, 16, 5),
    )
}
"""Name to family, number of requests, and further arguments of `generate_instance`.

Over 500 groups, and as few pairs of a group and a batch type as there can be with so many.
"""


def cases(data: Path | None) -> dict[str, Callable[[], Instance]]:
    """Return name and maker of each instance; the reference problems only if there is a folder of traces."""
    made: dict[str, Callable[[], Instance]] = {}
    for name in BUNDLED:
        made[f"catalog:{name}"] = _reader(name)
    for name, (family, requests, extra) in GENERATED.items():
        made[name] = _generator(name, family, requests, extra)
    if data is not None:
        for name, case in REFERENCE.items():
            made[name] = partial(case.instance, data)
    return made


def _reader(name: str) -> Callable[[], Instance]:
    return lambda: instances.read(path(name))


def _generator(name: str, family: str, requests: int, extra: dict[str, Any]) -> Callable[[], Instance]:
    return lambda: generate_instance(family, requests, 0, name=name.replace(" ", "-"), **extra)
