"""Problem and proof in one file of JSON, gzipped if its name ends in ``.gz``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from instances.errors import InputError
from instances.files.atomic import atomic_write
from instances.files.messages import decode
from instances.files.raw import read_bytes
from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.lagrangian import MemoryBound, Multipliers
from milp.hindsight.rounds.problem import Ints, RoundProblem
from milp.hindsight.rounds.proofs import RoundProof

PATHS, MEMORY_PRICES = "batchproof-rounds/1", "batchproof-round-memory/1"
"""Formats: proofs by shortest paths, and by prices of memory."""

MOST_BYTES = 2**24
"""Largest file that is read, unpacked."""


class _Named(msgspec.Struct):
    format: str


class _File(msgspec.Struct, forbid_unknown_fields=True, tag_field="format"):
    memory: int
    arrival: list[int]
    prompt: list[int]
    gen: list[int]
    problem: str
    claim: int
    start: list[int]


class _Paths(_File, tag=PATHS):
    price: list[int]
    denominator: int
    stages: list[list[tuple[int, int]]]


class _MemoryPrices(_File, tag=MEMORY_PRICES):
    multipliers: list[int]
    denominator: int
    window: int


def write_rounds(problem: RoundProblem, proof: RoundProof, path: str | Path) -> None:
    """Write a problem and a proof; equal contents give equal files.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    common: dict[str, Any] = {
        "memory": problem.memory,
        "arrival": problem.arrival.tolist(),
        "prompt": problem.prompt.tolist(),
        "gen": problem.gen.tolist(),
        "problem": proof.problem,
        "claim": proof.claim,
        "start": proof.start.tolist(),
    }
    content: _File
    if isinstance(proof, RoundCertificate):
        stages = [list(stage) for stage in proof.stages]
        content = _Paths(**common, price=proof.price.tolist(), denominator=proof.denominator, stages=stages)
    else:
        given = proof.multipliers
        content = _MemoryPrices(
            **common,
            multipliers=given.value.tolist(),
            denominator=given.denominator,
            window=given.window,
        )
    with atomic_write(path) as file:
        file.write(msgspec.json.encode(content) + b"\n")


def read_rounds(path: str | Path) -> tuple[RoundProblem, RoundProof]:
    """Return the problem and the proof of a file; nothing is verified.

    Raises
    ------
    InputError
        If the file is missing, no such file, or its problem is none.
    """
    path = Path(path)
    data = read_bytes(path, MOST_BYTES)
    named: _Named = decode(msgspec.json.Decoder(_Named), data, path)
    if named.format not in (PATHS, MEMORY_PRICES):
        raise InputError(f"{PATHS} or {MEMORY_PRICES}", named.format, file=path, field="format")
    content: _File = decode(msgspec.json.Decoder(_Paths | _MemoryPrices), data, path)
    requests = [_column(content, name, path) for name in ("arrival", "prompt", "gen")]
    try:
        problem = RoundProblem(content.memory, *requests)
    except InputError as error:
        raise error.located(file=path) from None
    return problem, _proof(content, path)


def _proof(content: _File, path: Path) -> RoundProof:
    start = _column(content, "start", path)
    if isinstance(content, _Paths):
        return RoundCertificate(
            problem=content.problem,
            claim=content.claim,
            start=start,
            price=_column(content, "price", path),
            denominator=content.denominator,
            stages=tuple(tuple(stage) for stage in content.stages),
        )
    assert isinstance(content, _MemoryPrices)
    multipliers = Multipliers(_column(content, "multipliers", path), content.denominator, content.window)
    return MemoryBound(content.problem, content.claim, start, multipliers)


def _column(content: _File, name: str, path: Path) -> Ints:
    values: list[int] = getattr(content, name)
    largest = max(map(abs, values), default=0)
    if largest >= 2**62:
        raise InputError("whole numbers below 2^62", largest, file=path, field=name)
    return np.array(values, dtype=np.int64)
