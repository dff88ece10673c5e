"""The project's verifier and one written from FORMAT.md alone accept the same certificates."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from instances.catalog import path as catalog_path
from instances.errors import InputError
from instances.files import read
from instances.instance import Instance
from instances.named_limits import limit_name
from instances.question import Question
from milp import ask, verify
from milp.certificate_file import encode_certificate, read_certificate
from tests.milp.forging import GROWN, REDUCED, Fields, fields, tampered
from tests.milp.grown import grown
from tests.milp.samples import sample
from tests.milp.stranger import accepts
from tests.milp.stranger.question import AIMS
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


LIMITED = (
    ("tiny/max-shapes", {"max_shapes:all": Fraction(4), "pad_ratio:all": Fraction(3, 10)}),
    ("tiny/completion", {"p50:0": Fraction(10**5), "batches:all": Fraction(6)}),
    ("tiny/total-time", {"total_time:0": None, "max_batch_size:all": Fraction(2)}),
)


def made(name: str | int, question: Question) -> tuple[Instance, Fields]:
    """Return an instance of the catalog or of a seed, with a certificate that answers a question about it."""
    instance = random_instance(name) if isinstance(name, int) else read(catalog_path(name))
    certificate = ask(instance, question, time_limit=2, workers=1).certificate
    assert certificate is not None
    return instance, json.loads(encode_certificate(certificate))


def genuine(seeds: Iterable[int]) -> list[tuple[str, Instance, Fields]]:
    """Return certificates as they are made with the names of instances; seeds ask about each aim in turn."""
    asked: list[tuple[str | int, Question]] = [(name, Question()) for name in NAMES]
    asked += [("tiny/decimals", Question(aim)) for aim in AIMS[1:]]
    asked += [
        (name, Question(limits={limit_name(limit): value for limit, value in limits.items()}))
        for name, limits in LIMITED
    ]
    asked += [(seed, Question((None, *AIMS[1:])[seed % 5])) for seed in seeds]
    return [(str(name), *made(name, question)) for name, question in asked]


def with_trees(seeds: Iterable[int], *, reduced: bool) -> list[tuple[str, Instance, Fields]]:
    """Return certificates with random trees of random instances that have plans."""
    return [
        (f"grown {seed}", sample(seed).instance, fields(grown(seed, 8, reduced=reduced))) for seed in seeds
    ]


def compared(
    pool: list[tuple[str, Instance, Fields]], number: int, rng: random.Random
) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield name, what was done to it, and both answers for each certificate: the pool, then forged."""
    for index in range(number):
        name, instance, table = pool[index % len(pool)]
        done = ""
        if index >= len(pool):
            table, done = tampered(table, rng.choice(pool)[2], rng)
        yield name, done, project_accepts(instance, table), accepts(instance, table)


def project_accepts(instance: Instance, table: Fields) -> bool:
    """Return whether the project's verifier certifies what it reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        path.write_text(json.dumps(table))
        try:
            certificate = read_certificate(path)
            return verify(certificate.question.about(instance), certificate).certified
        except InputError:
            return False


def reached(instance: Instance, table: Fields) -> list[tuple[bool, bool]]:
    """Return both answers to the highest claim that the second verifier accepts, and to a higher one."""
    own = table | {"plan": None, "upper_bound": None}
    low, step = Fraction(own["lower_bound"]), abs(Fraction(own["lower_bound"])) + 1
    for _ in range(30):
        low += step * accepts(instance, own | {"lower_bound": str_of(low + step)})
        step /= 2
    claims = [own | {"lower_bound": str_of(value)} for value in (low, low + 2 * step)]
    return [(project_accepts(instance, claim), accepts(instance, claim)) for claim in claims]


def str_of(value: Fraction) -> str:
    """Return a fraction as certificates have it."""
    return f"{value.numerator}/{value.denominator}"


def test_both_accept_the_same() -> None:
    """Valid certificates are accepted by both, forged ones by both or neither."""
    pool = genuine(range(8)) + with_trees(GROWN[:2], reduced=False) + with_trees(REDUCED[:1], reduced=True)
    seen = []
    for name, done, ours, theirs in compared(pool, 70, random.Random(1)):
        assert ours == theirs, f"{name}: {done}"
        assert ours or done
        seen.append(ours)
    assert 0 < sum(seen[len(pool) :]) < 70 - len(pool)


def test_both_reach_the_same() -> None:
    """The highest claim that the second verifier accepts is the project's, to a billionth part."""
    for name, instance, table in (
        genuine(()) + with_trees(GROWN[1:2], reduced=False) + with_trees(REDUCED[:2], reduced=True)
    ):
        if table["lower_bound"] is not None:
            assert reached(instance, table) == [(True, True), (False, False)], name
