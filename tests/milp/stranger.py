"""A second verifier, written from FORMAT.md (§) in arrays of Python integers; `instances` is the problem."""

import json
from fractions import Fraction
from itertools import accumulate
from math import inf
from pathlib import Path

import numpy as np
from jsonschema import Draft4Validator

import instances as problem

FORM = Draft4Validator(json.loads((Path(__file__).parents[2] / "docs/certificate.schema.json").read_text()))


def verdict(instance, table):
    """Return the status of a certificate, given as JSON has it, and its lower and upper bound: §9."""
    try:
        assert FORM.is_valid(table)
        instance = problem.Question.named(**(table.get("question") or {})).about(instance)
        assert table["instance"] == problem.digest(instance)
        assert (table["cost_scale"], table["time_scale"]) == (instance.cost_scale, instance.time_scale)
        lower, upper = (x if x is None else Fraction(x) for x in (table["lower_bound"], table["upper_bound"]))
        assert table["plan"] is upper is None or lower <= upper == _worth(instance, table["plan"])
        target = None if lower is None else problem.ticks_reaching(instance, lower)
        m = problem.form_batch_model(instance)
        prices, gone = _prices(m, table["prices"]), np.zeros_like(m.fits())
        if table.get("reduction") is not None:
            own = prices[table["reduction"]]
            assert (own["objective"], own["cold"]) == (1, False)
            gone = -(-_bound(m, own, [], gone)[1] // own["denominator"]) >= target
        for own, box in _leaves(m, table["nodes"], prices):
            L, _ = _bound(m, own, box, gone)
            assert inf == L or (-(-L // own["denominator"]) >= target if own["objective"] else L > 0)
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
        return "rejected", None, None
    proven = "bound" if upper is None else "optimal" if lower == upper else "gap"
    return f"certified {'infeasible' if lower is None else proven}", lower, upper


def _worth(instance, columns):  # §3
    summed = {name: list(accumulate(columns[name])) for name in ("id_rank", "entry_batch", "entry_row")}
    columns = {name: np.array(values, np.int64) for name, values in (columns | summed).items()}
    return problem.objective_value(instance, problem.accepted(instance, problem.Plan(**columns)))


def _prices(m, entries):  # §6
    done, groups, shapes = [], len(m.groups), len(m.types.shapes)
    for entry in entries:
        old = done[entry["from"]] if "from" in entry else {"cold": False, "group": 0, "kappa": 0}
        own = old | {"unit": 1, "keep": [], "add": [], "link": [], "group": [0] * groups} | entry
        steps, links = np.array(own["group"], object), np.zeros((shapes, groups), object)
        for place, step in zip(accumulate(skip + 1 for skip in own["keep"]), own["add"], strict=True):
            steps[place - 1] += step
        for i, s, step in own["link"]:
            links[s, i] += step
        own |= {"group": old["group"] + own["unit"] * steps, "kappa": old["kappa"] + own["unit"] * links}
        assert (len(steps), len(own["limit"])) == (groups, len(m.rows))
        assert len({(i, s) for i, s, _ in own["link"]}) == len(own["link"])
        assert (own["kappa"] >= 0).all()
        assert all((abs(own[name]) < 2**512).all() for name in ("group", "kappa"))
        done.append(own)
    return done


def _leaves(m, nodes, prices):  # §6: of each leaf its prices, and its box: ranges of quantities
    names = {("shapes",): (), **{("shape", *shape): (s,) for s, shape in enumerate(m.types.shapes)}}
    names |= {("batches", *m.types.key(b)): (b,) for b in range(len(m.types))}
    for b, i in np.argwhere(m.fits()):
        names["requests", *m.types.key(b), m.groups.prompt[i], m.groups.gen[i]] = b, i
    boxes = {0: []}
    for index, node in enumerate(nodes):
        box = boxes.pop(index)
        if "prices" in node:
            yield prices[node["prices"]], box
            continue
        on, low, high, at = node["on"], node["low"], node["high"], node.get("at", 0)
        assert len({low, high} - {*range(index + 1), *boxes}) == 2
        for child, ends in ((low, (0, at)), (high, (at + 1, inf))):
            boxes[child] = [*box, (on, names[on, *node.get("of", [])], *ends)]
    assert not boxes


def _bound(m, own, box, gone):  # §7: L, and for §8 what it is at least if a group has requests in a type
    t, g, n, d, e = m.types, m.groups, m.groups.count.astype(object), own["denominator"], own["fineness"]
    fits, streams, measures = m.fits(), np.arange(len(m.instance.streams)), m.measures.items()
    rows = [*zip(m.weighed, [own["objective"] * d * e, *own["limit"]], strict=True)]
    sizes = {"shapes": (), "shape": len(t.shapes), "batches": len(t), "requests": fits.shape}
    low, high = ({on: np.full(size, end, object) for on, size in sizes.items()} for end in (0, inf))
    for on, place, least, most in box:
        low[on][place], high[on][place] = max(low[on][place], least), min(high[on][place], most)
    bounded = {place[0] for on, place, *_ in box if on in ("batches", "requests")}
    least, most = low["requests"], np.minimum(high["requests"], n * (fits & ~gone))
    forced = (low["batches"] > 0) | (least > 0).any(1)

    def weight(measure, k=None, since=0, unit=1):  # the μ of the rows that count, each in whole units
        held = ((row, -(-mu // unit)) for row, mu in rows if row.measure == measure)
        return sum(mu * np.array(row.counts(k, since), object) for row, mu in held)

    def paid(part, k=None, stage=0):  # the sum of [weight · value]
        return sum(weight(name, k, stage) * np.array(getattr(x, part), object) // e for name, x in measures)

    unit, F, stream = paid("unit", t.stream, t.stage), paid("fixed", t.stream, t.stage), t.stream[:, None]
    late = t.own_latency.astype(object) + t.unit_latency.astype(object)[:, None]
    earned, still = (weight("latency", stream, latency, e) for latency in (late, late + m.delay_ticks))
    w = unit[:, None] - own["group"] + paid("own", g.stream) + own["kappa"][t.shape] - earned

    order = np.argsort(w, 1)  # τ: what more than the least there is room for, cheapest first
    v, room = (np.take_along_axis(x, order, 1) for x in (w, (most - least) * (w < 0)))
    ahead, need, c = np.cumsum(room, 1) - room, least.sum(1), t.capacity.astype(object)
    first, last = np.maximum(np.maximum(1, low["batches"]), -(-need // c)), high["batches"]
    best, tau = (need + (room * (c[:, None] * v + F[:, None] < 0)).sum(1)) // c, inf
    for z in (best, best + 1):
        z = np.minimum(np.maximum(z, first), last)
        filled = np.minimum(room, np.maximum(0, (c * z - need)[:, None] - ahead))
        tau = np.minimum(tau, F * z + (v * filled).sum(1) + (w * least).sum(1))
    tau[(first > last) | (least > most).any(1)] = inf

    longer = np.maximum(0, late + m.delay_ticks - t.duration[:, None])  # χ
    pace = sum(weight(name, t.stream, t.stage) * x.delay for name, x in measures)[:, None]
    chi = pace * longer // e + earned - still + np.maximum(w, 0) * (least == 0)
    chi = np.where(forced, 0, np.maximum(tau, 0)) + np.where(fits & ~gone, chi, inf).min(1)

    pi = paid("open_stream", streams[:, None]).T - (own["kappa"] * n) @ (g.stream[:, None] == streams)
    for s, k in np.ndindex(pi.shape):
        part = np.flatnonzero((t.shape == s) & (t.stream == k))
        Y, V = np.where(forced, tau, np.minimum(tau, 0))[part].sum(), [(np.zeros(len(n), bool), 0)]
        large = (t.stage[part] == 0) & (c[part] >= n[g.stream == k].sum())
        if large.all() and len({*t.prompt[part]}) == 1 and bounded.isdisjoint(part):
            for b in part[tau[part] < 0]:
                gain = n * np.minimum(w[b], 0) * fits[b]
                V.append((fits[b], F[b] + min(before + gain[~held].sum() for held, before in V)))
            Y = max(Y, min(total for _, total in V))
        shut = len(part) and (tau[part] == inf).all()
        pi[s, k] += inf if shut else Y + (chi[part].min(initial=inf) if own["cold"] else 0)
    used, opened = pi < 0, low["shape"] > 0
    used[t.shape[forced], t.stream[forced]] = opened[t.shape[forced]] = True
    sigma = np.where(used.any(1), np.where(used, pi, 0).sum(1), pi.min(1)) + paid("open_once")
    sigma[high["shape"] < 1] = inf

    counts = paid("count")
    sums = np.cumsum(np.array([0, *sigma[opened], *sorted(sigma[~opened])], object))[: len(counts)]
    allowed = [max(low["shapes"], opened.sum()) <= N <= high["shapes"] for N in range(len(counts))]
    constant = (n * own["group"]).sum() + -sum(mu * row.bound for row, mu in rows) // e
    L = constant + (sums + counts)[allowed].min(initial=inf)
    beside = (sums[:-1] + counts[1:]).min(initial=inf)
    alone = np.maximum(L, constant + beside + sigma)[t.shape] + np.maximum(0, tau)
    return L, alone[:, None] + np.maximum(0, w)
