"""Prices in a certificate's file: what is written is what is read, and hostile entries are refused."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET

from instances.errors import InputError
from instances.exact import narrowed
from milp import certificate_file, price_table
from milp.certificate_file import read_certificate
from milp.lagrangian import Prices
from milp.price_table import Entry, decode_prices, encode_prices
from tests.milp.prices import random_prices
from tests.milp.samples import sample
from tests.test_bad_input import PROOF


def meaning(prices: Prices) -> tuple[Any, ...]:
    """Return all that counts of prices: the order of links does not, nor do links of 0."""
    links = zip(prices.link_group.tolist(), prices.link_shape.tolist(), prices.link.tolist(), strict=True)
    numbers = (prices.denominator, prices.fineness, prices.objective, prices.cold)
    kept = {(group, shape): value for group, shape, value in links if value}
    return (*numbers, prices.group.tolist(), prices.limit.tolist(), kept)


def altered(prices: Prices, other: Prices, rng: random.Random) -> Prices:
    """Return prices that differ from `prices` here and there, as those of the next leaf do."""
    step = rng.choice((1, 7, 2**40, 10**30))
    group = [v + step * rng.randint(-3, 3) if rng.random() < 0.4 else v for v in prices.group.tolist()]
    made = replace(prices, group=narrowed(np.asarray(group, dtype=object)))
    for name in rng.sample(("limit", "objective", "cold", "fineness", "denominator"), rng.randint(0, 2)):
        made = replace(made, **{name: getattr(other, name)})
    if rng.random() < 0.5:
        made = replace(
            made, link_group=other.link_group, link_shape=other.link_shape, link=abs(other.link) * 6
        )
    return made


@pytest.mark.parametrize("seed", range(25))
def test_what_is_written_is_read(seed: int) -> None:
    """Chains of similar prices of any size, written as JSON and read back, mean the same; most are short."""
    model, rng = sample(seed % 12).model, random.Random(seed)
    table = [random_prices(model, rng)]
    while len(table) < 30:
        table.append(altered(rng.choice(table), random_prices(model, rng), rng))
    entries = encode_prices(table)
    text = json.dumps(certificate_file.msgspec.to_builtins(entries))
    read = decode_prices(certificate_file.msgspec.json.decode(text, type=list[Entry]))
    assert [meaning(prices) for prices in read] == [meaning(prices) for prices in table]
    assert sum(entry.start is not UNSET for entry in entries) > 15
    for prices in read:
        assert prices.group.dtype == narrowed(prices.group).dtype


WHOLE = {"denominator": 1, "fineness": 1, "objective": 1, "group": [1, 2], "limit": []}
HOSTILE: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "itself": ([WHOLE, {"from": 1}], "prices[1].from", "an earlier entry"),
    "cycle": ([{"from": 1}, {"from": 0}], "prices[0].from", "an earlier entry"),
    "forward": ([{"from": 1}, WHOLE], "prices[0].from", "an earlier entry"),
    "negative": ([WHOLE, {"from": -1}], "prices[1].from", "found -1"),
    "huge index": ([WHOLE, {"from": 10**400}], "prices[1].from", "an earlier entry"),
    "both": ([WHOLE, {"from": 0, "group": [1, 2]}], "prices[1].group", "keep and add"),
    "neither": ([{"denominator": 1, "fineness": 1, "objective": 1, "limit": []}], "prices[0]", "group"),
    "no base": ([{**WHOLE, "keep": [0], "add": [1]}], "prices[0]", "beside from"),
    "no add": ([WHOLE, {"from": 0, "keep": [0]}], "prices[1].keep", "0 numbers"),
    "no keep": ([WHOLE, {"from": 0, "add": [1]}], "prices[1].keep", "1 numbers"),
    "keep below 0": ([WHOLE, {"from": 0, "keep": [-1], "add": [1]}], "prices[1].keep", "unchanged"),
    "keep huge": ([WHOLE, {"from": 0, "keep": [0, 2**63], "add": [1, 1]}], "prices[1].keep", "unchanged"),
    "beyond": ([WHOLE, {"from": 0, "keep": [1, 0], "add": [1, 1]}], "prices[1].keep", "beyond"),
    "unit 0": ([{**WHOLE, "unit": 0}], "prices[0].unit", "at least 1|from 1"),
    "unit huge": ([WHOLE, {"from": 0, "unit": 2**512, "keep": [0], "add": [1]}], "prices[1].unit", "2**512"),
    "link twice": ([WHOLE, {"from": 0, "link": [[0, 0, 1], [0, 0, 1]]}], "prices[1].link", "twice"),
    "link index": ([WHOLE, {"from": 0, "link": [[2**70, 0, 1]]}], "prices[1].link", "2**60"),
    "float": ([WHOLE, {"from": 0, "keep": [0], "add": [0.5]}], "prices[1].add[0]", "float"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    """Every way in which entries can mislead the reader gives one line with file, entry and field."""
    entries, field, fragment = HOSTILE[name]
    path = tmp_path / "c.json"
    path.write_text(json.dumps({**PROOF, "prices": entries}))
    with pytest.raises(InputError) as caught:
        read_certificate(path)
    message = str(caught.value)
    assert str(path) in message
    assert field in message
    assert any(part in message for part in fragment.split("|"))
    assert len(message.splitlines()) == 1
    assert len(message) < 250 + len(str(path))


def test_a_long_chain_is_read_without_recursion() -> None:
    """Each of 20,000 entries differs from the one before it, and the last has all changes."""
    chain = [Entry(UNSET, 1, 1, 1, [0, 0], [])]
    chain += [Entry(start=k, keep=[k % 2], add=[1]) for k in range(20_000)]
    assert decode_prices(chain)[-1].group.tolist() == [10_000, 10_000]


def test_short_entries_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that change one number of many count as many; those that change none share what they have."""
    monkeypatch.setattr(price_table, "MOST_NUMBERS", 10_000)
    first = Entry(UNSET, 1, 1, 1, [0] * 1000, [])
    assert len(decode_prices([first, *[Entry(start=0)] * 5000])) == 5001
    for add, index in ((1, 9), (10**30, 2)):
        with pytest.raises(InputError, match=rf"prices\[{index}\].*at most 10000 numbers"):
            decode_prices([first, *[Entry(start=0, keep=[0], add=[add])] * 9])


