"""Hindsight certificates as JSON, gzipped if the name says so."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import msgspec

from instances.errors import InputError
from instances.exact import exact_text
from instances.files.atomic import atomic_write
from instances.files.messages import decode
from instances.files.raw import read_text
from milp.hindsight.certificate import Claim, HindsightCertificate

FORMAT = "batchproof-hindsight/1"

MOST_BYTES = 2**27
"""Largest certificate that is read, unpacked."""


class _Header(msgspec.Struct):
    format: str


class _Claim(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    objective: str
    method: str
    value: int | str
    quantile: int | str | None = None
    multipliers: dict[str, list[int]] = {}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    problem: str
    claims: list[_Claim]


def write_hindsight(certificate: HindsightCertificate, path: str | Path) -> None:
    """Write a certificate, gzipped if the name ends in ``.gz``; the file appears whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    claims = [
        _Claim(
            claim.objective,
            claim.method,
            exact_text(claim.value),
            None if claim.quantile is None else exact_text(claim.quantile),
            {name: list(column) for name, column in claim.multipliers.items()},
        )
        for claim in certificate.claims
    ]
    content = msgspec.to_builtins(_File(FORMAT, certificate.problem, claims))
    with atomic_write(path) as file:
        # The standard library writes integers of any size; msgspec stops at 64 bits.
        file.write(json.dumps(content, separators=(",", ":")).encode())


def read_hindsight(path: str | Path) -> HindsightCertificate:
    """Read a certificate.

    Raises
    ------
    InputError
        If the file is missing or is no hindsight certificate.
    """
    path = Path(path)
    data = read_text(path, MOST_BYTES)
    # Other versions have other fields: the version is what is wrong with them.
    header: _Header = decode(msgspec.json.Decoder(_Header), data, path)
    if header.format != FORMAT:
        raise InputError(f"format {FORMAT!r}", header.format, file=path, field="format")
    content: _File = decode(msgspec.json.Decoder(_File), data, path)
    claims = []
    for index, claim in enumerate(content.claims):
        quantile = claim.quantile
        claims.append(
            Claim(
                claim.objective,
                claim.method,
                _fraction(claim.value, f"claims[{index}].value", path),
                None if quantile is None else _fraction(quantile, f"claims[{index}].quantile", path),
                {name: tuple(column) for name, column in claim.multipliers.items()},
            )
        )
    return HindsightCertificate(content.problem, tuple(claims))


def _fraction(value: int | str, field: str, path: Path) -> Fraction:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,400}/[1-9][0-9]{0,400}", value, re.ASCII):
        raise InputError("an integer or a string p/q", value, file=path, field=field)
    return Fraction(value)
