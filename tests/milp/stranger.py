"""A second verifier, written from FORMAT.md alone: plain integers and dictionaries; § is a section there."""

import re
from collections import Counter, defaultdict
from dataclasses import astuple, replace
from fractions import Fraction
from itertools import accumulate, pairwise, product
from math import ceil, floor, inf, lcm
from types import SimpleNamespace

import numpy as np

from instances import Instance, LatencyLimit, Plan, digest, evaluate

AIMS = ("cost", "pad_ratio", "total_time", "batches", "shapes")
COUNTED = ("batches", "max_batch_size", "max_batch_tokens", "max_shapes")
OF_BATCHES = ("stream", "prompt", "gen", "batch", "copies", "id_rank")
OF_ENTRIES = ("entry_batch", "entry_row", "entry_count")
SCALES, BOUNDS = ("cost_scale", "time_scale"), ("lower_bound", "upper_bound")
KEYS = {"format", "instance", *SCALES, *BOUNDS, "plan", "nodes", "prices"}
OF_PRICES = {"from", "denominator", "fineness", "objective", "cold", "limit"}
OF_PRICES |= {"unit", "group", "keep", "add", "link"}


def accepts(instance: Instance, certificate_json: dict) -> bool:
    """Return whether all holds that a certificate claims of the instance which asks its question."""
    try:
        return _holds(_asked(instance, certificate_json.get("question")), certificate_json)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False


