"""A second verifier, written from FORMAT.md (§) in plain Python; the problem itself is `instances`' own."""

import re
from fractions import Fraction
from functools import cache
from itertools import accumulate
from math import inf
from operator import add, mul
from types import SimpleNamespace as Table

from instances import Plan, digest, evaluate
from instances.batch_model import form_batch_model
from instances.cost_columns import CostColumns
from instances.exact import widened
from instances.named_limits import limit_name
from instances.objective_value import objective_value, ticks_reaching
from instances.plan_columns import malformed_columns
from instances.question import Question

SCALES, BOUNDS = ("cost_scale", "time_scale"), ("lower_bound", "upper_bound")
KEYS = {"format", "instance", *SCALES, *BOUNDS, "plan", "nodes", "prices"}
FIRST, UNSAID = {"cold": False, "kappa": {}}, {"unit": 1, "keep": [], "add": [], "link": []}
PRICES = {*UNSAID, "from", "group", "denominator", "fineness", "objective", "limit", "cold"}
KINDS, LATE = (("cost",), ("tokens",), ("served",), ("total_time", "work"), ("batches",)), ("latency",)
REACH = {"latency": "threshold", "served": "stage", "work": "stage"}  # up to where a row counts
ANY, LARGE = (0, inf), 2**512


def verdict(instance, table):
    """Return the status of a certificate, given as JSON has it, and its lower and upper bound: §9."""
    try:
        asked = {} if table.get("question") is None else table["question"]
        _must(KEYS <= set(table) <= KEYS | {"reduction", "question"} and set(asked) <= {"minimize", "limits"})
        limits = {limit_name(name): _claim(value) for name, value in asked.get("limits", {}).items()}
        instance = Question(asked.get("minimize"), limits).about(instance)
        _must([table["format"], table["instance"]] == ["batchproof-certificate/2", digest(instance)])
        _must(_whole([table[name] for name in SCALES]) == [getattr(instance, name) for name in SCALES])
        lower, upper = (_claim(table[name]) for name in BOUNDS)
        _must(table["plan"] is upper is None or lower <= upper == _worth(instance, table["plan"]))
        m, target = _problem(instance), None if lower is None else ticks_reaching(instance, lower)
        prices, gone = _prices(m, table["prices"]), set()
        if table.get("reduction") is not None:
            gone = _gone(m, _at(prices, table["reduction"]), target)
        for index, box in _leaves(m, table["nodes"]):
            own = _at(prices, index)
            low, *_ = _least(m, own, box, gone)
            _must(low == inf or (-(-low // own["denominator"]) >= target if own["objective"] else low > 0))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return "rejected", None, None
    proven = "bound" if upper is None else "optimal" if lower == upper else "gap"
    return f"certified {'infeasible' if lower is None else proven}", lower, upper


def _worth(instance, columns):  # §3
    plan = {name: _whole(values, 1 - 2**60, 2**60) for name, values in columns.items()}
    plan |= {name: list(accumulate(plan[name])) for name in ("id_rank", "entry_batch", "entry_row")}
    plan = Plan(**{name: widened(values, 0) for name, values in plan.items()})
    _must(malformed_columns(instance, plan) is None and evaluate(instance, plan).feasible)
    return objective_value(instance, evaluate(instance, plan))


def _problem(instance):  # §4: groups i, shapes s and types b by their names
    model = form_batch_model(instance)
    t, g = model.types, model.groups
    cost = t.limited or CostColumns(t.unit_cost, t.fixed_cost, t.own_cost, t.open_once, t.open_stream)
    m = Table(t=t, cost=cost, shapes=list(t.shapes), streams=range(len(instance.streams)))
    names = zip(g.stream.tolist(), g.prompt.tolist(), g.gen.tolist(), strict=True)
    m.n, m.types = dict(zip(names, g.count.tolist(), strict=True)), [t.key(b) for b in range(len(t))]
    m.fits = {b: [i for i in m.n if i[0] == b[0] and i[1] <= b[4] and i[2] <= b[5]] for b in m.types}
    m.rows = [(r.kind, r.stream, getattr(r, REACH.get(r.kind, ""), inf), r.bound) for r in model.rows]
    m.counts = [(model.count_ticks(N), model.limited_count_ticks(N)) for N in range(model.most_shapes + 1)]
    m.base = model.base_ticks, model.limited_base_ticks
    m.delay, m.timed = int(instance.time.cold_start * instance.time_scale), instance.minimize == "total_time"
    return m


def _prices(m, entries):  # §6
    done = []
    for entry in entries:
        old = _at(done, entry["from"]) if "from" in entry else FIRST
        own = old | UNSAID | entry
        (u,), links = _whole([own["unit"]], 1, LARGE), own["link"]
        _must(set(entry) <= PRICES and ("from" in entry) != ("group" in entry) and type(own["cold"]) is bool)
        _must(type(links) is list and not (old is FIRST and own["keep"]))
        own["group"] = [u * value for value in _whole(own["group"])] if old is FIRST else list(old["group"])
        places = accumulate(skip + 1 for skip in _whole(own["keep"], 0))
        for place, step in zip(places, _whole(own["add"]), strict=True):
            own["group"][place - 1] += u * step
        own["kappa"] = dict(old["kappa"])
        for i, s, value in map(_whole, links):
            pair = _at(list(m.n), i), _at(m.shapes, s)
            own["kappa"][pair] = own["kappa"].get(pair, 0) + u * value
        _must(len({(i, s) for i, s, _ in links}) == len(links))
        _must((len(own["group"]), len(own["limit"])) == (len(m.n), len(m.rows)))
        _must(_whole([own["denominator"], own["fineness"]], 1, 2**60) and _whole([own["objective"]], 0, 2))
        _whole(own["limit"] + list(own["kappa"].values()), 0, LARGE)
        done.append(own | {"group": _whole(own["group"], 1 - LARGE, LARGE)})
    return done


def _leaves(m, nodes):  # §6: of each leaf the index of its prices, and its box: the ranges of quantities
    names = {("shapes",), *(("shape", *s) for s in m.shapes), *(("batches", *b) for b in m.fits)}
    names |= {("requests", *b, *i[1:]) for b in m.fits for i in m.fits[b]}
    boxes = {0: {}}
    for index, node in enumerate(nodes):
        box = boxes.pop(index)
        if set(node) == {"prices"}:
            yield node["prices"], box
            continue
        name = (node["on"], *_whole(node.get("of", [])))
        at, low, high = _whole([node.get("at", 0), node["low"], node["high"]])
        _must(set(node) <= {"on", "of", "at", "low", "high"} and name in names)
        _must((at == 0 or name[0] != "shape") and index < low != high > index and not {low, high} & {*boxes})
        least, most = box.get(name, ANY)
        boxes |= {low: box | {name: (least, min(most, at))}, high: box | {name: (max(least, at + 1), most)}}
    _must(not boxes)


def _least(m, own, box, gone):  # §7: L, and what it is made of for §8
    t, cost, n, d, e = m.t, m.cost, m.n, own["denominator"], own["fineness"]
    rows, place = list(zip(m.rows, own["limit"], strict=True)), {i: j for j, i in enumerate(n)}
    low = {name for name in box if box[name][0] > 0}
    forced, bounded = ({q[1:8] for q in some if q[0] in ("batches", "requests")} for some in (low, box))
    capacity, duration = (dict(zip(m.types, x.tolist(), strict=True)) for x in (t.capacity, t.duration))
    late, F, w, tau, sigma = {}, {}, {}, {}, {}

    @cache
    def weight(kinds, k, since=0, unit=1):  # the μ of rows that count from `since` on, each in whole units
        held = (mu for (kind, of, end, _), mu in rows if kind in kinds and of in (k, None) and since <= end)
        return sum(-(-mu // unit) for mu in held)

    def paid(k, stage, aim, *values):  # the sum of [weight · value], values being of the aim and of KINDS
        shares = (weight(kinds, k, stage) * int(v) // e for kinds, v in zip(KINDS, values, strict=False))
        return own["objective"] * d * int(aim) + sum(shares)

    def run(b):  # τ: each group that fits has a price w, a start and room for more
        (least, most), spans, c = box.get(("batches", *b), ANY), [], capacity[b]
        for i in m.fits[b]:
            start, end = box.get(("requests", *b, *i[1:]), ANY)
            spans.append((w[i, b], start, min(end, n[i] * ((i, b) not in gone)) - start))
        need = sum(start for _, start, _ in spans)
        least = max(1, least, -(-need // c))
        if least > most or any(more < 0 for _, _, more in spans):
            return inf
        free = sorted((value, more) for value, _, more in spans if value < 0)
        ahead = accumulate((more for _, more in free), initial=need)
        free = [(value, more, before) for (value, more), before in zip(free, ahead, strict=False)]
        best = (need + sum(more for value, more, _ in free if c * value + F[b] < 0)) // c
        tries = (min(max(z, least), most) for z in (best, best + 1))
        filled = (F[b] * z + sum(v * max(0, min(x, c * z - before)) for v, x, before in free) for z in tries)
        return min(filled) + sum(value * start for value, start, _ in spans)

    def cold(i, b):  # what χ is the least of
        held, longer = ("requests", *b, *i[1:]) in low, max(0, late[i, b] + m.delay - duration[b])
        rho = paid(b[0], b[6], longer * m.timed, 0, 0, 0, longer)
        rho += weight(LATE, b[0], late[i, b], e) - weight(LATE, b[0], late[i, b] + m.delay, e)
        return rho + max(0, tau[b]) * (b not in forced) + max(0, w[i, b]) * (not held)

    def used(k, s):  # π without what opening s costs; ∞ if s is shut to k
        types = [b for b in m.types if b[:4] == (k, *s)]
        chi = [cold(i, b) for b in types if tau[b] < inf for i in m.fits[b] if (i, b) not in gone]
        if (own["cold"] and not chi) or (types and min(tau[b] for b in types) == inf):
            return inf
        Y = sum(tau[b] if b in forced else min(0, tau[b]) for b in types)
        large = all((b[6], capacity[b]) == (0, sum(n[i] for i in n if i[0] == k)) for b in types)
        if large and len({b[4] for b in types}) == 1 and not bounded & set(types):
            V = {None: 0}
            for b in (b for b in types if tau[b] < 0):
                more = {a: [i for i in m.fits[b] if i not in m.fits.get(a, ())] for a in V}
                V[b] = F[b] + min(V[a] + sum(n[i] * min(0, w[i, b]) for i in more[a]) for a in V)
            Y = max(Y, min(V.values()))
        linked = sum(n[i] * own["kappa"].get((i, s), 0) for i in n if i[0] == k)
        return Y + min(chi, default=0) * own["cold"] - linked

    for j, b in enumerate(m.types):
        k, stage = b[0], b[6]
        F[b] = paid(k, stage, t.fixed_cost[j], cost.fixed[j], t.fixed_tokens[j], 0, t.duration[j], 1)
        unit = paid(k, stage, t.unit_cost[j], cost.unit[j], t.unit_tokens[j], -1)
        for g, i in ((place[i], i) for i in m.fits[b]):
            late[i, b] = int(t.own_latency[g]) + int(t.unit_latency[j])
            w[i, b] = unit + paid(k, 0, t.own_cost[g], cost.own[g], t.own_tokens[g]) - own["group"][g]
            w[i, b] += own["kappa"].get((i, b[1:4]), 0) - weight(LATE, k, late[i, b], e)
        tau[b] = run(b)
    for j, s in enumerate(m.shapes):
        pi = [used(k, s) + paid(k, 0, t.open_stream[j], cost.open_stream[j]) for k in m.streams]
        some = [pay for k, pay in enumerate(pi) if pay < 0 or any(b[:4] == (k, *s) for b in forced)]
        sigma[s] = (sum(some) if some else min(pi)) + paid(None, 0, t.open_once[j], cost.open_once[j])
    opened = {s for s in m.shapes if ("shape", *s) in low or any(b[1:4] == s for b in forced)}
    closed = {s for s in m.shapes if box.get(("shape", *s), ANY)[1] < 1}
    free = sorted(sigma[s] for s in m.shapes if s not in opened | closed)
    counts, (least, most) = [paid(None, 0, *pair) for pair in m.counts], box.get(("shapes",), ANY)
    sums = zip(counts[len(opened) :], accumulate(free, initial=sum(sigma[s] for s in opened)), strict=False)
    every = [sum(both) for N, both in enumerate(sums, len(opened)) if least <= N <= most]
    L = sum(map(mul, n.values(), own["group"])) + own["objective"] * d * m.base[0]
    L += (weight(KINDS[0], None) * m.base[1] - sum(mu * bound for (*_, bound), mu in rows)) // e
    return inf if opened & closed else L + min(every, default=inf), tau, w, sigma, counts


def _gone(m, own, target):  # §8
    _must(target is not None and own["objective"] == 1 and not own["cold"])
    L, tau, w, sigma, counts = _least(m, own, {}, ())
    sums = list(accumulate(sorted(sigma.values()), initial=0))
    free, beside = min(map(add, sums, counts)), min(map(add, sums, counts[1:]), default=0)
    extra = {s: max(0, beside + sigma[s] - free) for s in sigma}
    worth = {(i, b): L + extra[b[1:4]] + max(0, tau[b]) + max(0, w[i, b]) for i, b in w}
    return {pair for pair in worth if -(-worth[pair] // own["denominator"]) >= target}


def _must(holds):
    if not holds:
        raise ValueError


def _whole(values, least=-inf, end=inf):
    _must(type(values) is list and all(type(value) is int and least <= value < end for value in values))
    return values


def _at(values, index):
    return values[_whole([index], 0)[0]]


def _claim(value):
    _must(value is None or type(value) is int or re.fullmatch(r"-?[0-9]{1,400}/[1-9][0-9]{0,400}", value))
    return None if value is None else Fraction(value)
