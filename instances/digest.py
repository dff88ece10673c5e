"""What an instance is, independent of how its file is written: canonical values and their digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from instances.instance import Instance
from instances.limits import Limits


def digest(instance: Instance) -> str:
    """Return the SHA-256 of the problem, in hexadecimal.

    It depends on the streams (names, order, rows of their demand), models, rules and limits, and not on
    request ids, the instance's name, `shape_keys`, or the layout of the file.
    """
    hasher = hashlib.sha256(b"batchproof-problem/1\n")
    header = json.dumps(_problem(instance), sort_keys=True, separators=(",", ":")).encode()
    hasher.update(len(header).to_bytes(8, "little") + header)
    for stream in instance.streams:
        demand = stream.demand
        hasher.update(demand.rows.to_bytes(8, "little"))
        for column in (demand.prompt, demand.gen, demand.count):
            hasher.update(np.ascontiguousarray(column, dtype="<i8").data)
    return hasher.hexdigest()


def _problem(instance: Instance) -> dict[str, Any]:
    cost = _plain(instance.cost)
    cost["compile"] = sorted(cost["compile"], key=lambda term: sorted(term.items()))
    problem = {
        "streams": [{"name": s.name, "limits": _limits(s.limits)} for s in instance.streams],
        "shapes": _plain(instance.shapes),
        "cost": cost,
        "time": _plain(instance.time),
        "runs": _plain(instance.runs),
        "limits": _limits(instance.limits),
        "max_shapes": _plain(instance.max_shapes),
        "pad_over": instance.pad_over,
        "latency": instance.latency,
        "workers": _plain(instance.workers),
    }
    if instance.minimize != "cost":
        problem["minimize"] = instance.minimize
    return problem


def _limits(limits: Limits) -> Any:
    values = _plain(limits)
    if limits.batches is None:
        del values["batches"]
    values["latency"] = sorted(values["latency"], key=lambda limit: limit["quantile"])
    return values


def _plain(value: Any) -> Any:
    """Return nested values as JSON holds them, with every number as the text ``p/q``."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    fraction = value if isinstance(value, Fraction) else Fraction(value)
    return f"{fraction.numerator}/{fraction.denominator}"
