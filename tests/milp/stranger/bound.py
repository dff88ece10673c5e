"""L and the pairs left out: FORMAT.md §7 and §8."""

from itertools import accumulate
from math import inf

from tests.milp.stranger.checks import _must
from tests.milp.stranger.question import AIMS
from tests.milp.stranger.tree import _span


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
