"""Groups, shapes, batch types and rows: FORMAT.md §2, §4 and §5."""

from collections import Counter, defaultdict
from dataclasses import astuple
from itertools import product
from math import ceil, floor, inf, lcm
from types import SimpleNamespace

from tests.milp.stranger.question import AIMS


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
