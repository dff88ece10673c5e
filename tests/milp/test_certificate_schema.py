"""The published JSON Schema and the project's reader agree on the form of certificates."""

from __future__ import annotations

import copy
import functools
import json
import operator
import random
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from instances.errors import InputError
from instances.named_limits import RATIONAL, WHOLE
from instances.objective import MINIMIZED
from milp.certificate_file import PLAN_COLUMNS, QUANTITIES, read_certificate
from tests.milp.forging import Fields, fields, genuine, tampered
from tests.milp.test_stranger import REFUSED, project_verdict

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "certificate.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft4Validator(SCHEMA)

IN_CONTEXT = (
    "one for each of add",
    "index of an earlier entry",
    "numbers of unchanged groups",
    "one beyond them",
    "differences whose sum",
    "no pair of group and shape twice",
)
"""What the reader refuses because of other parts of the file, which a schema cannot see."""


def tables() -> list[Fields]:
    """Return certificates of all kinds, valid."""
    return [fields(certificate) for *_, certificate in genuine()]


def refusal(table: Fields, path: Path) -> str | None:
    """Return why the project's reader refuses a certificate; None if it does not."""
    path.write_text(json.dumps(table))
    try:
        read_certificate(path)
    except InputError as error:
        return str(error)
    return None


def test_the_schema_is_one_of_draft_4() -> None:
    """Any validator of that draft can use it."""
    Draft4Validator.check_schema(SCHEMA)


def test_the_schema_lists_what_there_is() -> None:
    """Aims, limits, quantities and columns of plans are the project's, so that none can be forgotten."""
    properties, definitions = SCHEMA["properties"], SCHEMA["definitions"]
    assert properties["question"]["properties"]["minimize"]["enum"] == [*MINIMIZED, None]
    names = properties["question"]["properties"]["limits"]["patternProperties"]
    for metric in (*RATIONAL, *WHOLE, "p95", "p99.9"):
        for place in ("0", "12", "all"):
            assert any(re.search(pattern, f"{metric}:{place}") for pattern in names)
    assert definitions["inner"]["properties"]["on"]["enum"] == list(QUANTITIES)
    assert set(properties["plan"]["required"]) == set(PLAN_COLUMNS) == set(properties["plan"]["properties"])


def test_what_is_written_has_the_form() -> None:
    """Certificates as engines write them, and the example of FORMAT.md, satisfy the schema."""
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "FORMAT.md").read_text(encoding="utf-8"), re.DOTALL)
    for table in (*tables(), json.loads(blocks[-1])):
        VALIDATOR.validate(table)


def test_tampered_certificates_are_refused_alike(tmp_path: Path) -> None:
    """What the schema refuses is never accepted; what is not read for its form, the schema refuses, too."""
    rng, known, refused = random.Random(5), tables(), 0
    for index in range(250):
        at = index % len(known)
        table, done = tampered(known[at], rng.choice(known), rng)
        reason = refusal(table, tmp_path / "c.json")
        if not VALIDATOR.is_valid(table):
            refused += 1
            assert reason is not None or project_verdict(genuine()[at][0], table) == REFUSED, done
        elif reason is not None:
            assert any(words in reason for words in IN_CONTEXT), (done, reason)
    assert 30 < refused < 220


TRAPS: tuple[tuple[tuple[str | int, ...], Any], ...] = (
    (("surplus",), 0),
    (("plan", "surplus"), []),
    (("question",), {"surplus": 0}),
    (("nodes", 0), {"prices": 0, "surplus": 0}),
    (("nodes", 0), {"on": "shapes", "at": 0, "low": 1, "high": 2, "surplus": 0}),
    (("cost_scale",), 1.0),
    (("cost_scale",), True),
    (("cost_scale",), 0),
    (("lower_bound",), "1/3\n"),
    (("lower_bound",), " 1/3"),
    (("lower_bound",), "1/3/1"),
    (("lower_bound",), "٣/1"),
    (("lower_bound",), "1/" + "9" * 401),
    (("upper_bound",), 3.0),
    (("upper_bound",), False),
    (("plan", "copies", 0), 2**60),
    (("plan", "copies", 0), 1.0),
    (("nodes",), []),
    (("nodes", 0), {}),
    (("nodes", 0), {"on": "shapes", "low": 1}),
    (("nodes", 0), {"prices": 0, "at": 0}),
    (("nodes", 0), {"prices": 0.0}),
    (("prices", 0), {}),
    (("prices", 0, "group", 0), 1.0),
    (("prices", 0, "group", 0), False),
    (("prices", 0, "cold"), 0),
    (("prices", 0, "keep"), [0]),
    (("prices", 0, "unit"), 0),
    (("prices", 0, "unit"), 2**512),
    (("prices", 0, "link"), [[0, 0]]),
    (("prices", 0, "link"), [[0, 0, 0, 0]]),
    (("prices", 0, "surplus"), 0),
    (("question",), {"minimize": "speed"}),
    (("question",), {"limits": None}),
    (("question",), {"limits": {"cost:00": 1}}),
    (("question",), {"limits": {"cost:all\n": 1}}),
    (("question",), {"limits": {"max_shapes:0": 1}}),
    (("question",), {"limits": {"p9.:0": 1}}),
    (("question",), {"limits": {"cost:0": 1.0}}),
)


@pytest.mark.parametrize(("place", "value"), TRAPS)
def test_form_errors_are_refused_by_both(place: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    """Neither takes 1.0 or true for an integer, a line end for nothing, or a key that there is not."""
    table = copy.deepcopy(tables()[0])
    functools.reduce(operator.getitem, place[:-1], table)[place[-1]] = value
    assert not VALIDATOR.is_valid(table)
    assert refusal(table, tmp_path / "c.json") is not None
