"""Certificates as gzipped JSON; the format is described in FORMAT.md and docs/certificate.schema.json."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import cast, get_args

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, UnsetType

from instances.errors import InputError
from instances.exact import INT64_SAFE, exact_text, magnitude
from instances.files.atomic import atomic_write
from instances.files.messages import decode
from instances.files.raw import read_text
from instances.objective import Minimized
from instances.plan import Plan
from instances.question import Question
from milp.certificate import Certificate, Leaf, Quantity, Split
from milp.price_table import Entry, decode_prices, encode_prices, small_integers

FORMAT = "batchproof-certificate/2"

MOST_BYTES = 2**27
"""Largest certificate that is read, unpacked."""

MOST_OBJECTS = 2**20
"""Most nodes and entries of prices: they take far more memory than text."""

QUANTITIES: tuple[str, ...] = get_args(Quantity)

INNER = ("on", "of", "at", "low", "high")
"""Fields of a node that leads to two others; a leaf has none of them."""

PLAN_COLUMNS = (
    "stream",
    "prompt",
    "gen",
    "batch",
    "copies",
    "entry_batch",
    "entry_row",
    "entry_count",
    "id_rank",
)

BY_DIFFERENCES = ("entry_batch", "entry_row", "id_rank")
"""Columns that the file holds as differences to the element before, which are small."""


class _Header(msgspec.Struct):
    format: str


class _PlanColumns(msgspec.Struct, forbid_unknown_fields=True):
    stream: list[int]
    prompt: list[int]
    gen: list[int]
    batch: list[int]
    copies: list[int]
    entry_batch: list[int]
    entry_row: list[int]
    entry_count: list[int]
    id_rank: list[int]


class _Node(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    prices: int | UnsetType = UNSET
    on: str | UnsetType = UNSET
    of: list[int] | UnsetType = UNSET
    at: int | UnsetType = UNSET
    low: int | UnsetType = UNSET
    high: int | UnsetType = UNSET


class _Question(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    minimize: Minimized | None = None
    limits: dict[str, int | str | None] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    instance: str
    cost_scale: int
    time_scale: int
    lower_bound: int | str | None
    upper_bound: int | str | None
    plan: _PlanColumns | None
    nodes: list[_Node]
    prices: list[Entry]
    reduction: int | None = None
    question: _Question | None = None


def write_certificate(certificate: Certificate, path: str | Path) -> None:
    """Write a certificate, gzipped if the name ends in ``.gz``; the file appears whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as file:
        file.write(encode_certificate(certificate))


def encode_certificate(certificate: Certificate) -> bytes:
    """Return a certificate as JSON."""
    plan = certificate.plan
    nodes = [
        _Node(prices=node.prices)
        if isinstance(node, Leaf)
        else _Node(on=node.on, of=list(node.of) or UNSET, at=node.at or UNSET, low=node.low, high=node.high)
        for node in certificate.nodes
    ]
    content = _File(
        format=FORMAT,
        instance=certificate.instance,
        cost_scale=certificate.cost_scale,
        time_scale=certificate.time_scale,
        lower_bound=_text(certificate.lower_bound),
        upper_bound=_text(certificate.upper_bound),
        plan=None if plan is None else _PlanColumns(*(_packed(plan, name) for name in PLAN_COLUMNS)),
        nodes=nodes,
        prices=encode_prices(certificate.prices),
        reduction=certificate.reduction,
        question=_asked(certificate.question),
    )
    # The standard library writes integers of any size; msgspec stops at 64 bits.
    return json.dumps(msgspec.to_builtins(content), separators=(",", ":")).encode()


def read_certificate(path: str | Path) -> Certificate:
    """Read a certificate.

    Raises
    ------
    InputError
        If the file is missing or is no certificate.
    """
    path = Path(path)
    data = read_text(path, MOST_BYTES)
    # Other versions have other fields: the version is what is wrong with them.
    header: _Header = decode(msgspec.json.Decoder(_Header), data, path)
    if header.format != FORMAT:
        raise InputError(f"format {FORMAT!r}", header.format, file=path, field="format")
    if data.count(b"{") > MOST_OBJECTS:
        raise InputError(f"at most {MOST_OBJECTS} nodes and prices", "more", file=path)
    content: _File = decode(msgspec.json.Decoder(_File), data, path)
    try:
        return _certificate(content)
    except InputError as error:
        raise error.located(file=path) from None


def _certificate(content: _File) -> Certificate:
    for name in ("cost_scale", "time_scale"):
        if getattr(content, name) < 1:
            raise InputError("an integer of at least 1", getattr(content, name), field=name)
    plan = None
    if content.plan is not None:
        columns = {name: _unpacked(getattr(content.plan, name), name) for name in PLAN_COLUMNS}
        plan = Plan(**columns, defects=(), names=())
    if not content.nodes:
        raise InputError("at least one node", field="nodes")
    return Certificate(
        instance=content.instance,
        cost_scale=content.cost_scale,
        time_scale=content.time_scale,
        lower_bound=_fraction(content.lower_bound, "lower_bound"),
        upper_bound=_fraction(content.upper_bound, "upper_bound"),
        plan=plan,
        nodes=tuple(_node(node, f"nodes[{index}]") for index, node in enumerate(content.nodes)),
        prices=decode_prices(content.prices),
        reduction=content.reduction,
        question=_question(content.question),
    )


def _asked(question: Question) -> _Question | None:
    if question.is_own:
        return None
    limits = {str(name): _text(value) for name, value in question.limits.items()}
    return _Question(question.minimize, limits)


def _question(content: _Question | None) -> Question:
    if content is None:
        return Question()
    limits = {name: _fraction(value, f"question.limits.{name}") for name, value in content.limits.items()}
    return Question.named(content.minimize, limits)


def _node(node: _Node, field: str) -> Split | Leaf:
    inner = {name: value for name in INNER if (value := getattr(node, name)) is not UNSET}
    if node.prices is not UNSET:
        if inner:
            raise InputError("nothing beside prices in a leaf", ", ".join(inner), field=field)
        return Leaf(node.prices)
    if node.on not in QUANTITIES:
        raise InputError(f"one of {', '.join(QUANTITIES)}", inner.get("on"), field=f"{field}.on")
    if node.low is UNSET or node.high is UNSET:
        raise InputError("fields low and high", ", ".join(inner), field=field)
    of = () if node.of is UNSET else tuple(node.of)
    return Split(cast(Quantity, node.on), of, 0 if node.at is UNSET else node.at, node.low, node.high)


def _packed(plan: Plan, name: str) -> list[int]:
    column: npt.NDArray[np.int64] = getattr(plan, name)
    packed: list[int] = (np.diff(column, prepend=0) if name in BY_DIFFERENCES else column).tolist()
    return packed


def _unpacked(values: list[int], name: str) -> npt.NDArray[np.int64]:
    column = small_integers(values, f"plan.{name}")
    if name not in BY_DIFFERENCES:
        return column
    if magnitude(column) * len(column) >= INT64_SAFE:
        raise InputError("differences whose sum stays below 2**60", magnitude(column), field=f"plan.{name}")
    return np.cumsum(column)


def _text(value: Fraction | None) -> int | str | None:
    return None if value is None else exact_text(value)


def _fraction(value: int | str | None, field: str) -> Fraction | None:
    if value is None or isinstance(value, int):
        return None if value is None else Fraction(value)
    if not re.fullmatch(r"-?[0-9]{1,400}/[1-9][0-9]{0,399}", value, re.ASCII):
        raise InputError("an integer or a string p/q", value, field=field)
    return Fraction(value)
