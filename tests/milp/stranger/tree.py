"""Prices written out, and the leaves with their boxes: FORMAT.md §6."""

from math import inf
from types import SimpleNamespace

from tests.milp.stranger.checks import _index, _must, _whole

OF_PRICES = {"from", "denominator", "fineness", "objective", "cold", "limit"}
OF_PRICES |= {"unit", "group", "keep", "add", "link"}


def _prices(m, entries):  # §6
    done = []
    for entry in entries:
        _must(set(entry) <= OF_PRICES)
        old = SimpleNamespace(d=None, e=None, objective=None, cold=False, mu=None, alpha=None, kappa={})
        if entry.get("from") is not None:
            old = done[_index(entry["from"], done)]
        given = lambda key, value, entry=entry: value if entry.get(key) is None else entry[key]  # noqa: E731
        u, new = _whole(entry.get("unit", 1))[0], SimpleNamespace(kappa=dict(old.kappa))
        new.d, new.e = _whole(given("denominator", old.d), given("fineness", old.e), least=1)
        (new.objective,), new.cold = _whole(given("objective", old.objective)), given("cold", old.cold)
        new.mu = _whole(*given("limit", old.mu), least=0)
        if entry.get("from") is not None:
            _must(entry.get("group") is None)
            new.alpha, at = list(old.alpha), -1
            keep, add = _whole(*entry.get("keep", []), least=0), _whole(*entry.get("add", []))
            for skip, more in zip(keep, add, strict=True):
                at += skip + 1
                new.alpha[at] += u * more
        else:
            _must(entry.get("keep", []) == entry.get("add", []) == [])
            new.alpha = [u * value for value in _whole(*entry["group"])]
        links = [_whole(*triple) for triple in entry.get("link", [])]
        _must(len({(i, s) for i, s, _ in links}) == len(links))
        for i, s, v in links:
            pair = m.groups[_index(i, m.groups)], m.shapes[_index(s, m.shapes)]
            new.kappa[pair] = new.kappa.get(pair, 0) + u * v
        _must(len(new.alpha) == len(m.groups) and len(new.mu) == len(m.rows))
        _must(new.objective in (0, 1) and type(new.cold) is bool and max(new.d, new.e) < 2**60)
        _must(min(new.kappa.values(), default=0) >= 0)
        _must(max(map(abs, (u, *new.alpha, *new.mu, *new.kappa.values()))) < 2**512)
        done.append(new)
    return done


def _leaves(m, nodes):  # the prices and the box (quantity to range) of each leaf
    boxes = {0: {}}
    for index, node in enumerate(nodes):
        box = boxes.pop(index)
        _must(set(node) <= {"prices", "on", "of", "at", "low", "high"})
        at, low, high = _whole(*(node.get(key, 0) for key in ("at", "low", "high")))
        key = (node.get("on"), *_whole(*node.get("of", [])))
        if node.get("prices") is not None:  # a leaf, whatever else it has
            yield node["prices"], box
            continue
        _must(key in m.names and (at == 0 or node["on"] != "shape"))
        _must(
            index < min(low, high)
            and max(low, high) < len(nodes)
            and low != high
            and not {low, high} & set(boxes)
        )
        least, most = _span(box, *key)
        boxes[low], boxes[high] = box | {key: (least, min(most, at))}, box | {key: (max(least, at + 1), most)}
    _must(not boxes)


def _span(box, *key):
    return box.get(key, (0, inf))
