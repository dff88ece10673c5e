"""The project's verifier and one written from FORMAT.md alone come to the same verdicts on certificates."""

from __future__ import annotations

import copy
import functools
import json
import operator
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from instances.catalog import path as catalog_path
from instances.errors import InputError
from instances.files import read
from instances.instance import Instance
from instances.named_limits import limit_name
from instances.objective import MINIMIZED
from instances.question import Question
from milp import ask, verify
from milp.certificate_file import encode_certificate, read_certificate
from tests.milp.forging import GROWN, REDUCED, Fields, fields, tampered
from tests.milp.grown import grown
from tests.milp.samples import sample
from tests.milp.stranger import verdict
from tests.strategies import random_instance

Answer = tuple[str, Fraction | None, Fraction | None]
"""Status, lower and upper bound."""

ROOT = Path(__file__).parents[2]
REFUSED: Answer = ("rejected", None, None)

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
    asked += [("tiny/decimals", Question(aim)) for aim in MINIMIZED[1:]]
    asked += [
        (name, Question(limits={limit_name(limit): value for limit, value in limits.items()}))
        for name, limits in LIMITED
    ]
    asked += [(seed, Question((None, *MINIMIZED[1:])[seed % 5])) for seed in seeds]
    return [(str(name), *made(name, question)) for name, question in asked]


def with_trees(seeds: Iterable[int], *, reduced: bool) -> list[tuple[str, Instance, Fields]]:
    """Return certificates with random trees of random instances that have plans."""
    return [
        (f"grown {seed}", sample(seed).instance, fields(grown(seed, 8, reduced=reduced))) for seed in seeds
    ]


def compared(
    pool: list[tuple[str, Instance, Fields]], number: int, rng: random.Random
) -> Iterator[tuple[str, str, Answer, Answer]]:
    """Yield name, what was done to it, and both verdicts for each certificate: the pool, then forged."""
    for index in range(number):
        name, instance, table = pool[index % len(pool)]
        done = ""
        if index >= len(pool):
            table, done = tampered(table, rng.choice(pool)[2], rng)
        yield name, done, project_verdict(instance, table), verdict(instance, table)


