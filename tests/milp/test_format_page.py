"""FORMAT.md is what the code does, as far as its example can tell."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

import instances
import milp
from instances.batch_model import form_batch_model
from milp.boxes import divide
from milp.certificate import Certificate, Split
from milp.lagrangian import Box, lower_bound
from milp.status import Status

PAGE = Path(__file__).parents[2] / "FORMAT.md"


@pytest.fixture
def example(tmp_path: Path) -> tuple[instances.Instance, str, Certificate]:
    """Return the page's instance, the text J that is digested, and the certificate."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    instance, text, certificate = (tmp_path / name for name in ("i.json", "j.json", "c.json"))
    for path, block in zip((instance, text, certificate), blocks, strict=True):
        path.write_text(block, encoding="utf-8")
    return instances.read(instance), text.read_text().strip(), milp.read_certificate(certificate)


def test_example_is_certified_optimal(example: tuple[instances.Instance, str, Certificate]) -> None:
    """The certificate that the page works through by hand is accepted, and proves an optimum of 36."""
    instance, _, certificate = example
    verdict = milp.verify(instance, certificate)
    assert verdict.status is Status.OPTIMAL, verdict.reason
    assert verdict.lower_bound == verdict.upper_bound == 36


def test_digest_is_spelled_out(example: tuple[instances.Instance, str, Certificate]) -> None:
    """Hashing the bytes that the page lists, and no code of the package, gives the certificate's digest."""
    _, text, certificate = example
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) == text
    columns = (2, 3, 7, 1, 2, 2, 1)  # rows; prompts; gens; counts
    content = b"batchproof-problem/1\n" + len(text).to_bytes(8, "little") + text.encode()
    content += b"".join(number.to_bytes(8, "little") for number in columns)
    assert sha256(content).hexdigest() == certificate.instance


def test_leaves_are_worth_what_the_page_says(example: tuple[instances.Instance, str, Certificate]) -> None:
    """Node 1 reaches 76 halves and node 2 71 halves, as computed by hand on the page."""
    instance, _, certificate = example
    model, root = form_batch_model(instance), certificate.nodes[0]
    assert isinstance(root, Split)
    low, high = divide(model, Box(), root)
    assert lower_bound(model, certificate.prices[1], low).numerator == 76
    assert lower_bound(model, certificate.prices[0], high).numerator == 71
