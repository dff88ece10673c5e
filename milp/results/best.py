"""The best that is known of every instance, from verified bounds alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import msgspec

from instances.exact import exact_text
from instances.files.atomic import atomic_write
from milp.results.record import Exact, Outcome, Record, fraction_of
from milp.results.store import Store
from milp.verifier import relative_gap

INDEX = "best.json"
"""Name of the index in the store."""


class Best(msgspec.Struct, frozen=True):
    """The best cost and the best certified bound of an instance, and the records that prove them."""

    instance: str
    value: Exact = None
    value_record: str | None = None
    lower_bound: Exact = None
    lower_bound_record: str | None = None
    gap: Exact = None
    infeasible_record: str | None = None


def best_known(records: Iterable[Record]) -> dict[str, Best]:
    """Return the best of every instance by digest; claims of engines do not count."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if record.outcome is Outcome.FINISHED and record.certified and record.digest is not None:
            found.setdefault(record.digest, []).append(record)
    return {digest: _best(group) for digest, group in sorted(found.items())}


def write_best(store: Store, records: Iterable[Record]) -> None:
    """Write the index of best-known values into the store."""
    index = {digest: msgspec.to_builtins(best) for digest, best in best_known(records).items()}
    with atomic_write(store.folder / INDEX) as file:
        file.write((json.dumps(index, indent=1, ensure_ascii=False) + "\n").encode())


def _best(records: list[Record]) -> Best:
    values: dict[str, Any] = {"instance": records[0].instance}
    cost = _extreme(records, "value", -1)
    bound = _extreme(records, "lower_bound", 1)
    if cost is not None:
        values |= {"value": exact_text(cost[0]), "value_record": cost[1]}
    if bound is not None:
        values |= {"lower_bound": exact_text(bound[0]), "lower_bound_record": bound[1]}
    if cost is not None and bound is not None:
        values["gap"] = exact_text(relative_gap(bound[0], cost[0]))
    proofs = (record.id for record in records if record.status == "certified infeasible")
    return Best(**values, infeasible_record=next(proofs, None))


def _extreme(records: list[Record], name: str, sign: int) -> tuple[Fraction, str] | None:
    """Return the largest value (the least if `sign` is −1) and its record; the first of equals."""
    values = [(fraction_of(getattr(record, name)), record.id) for record in records]
    known = [(value, record_id) for value, record_id in values if value is not None]
    return max(known, key=lambda pair: sign * pair[0], default=None)
