"""The question that is asked, and what the plan is worth: FORMAT.md §3 and §6."""

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np

from instances import LatencyLimit, Plan, evaluate
from tests.milp.stranger.checks import _bound, _index, _must, _whole

AIMS = ("cost", "pad_ratio", "total_time", "batches", "shapes")
COUNTED = ("batches", "max_batch_size", "max_batch_tokens", "max_shapes")
OF_BATCHES = ("stream", "prompt", "gen", "batch", "copies", "id_rank")
OF_ENTRIES = ("entry_batch", "entry_row", "entry_count")


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
