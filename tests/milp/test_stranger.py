"""The project's verifier and one written from FORMAT.md alone accept the same certificates."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from instances.catalog import path as catalog_path
from instances.errors import InputError
from instances.files import read
from instances.instance import Instance
from instances.question import Question
from milp import ask, verify
from milp.certificate_file import encode_certificate, read_certificate
from tests.milp.forging import Fields, tampered
from tests.milp.stranger import AIMS, accepts
from tests.strategies import random_instance

NAMES = (
    "tiny/histogram",
    "tiny/two-streams-share-shapes",
    "tiny/completion-cold-start",
    "tiny/cold-start-total-time",
    "tiny/pad-ratio-padded",
    "infeasible/total-time-against-pad-ratio",
    "infeasible/gen-not-covered",
)


@cache
def made(name: str | int, minimize: str | None = None) -> tuple[Instance, Fields]:
    """Return an instance of the catalog or of a seed with its certificate."""
    instance = random_instance(name) if isinstance(name, int) else read(catalog_path(name))
    certificate = ask(instance, Question(minimize=minimize), time_limit=2, workers=1).certificate
    assert certificate is not None
    return instance, json.loads(encode_certificate(certificate))


def genuine(seeds: Iterable[int]) -> list[tuple[str, Instance, Fields]]:
    """Return certificates as they are made, those of seeds in turn about each aim."""
    named = [(name, None) for name in NAMES] + [("tiny/decimals", aim) for aim in AIMS[1:]]
    asked = [*named, *((seed, (None, *AIMS[1:])[seed % 5]) for seed in seeds)]
    return [(f"{name}, {minimize}", *made(name, minimize)) for name, minimize in asked]


def compared(
    pool: list[tuple[str, Instance, Fields]], number: int, rng: random.Random
) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield names of certificates, what was done to them, and what both verifiers say: the pool, then forged."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        for index in range(number):
            name, instance, table = pool[index % len(pool)]
            done = ""
            if index >= len(pool):
                table, done = tampered(table, rng.choice(pool)[2], rng)
            path.write_text(json.dumps(table))
            try:
                certificate = read_certificate(path)
                ours = verify(certificate.question.about(instance), certificate).certified
            except InputError:
                ours = False
            yield name, done, ours, accepts(instance, table)


def test_both_accept_the_same() -> None:
    """Valid certificates are accepted by both, forged ones by both or neither."""
    pool = genuine(range(10))
    seen = []
    for name, done, ours, theirs in compared(pool, 60, random.Random(1)):
        assert ours == theirs, f"{name}: {done}"
        assert ours or done
        seen.append(ours)
    assert 0 < sum(seen[len(pool) :]) < 60 - len(pool)
