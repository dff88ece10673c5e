"""Certificates as nested lists and dicts, and random ways to tamper with them."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any

from instances.catalog import path as catalog_path
from instances.files import read
from instances.instance import Instance
from milp import solve
from milp.certificate import Certificate
from milp.certificate_file import encode_certificate
from tests.milp.grown import grown
from tests.milp.samples import sample
from tests.oracle.optima import stored

Fields = dict[str, Any]

SOLVED = (
    "tiny/histogram",
    "tiny/two-streams-share-shapes",
    "tiny/completion-cold-start",
    "tiny/decimals",
    "infeasible/total-time-against-pad-ratio",
    "infeasible/prompt-not-covered",
)
GROWN = (0, 4, 8, 11, 19)
"""Seeds of random instances for which a tree of many leaves is made by hand."""
REDUCED = (27, 30, 33, 51)
"""Seeds of those with a tree that leaves pairs out and reaches the optimum."""

INTEGERS = (0, 1, -1, 2, 7, 2**31, 2**60, 2**62, 2**63 - 1, 2**63, -(2**63), 10**30, 10**400, -(10**400))
OTHERS = (True, False, None, "x", "1/3", "-7/2", "1/0", "", 1.5, [], [1], {}, [[0, 0, 1]])


@cache
def genuine() -> tuple[tuple[Instance, Fraction | None, Certificate], ...]:
    """Return instances with their optima (None if infeasible) and certificates that hold."""
    made = []
    for name in SOLVED:
        instance = read(catalog_path(name))
        certificate = solve(instance, time_limit=20).certificate
        assert certificate is not None
        cost = stored()[name]
        made.append((instance, None if cost is None else Fraction(cost), certificate))
    for seed in GROWN:
        best = sample(seed).best
        assert best is not None
        made.append((sample(seed).instance, best.cost, grown(seed, 12)))
    for seed in REDUCED:
        best = sample(seed).best
        assert best is not None
        made.append((sample(seed).instance, best.cost, grown(seed, 12, reduced=True)))
    return tuple(made)


def fields(certificate: Certificate) -> Fields:
    """Return a certificate as the content of its file."""
    table: Fields = json.loads(encode_certificate(certificate))
    return table


def places(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside nested lists and dicts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*prefix, key)
        yield from places(inner, (*prefix, key))


def tampered(table: Fields, other: Fields, rng: random.Random) -> tuple[Fields, str]:
    """Return a changed copy of a certificate and what was done to it."""
    changed = copy.deepcopy(table)
    done = [rng.choice(WAYS)(changed, other, rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    return changed, "; ".join(done)


def _parent(table: Fields, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        table = table[key]
    return table


def _anything(table: Fields, _: Fields, rng: random.Random) -> str:
    return _replace(table, rng.choice(list(places(table))), rng)


def _number(table: Fields, _: Fields, rng: random.Random) -> str:
    """Change one number by a little, or its sign, or one of its digits."""
    numbers = [p for p in places(table) if type(_parent(table, p)[p[-1]]) is int]
    parts = sorted({str(p[0]) for p in numbers})
    part = rng.choice(parts)
    place = rng.choice([p for p in numbers if str(p[0]) == part])
    parent, old = _parent(table, place), _parent(table, place)[place[-1]]
    digit = 10 ** rng.randrange(len(str(abs(old))))
    new = rng.choice((old + 1, old - 1, -old, old + digit, old - digit, 2 * old, rng.choice(INTEGERS)))
    parent[place[-1]] = new
    return f"{place}: {old} to {new}"


def _replace(table: Fields, place: tuple[Any, ...], rng: random.Random) -> str:
    new = rng.choice(INTEGERS + OTHERS)
    _parent(table, place)[place[-1]] = copy.deepcopy(new)
    return f"{place} to {new!r}"


def _resized(table: Fields, _: Fields, rng: random.Random) -> str:
    """Drop, repeat or swap elements of one list."""
    lists = [
        p for p in places(table) if isinstance(_parent(table, p)[p[-1]], list) and _parent(table, p)[p[-1]]
    ]
    if not lists:
        return "nothing"
    place = rng.choice(lists)
    values = _parent(table, place)[place[-1]]
    first, second = rng.randrange(len(values)), rng.randrange(len(values))
    way = rng.choice(("drop", "repeat", "swap", "truncate"))
    if way == "drop":
        del values[first]
    elif way == "repeat":
        values.insert(first, copy.deepcopy(values[second]))
    elif way == "swap":
        values[first], values[second] = values[second], values[first]
    else:
        del values[first:]
    return f"{way} {first} {second} of {place}"


def _dropped(table: Fields, _: Fields, rng: random.Random) -> str:
    place = rng.choice([p for p in places(table) if isinstance(p[-1], str)])
    del _parent(table, place)[place[-1]]
    return f"without {place}"


def _node(table: Fields, _: Fields, rng: random.Random) -> str:
    """Tamper with the tree: children swapped, shared or in a cycle, splits moved, leaves elsewhere."""
    nodes = table.get("nodes")
    if not isinstance(nodes, list) or not nodes or not all(isinstance(node, dict) for node in nodes):
        return "nothing"
    index = rng.randrange(len(nodes))
    node, way = nodes[index], rng.choice(("children", "cycle", "at", "of", "leaf", "cut", "twice"))
    if way == "children":
        node["low"], node["high"] = node.get("high"), node.get("low")
    elif way == "cycle":
        node[rng.choice(("low", "high"))] = rng.randrange(-1, len(nodes) + 1)
    elif way == "at":
        node["at"] = rng.choice((-1, 0, 1, 2, 10, 10**400, -(10**400)))
    elif way == "of" and isinstance(node.get("of"), list) and node["of"]:
        node["of"][rng.randrange(len(node["of"]))] = rng.choice((0, 1, 8, 10**400, -1))
    elif way == "leaf":
        nodes[index] = {"prices": rng.choice((0, 1, -1, 5, 10**400))}
    elif way == "cut":
        # A tree that is cut short here, with the claim left as it is.
        nodes[index] = {"prices": 0}
        del nodes[index + 1 :]
    else:
        node["low"] = node.get("high")
    return f"{way} at node {index}"


def _claim(table: Fields, other: Fields, rng: random.Random) -> str:
    name = rng.choice(
        ("lower_bound", "upper_bound", "both", "infeasible", "plan", "instance", "prices", "nodes")
    )
    if name == "both":
        table["lower_bound"] = table["upper_bound"] = rng.choice((0, 1, 10**9, 10**30, "1/7"))
    elif name == "infeasible":
        table["lower_bound"] = table["upper_bound"] = table["plan"] = None
    elif name in ("plan", "instance", "prices", "nodes"):
        table[name] = copy.deepcopy(other[name])
    else:
        value = table.get(name)
        if not isinstance(value, (int, str)) or isinstance(value, bool):
            value = 0
        try:
            exact = Fraction(value) + rng.choice((Fraction(1, 10**6), 1, -1, Fraction(1, 7), 10**9))
        except (ValueError, ZeroDivisionError):
            exact = Fraction(1)
        table[name] = exact.numerator if exact.denominator == 1 else str(exact)
    return f"claim: {name}"


def _plan(table: Fields, _: Fields, rng: random.Random) -> str:
    """Tamper with the assignment of requests to batches."""
    plan = table.get("plan")
    if not isinstance(plan, dict):
        return "nothing"
    columns = [name for name, values in plan.items() if isinstance(values, list) and values]
    if not columns:
        return "nothing"
    values = plan[rng.choice(columns)]
    index = rng.randrange(len(values))
    old = values[index]
    near = old + rng.choice((-1, 1, 8)) if type(old) is int else 0
    values[index] = rng.choice((near, near, near, *INTEGERS))
    return f"plan: {old} to {values[index]}"


def _prices(table: Fields, _: Fields, rng: random.Random) -> str:
    """Tamper with what weighs all prices of a leaf."""
    prices = table.get("prices")
    if not isinstance(prices, list) or not prices or not isinstance(prices[0], dict):
        return "nothing"
    own = rng.choice(prices)
    name = rng.choice(("denominator", "fineness", "objective", "cold", "link"))
    if not isinstance(own, dict):
        return "nothing"
    own[name] = rng.choice(
        {
            "denominator": (0, -1, 1, 2, 10**400),
            "fineness": (0, -1, 1, 2, 10**400),
            "objective": (0, 1, 2, -1),
            "cold": (True, False),
            "link": (
                [[0, 0, 10**6]],
                [[0, 0, -(10**6)]],
                [[-1, 0, 1]],
                [[0, 0, 1], [0, 0, 1]],
                [[0, 10**6, 1]],
            ),
        }[name]
    )
    return f"prices: {name} to {own[name]}"


WAYS: tuple[Callable[[Fields, Fields, random.Random], str], ...] = (
    _anything,
    _number,
    _number,
    _resized,
    _dropped,
    _node,
    _node,
    _claim,
    _plan,
    _plan,
    _prices,
)
