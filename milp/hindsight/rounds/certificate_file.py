"""Problem and certificate in one file of JSON, gzipped if its name ends in ``.gz``."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from instances.errors import InputError
from instances.files.atomic import atomic_write
from instances.files.messages import decode
from instances.files.raw import read_bytes
from milp.hindsight.rounds.certificate import RoundCertificate
from milp.hindsight.rounds.problem import Ints, RoundProblem

FORMAT = "batchproof-rounds/1"

MOST_BYTES = 2**24
"""Largest file that is read, unpacked."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    memory: int
    arrival: list[int]
    prompt: list[int]
    gen: list[int]
    problem: str
    claim: int
    start: list[int]
    price: list[int]
    denominator: int
    stages: list[list[tuple[int, int]]]


def write_rounds(problem: RoundProblem, certificate: RoundCertificate, path: str | Path) -> None:
    """Write a problem and its certificate; equal contents give equal files.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    content = _File(
        format=FORMAT,
        memory=problem.memory,
        arrival=problem.arrival.tolist(),
        prompt=problem.prompt.tolist(),
        gen=problem.gen.tolist(),
        problem=certificate.problem,
        claim=certificate.claim,
        start=certificate.start.tolist(),
        price=certificate.price.tolist(),
        denominator=certificate.denominator,
        stages=[list(stage) for stage in certificate.stages],
    )
    with atomic_write(path) as file:
        file.write(msgspec.json.encode(content) + b"\n")


def read_rounds(path: str | Path) -> tuple[RoundProblem, RoundCertificate]:
    """Return the problem and the certificate of a file; nothing is verified.

    Raises
    ------
    InputError
        If the file is missing, no such file, or its problem is none.
    """
    path = Path(path)
    content: _File = decode(msgspec.json.Decoder(_File), read_bytes(path, MOST_BYTES), path)
    if content.format != FORMAT:
        raise InputError(FORMAT, content.format, file=path, field="format")
    columns = {name: _column(content, name, path) for name in ("arrival", "prompt", "gen", "start", "price")}
    try:
        problem = RoundProblem(content.memory, columns["arrival"], columns["prompt"], columns["gen"])
    except InputError as error:
        raise error.located(file=path) from None
    certificate = RoundCertificate(
        problem=content.problem,
        claim=content.claim,
        start=columns["start"],
        price=columns["price"],
        denominator=content.denominator,
        stages=tuple(tuple(stage) for stage in content.stages),
    )
    return problem, certificate


def _column(content: _File, name: str, path: Path) -> Ints:
    values: list[int] = getattr(content, name)
    largest = max(map(abs, values), default=0)
    if largest >= 2**62:
        raise InputError("whole numbers below 2^62", largest, file=path, field=name)
    return np.array(values, dtype=np.int64)