def _holds(instance, table) -> bool:  # §9
    _must(
        KEYS <= set(table) <= KEYS | {"reduction", "question"}
        and table["format"] == "batchproof-certificate/2"
    )
    m, lower, upper = _model(instance), _bound(table["lower_bound"]), _bound(table["upper_bound"])
    _must(
        [table["instance"], *_whole(table["cost_scale"], table["time_scale"])]
        == [digest(instance), *m.scales]
    )
    _must((table["plan"] is None) == (upper is None))
    _must(upper is None or (lower is not None and lower <= upper == _worth(instance, table["plan"])))
    prices, target, gone = _prices(m, table["prices"]), _ticks(m, lower), set()
    if table.get("reduction") is not None:
        gone = _gone(m, prices[_index(table["reduction"], prices)], target)
    for index, box in _leaves(m, table["nodes"]):
        own = prices[_index(index, prices)]
        least = _least(m, own, box, gone)[0]
        enough = target is not None and least != inf and -(-least // own.d) >= target
        _must(least == inf or (enough if own.objective else least > 0))
    return True


def _must(holds):
    if not holds:
        raise ValueError("refused")


def _whole(*values, least=-inf):
    _must(all(type(value) is int and value >= least for value in values))
    return list(values)


def _index(value, values):
    return _whole(value, least=0)[0] if value < len(values) else _must(False)


def _bound(value):
    _must(value is None or type(value) is int or re.fullmatch(r"-?[0-9]+/[0-9]+", value))
    return None if value is None else Fraction(value)


def _asked(instance, question):  # §6
    if question is None:
        return instance
    _must(set(question) <= {"minimize", "limits"} and question.get("minimize") in (None, *AIMS))
    for name, value in question.get("limits", {}).items():
        metric, place = name.split(":")
        value = value if metric in COUNTED else _bound(value)
        _must(value is None or (_whole(value, least=1) if metric in COUNTED else value >= 0))
        if metric == "max_shapes":
            _must(place == "all")
            instance = replace(instance, max_shapes=value)
            continue
        k = -1 if place == "all" else _index(int(place), instance.streams)
        limits = (*(stream.limits for stream in instance.streams), instance.limits)[k]
        if metric[0] == "p" and metric != "pad_ratio":
            _must(re.fullmatch(r"p[0-9]+(\.[0-9]{1,10})?", metric) and 0 < Fraction(metric[1:]) <= 100)
            new = LatencyLimit(value, Fraction(metric[1:]) / 100)
            kept = [old for old in limits.latency if old.quantile != new.quantile]
            limits = replace(limits, latency=tuple(kept + [new] * (value is not None)))
        else:
            _must(
                metric in ("cost", "pad_ratio", "total_time", "batches", "max_batch_size", "max_batch_tokens")
            )
            limits = replace(limits, **{metric: value})
        streams = [replace(s, limits=limits) if i == k else s for i, s in enumerate(instance.streams)]
        changed = {"limits": limits} if k < 0 else {"streams": tuple(streams)}
        instance = replace(instance, **changed)
    return replace(instance, minimize=question.get("minimize") or instance.minimize)


def _worth(instance, columns):  # §3: rules 1 and 2 here, the others and the value are what a plan is
    _must(set(columns) == {*OF_BATCHES, *OF_ENTRIES})
    c = {name: _whole(*values) for name, values in columns.items()}
    c |= {name: list(accumulate(c[name])) for name in ("id_rank", "entry_batch", "entry_row")}
    for names in (OF_BATCHES, OF_ENTRIES):
        _must(c[names[0]] and len({len(c[name]) for name in names}) == 1)
    steps = [after - before for before, after in pairwise([0, *c["entry_batch"]])]
    _must(steps[0] == 0 and set(steps) <= {0, 1} and c["entry_batch"][-1] == len(c["stream"]) - 1)
    _must(sorted(c["id_rank"]) == list(range(len(c["stream"]))) and min(c["copies"] + c["entry_count"]) >= 1)
    _must(all(0 <= size <= 2**31 for name in ("prompt", "gen", "batch") for size in c[name]))
    _must(instance.latency == "service" or sum(c["copies"]) <= 10**8)
    _must(all(0 <= k < len(instance.streams) for k in c["stream"]))
    held = Counter()
    for b, row, count in zip(*(c[name] for name in OF_ENTRIES), strict=True):
        held[c["stream"][b], row] += count * c["copies"][b]
    demands = [stream.demand.count.tolist() for stream in instance.streams]
    _must(held == {(k, row): count for k, rows in enumerate(demands) for row, count in enumerate(rows)})
    found = evaluate(instance, Plan(**{name: np.asarray(values) for name, values in c.items()}))
    _must(found.feasible)
    return getattr(found.total, instance.minimize)


def _align(sizes, length):  # §2
    if sizes and sizes.granularity:
        return -(-length // sizes.granularity) * sizes.granularity
    return min((size for size in (sizes.values if sizes else ()) if size >= length), default=length)


def _work(phases, scale):
    (a, b, c), (x, y, z) = ([int(f * scale) for f in triple] for triple in (phases.prefill, phases.decode))

    def decode(s, g):
        squares = g * s * s + s * g * (g - 1) + g * (g - 1) * (2 * g - 1) // 6
        return x * squares + y * (g * s + g * (g - 1) // 2) + z * g

    return lambda s: a * s * s + b * s + c, decode


def _scale(value):
    return lcm(*map(_scale, value)) if isinstance(value, tuple) else getattr(value, "denominator", 1)


def _model(instance):  # §4, §5
    runs, space, cost, time, streams = (
        getattr(instance, x) for x in ("runs", "shapes", "cost", "time", "streams")
    )
    m = SimpleNamespace(instance=instance, scales=[_scale(astuple(cost)), _scale(astuple(time))])
    m.n, m.real, m.asked, m.ks = Counter(), Counter(), Counter(), range(len(streams))
    for k, stream in enumerate(streams):
        for p, g, count in zip(
            *(getattr(stream.demand, x).tolist() for x in ("prompt", "gen", "count")), strict=True
        ):
            m.n[k, _align(space.prompt, p), _align(space.gen, g) if runs.gen_at == "shape" else g] += count
            for of in (k, None):
                m.real[of], m.asked[of] = m.real[of] + count * (p + g), m.asked[of] + count
    m.groups, m.limits = sorted(m.n), [*enumerate(s.limits for s in streams), (None, instance.limits)]
    waits = {floor(late.most * m.scales[1]) for _, limits in m.limits for late in limits.latency}
    m.deadlines = sorted(waits) if instance.latency == "completion" else []
    m.rows, m.delay = _rows(m), int(time.cold_start * m.scales[1])
    (pre, dec), (pre_t, dec_t) = map(_work, (cost.work, time.work), m.scales)
    m.shapes, m.capacity, m.fits, m.late = _shapes(m), {}, {}, {}
    m.measures = {aim: defaultdict(int) for aim in AIMS}
    for (k, s), stage in product(product(m.ks, m.shapes), range(len(m.deadlines) + 1)):
        for p, g in _sides(m, k, s):
            b, side = (k, *s, p, g, stage), p if runs.decode_at == "batch" else s[0]
            length = lambda own, shape: own if runs.prefill_at == "request" else shape  # noqa: E731
            duration = pre_t(length(p, s[0])) + dec_t(side, g) + int(time.batch * m.scales[1])
            m.capacity[b] = _capacity(m, b, side + g)
            if m.capacity[b] < 1 or duration > (*m.deadlines, inf)[stage]:
                del m.capacity[b]
                continue
            m.fits[b] = [i for i in m.groups if i[0] == k and i[1] <= p and i[2] <= g]
            m.late |= {(i, b): duration - pre_t(length(p, 0)) + pre_t(length(i[1], 0)) for i in m.fits[b]}
            m.measures["total_time"]["fix", b], m.measures["batches"]["fix", b] = duration, 1
            for aim, prefill, decode, batch in (
                ("cost", pre, dec, int(cost.batch * m.scales[0])),
                ("pad_ratio", lambda s: s, lambda s, g: g, 0),
            ):
                found, slot = m.measures[aim], prefill(s[0]) + decode(side, g)
                empty = slot if runs.batch_at == "shape" else 0
                found["unit", b] = slot - empty - (prefill(s[0]) if runs.prefill_at == "request" else 0)
                found["fix", b] = batch + s[2] * empty
                found |= {("own", i): prefill(i[1]) for i in m.groups if runs.prefill_at == "request"}
    tab, square = cost.count.table, cost.count.quadratic
    m.most = min(len(m.shapes), instance.max_shapes or inf, len(tab) - 1 if tab else inf)
    counts = {("count", n): int((tab[n] if tab else square * n * n) * m.scales[0]) for n in range(m.most + 1)}
    m.measures["cost"] |= counts
    for s, term in product(m.shapes, cost.compile):
        power = s[0] ** term.prompt * s[1] ** term.gen * s[2] ** term.batch
        m.measures["cost"]["open", s] += int(term.coefficient * m.scales[0]) * power
    m.measures["cost"]["base"] = int(cost.base * m.scales[0])
    m.measures["shapes"] |= {("count", n): n for n in range(m.most + 1)}
    m.names = {("shapes",), *(("shape", *s) for s in m.shapes), *(("batches", *b) for b in m.fits)}
    m.names |= {("requests", *b, *i[1:]) for b, fits in m.fits.items() for i in fits}
    return m


def _shapes(m):
    space, runs = m.instance.shapes, m.instance.runs
    found = {(p, 0) for _, p, _ in m.groups}
    if space.gen:
        each = {(p, _align(space.gen, g)) for _, p, g in m.groups}
        found = {
            (P, G)
            for P, G in product({p for p, _ in each}, {g for _, g in each})
            if any(p == P and g <= G for p, g in each) and any(g == G and p <= P for p, g in each)
        }
    elif runs.prefill_at == "request" and runs.decode_at == "batch" and not space.batch:
        found = {(max(p for of, p, _ in m.groups if of == k), 0) for k in m.ks}
    sizes = space.batch.values if space.batch else (0,)
    return sorted(
        (*pair, size)
        for pair, size in product(found, sizes)
        if all(_allows(*each) for each in zip((space.prompt, space.gen), pair, strict=True))
    )


def _allows(sizes, size):
    return not sizes or (size % sizes.granularity == 0 if sizes.granularity else size in sizes.values)


def _sides(m, k, s):  # the bounds p, g of types
    runs, gen = m.instance.runs, m.instance.shapes.gen
    timed = m.instance.latency == "completion" or m.instance.minimize == "total_time"
    timed = timed or any(limits.total_time is not None for _, limits in m.limits)
    free = runs.decode_at == "batch" or (runs.prefill_at == "request" and timed), runs.gen_at == "batch"
    mine = [(p, g) for of, p, g in m.groups if of == k]
    prompts = {p for p, _ in mine if p <= s[0]} if free[0] else {s[0]}
    gens = {g for _, g in mine if not gen or _align(gen, g) <= s[1]} if free[1] else {s[1]}
    for p, g in product(prompts, gens):
        tight = any(q == p and h <= g for q, h in mine), any(h == g and q <= p for q, h in mine)
        some = min(q for q, _ in mine) <= s[0] and min(h for _, h in mine) <= g
        if all(t or not f for t, f in zip(tight, free, strict=True)) and (any(free) or some):
            yield p, g


def _capacity(m, b, tokens):
    limits = [limits for k, limits in m.limits if k in (b[0], None)]
    most = [of.max_batch_tokens for of in limits if of.max_batch_tokens is not None]
    full = m.instance.runs.batch_at == "shape"
    if full and any(b[3] * tokens > limit for limit in most):
        return 0
    sizes = [of.max_batch_size for of in limits if of.max_batch_size is not None] + [b[3]] * (b[3] > 0)
    return min([m.asked[b[0]], *sizes] + [limit // tokens for limit in most] * (not full))


def _rows(m):  # (stream or None, kind, bound, θ or stage)
    rows, cost, time, last = [], *m.scales, len(m.deadlines)
    for k, of in m.limits:
        if of.cost is not None:
            rows.append((k, "cost", floor(of.cost * cost), last))
        if of.pad_ratio is not None and m.instance.pad_over == "real":
            rows.append((k, "pad_ratio", floor(m.real[k] * (1 + of.pad_ratio)), last))
        elif of.pad_ratio is not None and of.pad_ratio < 1:
            rows.append((k, "pad_ratio", floor(m.real[k] / (1 - of.pad_ratio)), last))
        if of.total_time is not None:
            rows.append((k, "total_time", floor(of.total_time * time), last))
        if of.batches is not None:
            rows.append((k, "batches", of.batches, last))
        for limit, q in sorted((late.most, late.quantile) for late in of.latency):
            wait, bound = floor(limit * time), -ceil(q * m.asked[k])
            rows.append(
                (k, "served", bound, m.deadlines.index(wait)) if m.deadlines else (k, "latency", bound, wait)
            )
    return rows + [(None, "work", m.instance.workers * wait, j) for j, wait in enumerate(m.deadlines)]


def _ticks(m, value):  # the least t of at least this value
    if value is None or m.instance.minimize != "pad_ratio":
        scale = dict(zip(AIMS, (m.scales[0], 1, m.scales[1]), strict=False)).get(m.instance.minimize, 1)
        return None if value is None else ceil(value * scale)
    real = m.real[None]
    if m.instance.pad_over == "padded" and value > 0:
        return ceil(real / (1 - value)) if value < 1 else None
    return ceil(real * (1 + value))


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


def _paid(m, own, weights, *key):
    return sum(weight * m.measures[aim][key] // own.e for weight, aim in weights)


def _total(m, own, kinds, k, stage=0):
    return sum(
        mu
        for (of, kind, _, at), mu in zip(m.rows, own.mu, strict=True)
        if of in (k, None) and kind in kinds and at >= stage
    )


def _weights(m, own, k, stage=0):  # §7
    full = own.objective * own.d * own.e
    found = [
        (_total(m, own, (aim, "work") if aim == "total_time" else (aim,), k, stage), aim) for aim in AIMS
    ]
    if m.instance.minimize == "cost":
        found[0] = (full + found[0][0], "cost")
    else:
        found.append((full, m.instance.minimize))
    return found


def _on_time(m, own, k, wait):  # what requests earn that wait as long
    return sum(
        -(-mu // own.e)
        for (of, kind, _, at), mu in zip(m.rows, own.mu, strict=True)
        if kind == "latency" and of in (k, None) and wait <= at
    )


def _reduced(m, own):  # F and w
    F, w = {}, {}
    alpha = dict(zip(m.groups, own.alpha, strict=True))
    for b in m.fits:
        weights = _weights(m, own, b[0], b[6])
        unit = _paid(m, own, weights, "unit", b) + (-_total(m, own, ("served",), b[0], b[6]) // own.e)
        F[b] = _paid(m, own, weights, "fix", b)
        for i in m.fits[b]:
            a = alpha[i] - _paid(m, own, weights, "own", i)
            w[i, b] = unit - a + own.kappa.get((i, b[1:4]), 0) - _on_time(m, own, b[0], m.late[i, b])
    return F, w


def _tau(m, b, F, w, box, gone):
    c, value, need, rest = m.capacity[b], 0, 0, []
    for i in m.fits[b]:
        low, high = _span(box, "requests", *b, *i[1:])
        low, high = max(low, 0), 0 if (i, b) in gone else min(high, m.n[i])
        if low > high:
            return inf
        value, need = value + low * w[i, b], need + low
        rest.append((min(w[i, b], 0), high - low))
    low, high = _span(box, "batches", *b)
    low = max(1, low, -(-need // c))
    best = (need + sum(x for cost, x in rest if c * cost + F[b] < 0)) // c

    def at(z):
        room, total = c * z - need, value + F[b] * z
        for cost, x in sorted(rest):
            total, room = total + cost * min(x, room), room - min(x, room)
        return total

    return inf if low > high else min(at(min(max(z, low), high)) for z in (best, best + 1))


def _chain(m, types, F, w):
    V = {None: 0}
    for b in types:
        ahead = [
            V[a] + sum(m.n[i] * min(0, w[i, b]) for i in m.fits[b] if i not in m.fits.get(a, ())) for a in V
        ]
        V[b] = F[b] + min(ahead)
    return min(V.values())


def _least(m, own, box, gone):  # L, and of what it consists
    F, w = _reduced(m, own)
    tau = {b: _tau(m, b, F, w, box, gone) for b in m.fits}
    bounded = {key[1:8] for key in box if key[0] in ("batches", "requests")}
    forced = {key[1:8] for key, (low, _) in box.items() if key[0] in ("batches", "requests") and low > 0}
    sigma, opened = {}, {s for s in m.shapes if _span(box, "shape", *s)[0] > 0} | {b[1:4] for b in forced}
    for s in m.shapes:
        used, rest = [], []
        for k in m.ks:
            types = sorted(b for b in m.fits if b[:4] == (k, *s))
            Y = sum(tau[b] if b in forced else min(0, tau[b]) for b in types if tau[b] < inf)
            one = len({b[4] for b in types}) == 1 and all(m.capacity[b] >= m.asked[k] for b in types)
            if one and not m.deadlines and not bounded & set(types):
                Y = max(Y, _chain(m, [b for b in types if tau[b] < 0], F, w))
            cold = [chi for b in types if tau[b] < inf for chi in _cold(m, own, b, tau, w, box, gone, forced)]
            Y += min(cold, default=0) if own.cold else 0
            must, shut = bool(forced & set(types)), own.cold and not cold
            shut = shut or any(b in forced and tau[b] == inf for b in types)
            shut = shut or (types and set(types) <= bounded and all(tau[b] == inf for b in types))
            if must and shut:
                return inf, tau, w, sigma
            pay = Y - sum(m.n[i] * own.kappa.get((i, s), 0) for i in m.groups if i[0] == k)
            pay += (
                _paid(m, own, _weights(m, own, k), "open", s)
                if m.instance.cost.compile_per == "stream"
                else 0
            )
            if not shut:
                (used if must or pay < 0 else rest).append(pay)
        sigma[s] = sum(used) if used else min(rest, default=inf)
        if sigma[s] < inf and m.instance.cost.compile_per == "once":
            sigma[s] += _paid(m, own, _weights(m, own, None), "open", s)
    closed = {s for s in m.shapes if _span(box, "shape", *s)[1] < 1}
    if opened & closed or any(sigma[s] == inf for s in opened):
        return inf, tau, w, sigma
    more = sorted(sigma[s] for s in m.shapes if s not in opened | closed and sigma[s] < inf)
    low, high = _span(box, "shapes")
    sums = accumulate(more, initial=sum(sigma[s] for s in opened))
    every = [
        _paid(m, own, _weights(m, own, None), "count", N) + part
        for N, part in enumerate(sums, len(opened))
        if low <= N <= min(high, m.most)
    ]
    base = sum(weight * m.measures[aim]["base"] for weight, aim in _weights(m, own, None))
    base -= sum(mu * row[2] for row, mu in zip(m.rows, own.mu, strict=True))
    fixed = sum(m.n[i] * alpha for i, alpha in zip(m.groups, own.alpha, strict=True)) + base // own.e
    return fixed + min(every) if every else inf, tau, w, sigma


def _cold(m, own, b, tau, w, box, gone, forced):
    weights = _total(m, own, ("total_time", "work"), b[0], b[6])
    weights += own.objective * own.d * own.e * (m.instance.minimize == "total_time")
    for i in m.fits[b]:
        if (i, b) not in gone:
            late = m.late[i, b] + m.delay
            rho = weights * max(0, late - m.measures["total_time"]["fix", b]) // own.e
            rho += _on_time(m, own, b[0], late - m.delay) - _on_time(m, own, b[0], late)
            least = 0 if _span(box, "requests", *b, *i[1:])[0] > 0 else max(0, w[i, b])
            yield (0 if b in forced else max(0, tau[b])) + rho + least


def _gone(m, own, target):  # §8
    _must(target is not None and own.objective == 1 and not own.cold)
    least, tau, w, sigma = _least(m, own, {}, ())
    counts = [_paid(m, own, _weights(m, own, None), "count", N) for N in range(m.most + 1)]
    sums = [
        part + more for part, more in zip(accumulate(sorted(sigma.values()), initial=0), counts, strict=False)
    ]
    before = [sums[N] - counts[N] + counts[N + 1] for N in range(m.most)]
    extra = {s: max(0, min(before, default=inf) + sigma[s] - min(sums)) for s in sigma}
    return {
        (i, b)
        for i, b in w
        if -(-(least + extra[b[1:4]] + max(0, tau[b]) + max(0, w[i, b])) // own.d) >= target
    }