def test_small_files_that_unpack_to_large_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file is not unpacked beyond the largest size, packed or not; nor are endless nodes decoded."""
    monkeypatch.setattr(certificate_file, "MOST_BYTES", 100_000)
    monkeypatch.setattr(certificate_file, "MOST_OBJECTS", 50)
    packed, plain = tmp_path / "c.json.gz", tmp_path / "c.json"
    packed.write_bytes(gzip.compress(b" " * 10**6))
    plain.write_bytes(b" " * 10**6)
    for path in (packed, plain):
        with pytest.raises(InputError, match="at most 100000 bytes"):
            read_certificate(path)
    plain.write_text(json.dumps({**PROOF, "nodes": [{"prices": 0}] * 50}))
    with pytest.raises(InputError, match="at most 50 nodes"):
        read_certificate(plain)


def test_plans_whose_differences_overflow_are_refused(tmp_path: Path) -> None:
    """Differences that each fit into 60 bits, but whose sum may not, are refused by the column's name."""
    columns: dict[str, list[int]] = {name: [0] for name in certificate_file.PLAN_COLUMNS}
    path = tmp_path / "c.json"
    for name in certificate_file.BY_DIFFERENCES:
        path.write_text(json.dumps({**PROOF, "plan": {**columns, name: [2**59] * 16}}))
        with pytest.raises(InputError, match=rf"plan\.{name}: .*differences"):
            read_certificate(path)