def project_verdict(instance: Instance, table: Fields) -> Answer:
    """Return what the project's verifier says of what it reads; what it cannot read is rejected."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        path.write_text(json.dumps(table))
        try:
            certificate = read_certificate(path)
            found = verify(certificate.question.about(instance), certificate)
        except InputError:
            return REFUSED
    return str(found.status), found.lower_bound, found.upper_bound


def reached(instance: Instance, table: Fields) -> list[tuple[Answer, Answer]]:
    """Return both verdicts on the highest claim that the leaves prove, and on one of a tick more."""
    own = table | {"plan": None, "upper_bound": None}
    low, step = Fraction(own["lower_bound"]), abs(Fraction(own["lower_bound"])) + 1
    for _ in range(30):
        low += step * (verdict(instance, own | {"lower_bound": str_of(low + step)}) != REFUSED)
        step /= 2
    claims = [own | {"lower_bound": str_of(value)} for value in (low, low + 2 * step)]
    return [(project_verdict(instance, claim), verdict(instance, claim)) for claim in claims]


def str_of(value: Fraction) -> str:
    """Return a fraction as certificates have it."""
    return f"{value.numerator}/{value.denominator}"


def test_the_second_verifier_is_its_own() -> None:
    """It loads nothing of `milp`, and no solver."""
    script = "import sys, tests.milp.stranger; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "instances" in done.stdout.split()
    assert not {"milp", "heuristics", "ortools", "highspy", "pulp", "scipy"} & set(done.stdout.split())


FORMS: tuple[tuple[tuple[str | int, ...], Any, bool], ...] = (
    (("question",), {"limits": {"max_shapes:all": "8/2"}}, True),
    (("question",), {"limits": {"max_shapes:all": "9/2"}}, False),
    (("question",), {"limits": {"max_shapes:all": 4.0}}, False),
    (("question",), {"limits": {"max_shapes:0": 4}}, False),
    (("question",), {"limits": {"max_shapes:all": 4}, "minimize": None}, True),
    (("question",), {"limits": {"max_shapes:all": 4}, "minimize": "speed"}, False),
    (("question",), {"limits": {"max_shapes:all": 4, "cost:0": None}}, True),
    (("question",), {"limits": {"max_shapes:all": 4, "cost:00": None}}, False),
    (("question",), {"limits": {"max_shapes:all": 4, "cost:7": None}}, False),
    (("question",), [], False),
    (("reduction",), 10**9, False),
    (("prices", 0, "keep"), [], True),
    (("prices", 0, "keep"), None, False),
    (("prices", 0, "from"), None, False),
    (("prices", 0, "cold"), 0, False),
    (("prices", 0, "link"), {}, False),
    (("prices", 0, "link"), [[0, 0, 0]], True),
    (("prices", 0, "link"), [[-1, 0, 0]], False),
    (("prices", 0, "limit"), {}, False),
    (("prices", 0, "unit"), 0, False),
    (("nodes", 0, "at"), None, False),
    (("nodes", 0, "high"), True, False),
    (("nodes", -1, "at"), 0, False),
    (("nodes", -1, "prices"), None, False),
    (("nodes", -1, "prices"), -1, False),
    (("lower_bound",), "1/01", False),
    (("lower_bound",), "+1/2", False),
    (("plan", "stream"), {}, False),
    (("claim",), 1, False),
)


def test_both_read_the_same() -> None:
    """Both agree on what a certificate may look like: other spellings of a value, and other types."""
    limits = {limit_name("max_shapes:all"): Fraction(4)}
    instance, table = made("tiny/max-shapes", Question(limits=limits))
    table["nodes"] = [{"on": "shapes", "low": 1, "high": 2}, table["nodes"][0], table["nodes"][0]]
    for place, value, accepted in FORMS:
        changed = copy.deepcopy(table)
        parent = functools.reduce(operator.getitem, place[:-1], changed)
        parent[place[-1]] = value
        ours, theirs = project_verdict(instance, changed), verdict(instance, changed)
        assert ours == theirs, (place, value)
        assert (ours != REFUSED) is accepted, (place, value)


@pytest.mark.parametrize("link", [[[10**6, 0, 0]], [[0, 10**6, 0]], [[0, 0, 1], [0, 0, -1]], [[0, 0, -1]]])
def test_links_to_nothing_are_rejected_by_both(link: list[list[int]]) -> None:
    """Also where they add nothing, and in prices that no leaf uses."""
    instance, table = made("tiny/max-shapes", Question())
    assert project_verdict(instance, table) == verdict(instance, table) != REFUSED
    table["prices"].append({"from": 0, "link": link})
    assert project_verdict(instance, table) == verdict(instance, table) == REFUSED


def test_both_accept_the_same() -> None:
    """Valid certificates have the same status and bounds from both; forged ones too, most being rejected."""
    pool = genuine(range(8)) + with_trees(GROWN[:2], reduced=False) + with_trees(REDUCED[:1], reduced=True)
    seen = []
    for name, done, ours, theirs in compared(pool, 70, random.Random(1)):
        assert ours == theirs, f"{name}: {done}"
        assert ours != REFUSED or done
        seen.append(ours != REFUSED)
    assert 0 < sum(seen[len(pool) :]) < 70 - len(pool)


def test_both_reach_the_same() -> None:
    """The highest claim that the second verifier accepts is the project's, to a billionth part."""
    for name, instance, table in (
        genuine(()) + with_trees(GROWN[1:2], reduced=False) + with_trees(REDUCED[:2], reduced=True)
    ):
        if table["lower_bound"] is not None:
            (ours, theirs), higher = reached(instance, table)
            assert ours == theirs != REFUSED, name
            assert higher == (REFUSED, REFUSED), name
