"""Random ways to tamper with the content of a certificate's file; each changes it in place."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.milp.forging import places, tampered

Fields = dict[str, Any]


def _numbers(table: Fields, part: str) -> list[tuple[Any, Any, int]]:
    """Return (list or dict, key, number) of every number inside a part of the table."""
    found = []
    for place in places(table[part]) if isinstance(table.get(part), (dict, list)) else ():
        parent: Any = table[part]
        for key in place[:-1]:
            parent = parent[key]
        if type(parent[place[-1]]) is int:
            found.append((parent, place[-1], parent[place[-1]]))
    return found


def _one(table: Fields, rng: random.Random, change: Callable[[int], int]) -> None:
    numbers = _numbers(table, rng.choice(("nodes", "prices", "prices", "plan")))
    if numbers:
        parent, key, value = rng.choice(numbers)
        parent[key] = change(value)


def _by_one(table: Fields, rng: random.Random) -> None:
    step = rng.choice((1, -1))
    _one(table, rng, lambda value: value + step)


def _negated(table: Fields, rng: random.Random) -> None:
    _one(table, rng, lambda value: -value)


def _scaled(table: Fields, rng: random.Random) -> None:
    factor = rng.choice((2, 3, 10, 1000, 2**20, 2**60))
    _one(table, rng, lambda value: value * factor)


def _swapped(table: Fields, rng: random.Random) -> None:
    numbers = _numbers(table, rng.choice(("nodes", "prices", "plan")))
    if numbers:
        (first, i, a), (second, j, b) = rng.choice(numbers), rng.choice(numbers)
        first[i], second[j] = b, a


def _inner(table: Fields, rng: random.Random) -> Fields | None:
    inner = [node for node in table["nodes"] if "on" in node]
    return rng.choice(inner) if inner else None


def _node_deleted(table: Fields, rng: random.Random) -> None:
    nodes = table["nodes"]
    index = rng.randrange(len(nodes))
    del nodes[index]
    if rng.random() < 0.7:
        # Those behind it have moved up.
        for node in nodes:
            for side in ("low", "high"):
                if side in node and node[side] > index:
                    node[side] -= 1


def _children_swapped(table: Fields, rng: random.Random) -> None:
    node = _inner(table, rng)
    if node is not None:
        node["low"], node["high"] = node["high"], node["low"]


def _case_forgotten(table: Fields, rng: random.Random) -> None:
    """Put one case of a split in its place; the other is gone, and the tree is a tree as before."""
    nodes = table["nodes"]
    split = _inner(table, rng)
    if split is None:
        return
    kept = nodes[split[rng.choice(("low", "high"))]]
    at = next(i for i, node in enumerate(nodes) if node is split)
    nodes[at] = copy.deepcopy(kept)
    _renumber(table)


def _renumber(table: Fields) -> None:
    """Keep the nodes that are reached from the root, in an order in which children follow."""
    old = table["nodes"]
    new: list[Fields] = [dict(old[0])]
    index = 0
    while index < len(new) <= len(old):
        for side in ("low", "high"):
            if side in new[index]:
                new.append(dict(old[new[index][side]]))
                new[index][side] = len(new) - 1
        index += 1
    table["nodes"] = new


def _split_altered(table: Fields, rng: random.Random) -> None:
    node, other = _inner(table, rng), _inner(table, rng)
    if node is None or other is None:
        return
    way = rng.choice(("at", "name", "all", "part"))
    if way == "at":
        node["at"] = node.get("at", 0) + rng.choice((-2, -1, 1, 2, 100))
    elif way == "part" and node.get("of"):
        place = rng.randrange(len(node["of"]))
        node["of"][place] = other["of"][place] if place < len(other.get("of", ())) else 0
    else:
        for key in ("of",) if way == "name" else ("on", "of", "at"):
            if key in other:
                node[key] = copy.deepcopy(other[key])
            else:
                node.pop(key, None)


def _other_prices(table: Fields, rng: random.Random) -> None:
    leaves = [node for node in table["nodes"] if "prices" in node]
    index = rng.randrange(len(table["prices"]))
    for leaf in leaves if rng.random() < 0.2 else [rng.choice(leaves)]:
        leaf["prices"] = index


def _bound_raised(table: Fields, rng: random.Random) -> None:
    tick = Fraction(1, table["cost_scale"])
    for name in rng.choice((("lower_bound",), ("upper_bound",), ("lower_bound", "upper_bound"))):
        if table[name] is None:
            table[name] = 0
        raised = Fraction(table[name]) + tick * rng.choice((1, 1, 1, 2, 1000, -1))
        table[name] = raised.numerator if raised.denominator == 1 else str(raised)
    if rng.random() < 0.3:
        table["plan"] = table["upper_bound"] = None


def _plan_altered(table: Fields, rng: random.Random) -> None:
    plan = table["plan"]
    if not isinstance(plan, dict):
        return
    column = plan[rng.choice(list(plan))]
    index, other = rng.randrange(len(column)), rng.randrange(len(column))
    way = rng.choice(("near", "moved", "swapped", "dropped", "repeated"))
    if way == "near":
        column[index] += rng.choice((1, -1, 8, -8))
    elif way == "moved":
        # Of columns of differences and of counts alike, this keeps the sum.
        column[index] += 1
        column[other] -= 1
    elif way == "swapped":
        column[index], column[other] = column[other], column[index]
    elif way == "dropped":
        del column[index]
    else:
        column.insert(index, column[other])
    if rng.random() < 0.5 and table["upper_bound"] is not None:
        # Who alters a plan wants it to look cheaper.
        cheaper = Fraction(table["upper_bound"]) - Fraction(1, table["cost_scale"])
        table["upper_bound"] = cheaper.numerator if cheaper.denominator == 1 else str(cheaper)


def _anything(table: Fields, rng: random.Random) -> None:
    changed, _ = tampered(table, table, rng)
    table.clear()
    table.update(changed)


MUTATORS: dict[str, Callable[[Fields, random.Random], None]] = {
    "number by one": _by_one,
    "number negated": _negated,
    "number scaled": _scaled,
    "numbers swapped": _swapped,
    "node deleted": _node_deleted,
    "children swapped": _children_swapped,
    "case forgotten": _case_forgotten,
    "split altered": _split_altered,
    "other leaf's prices": _other_prices,
    "bound raised": _bound_raised,
    "plan altered": _plan_altered,
    "anything": _anything,
}
