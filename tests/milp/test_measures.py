"""Measures add up to the metrics of plans, and rows count what their definition says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from instances.batch_model import BatchModel, form_batch_model
from instances.batch_types import prompt_bound_matters
from instances.limit_rows import LimitRow
from instances.measures import Measure
from instances.metrics import Metrics, evaluate
from instances.objective import MINIMIZED
from instances.objective_value import value_at
from instances.plan import Plan
from instances.question import Question
from instances.running import entry_groups
from milp.translate import plan_types
from tests.milp.samples import sample


def typed(model: BatchModel, plan: Plan) -> np.ndarray | None:
    """Return the type of each batch; None if one has no type of the shape that it declares."""
    found = plan_types(model, plan)
    if found is None:
        return None
    declared = zip(plan.prompt.tolist(), plan.gen.tolist(), plan.batch.tolist(), strict=True)
    own = [tuple(model.types.shapes[s]) for s in model.types.shape[found[0]].tolist()]
    return found[0] if own == list(declared) else None


def total(model: BatchModel, measure: Measure, plan: Plan, types: np.ndarray) -> int:
    """Return how much of a measure a plan has, with what opening its shapes adds."""
    t, group = model.types, entry_groups(model.groups, plan)
    copies = plan.copies.tolist()
    value = measure.count[len(plan.shapes)]
    value += sum(int(measure.fixed[b]) * z for b, z in zip(types.tolist(), copies, strict=True))
    entries = zip(group.tolist(), plan.entry_batch.tolist(), plan.entry_count.tolist(), strict=True)
    for i, batch, requests in entries:
        value += (int(measure.own[i]) + int(measure.unit[types[batch]])) * requests * copies[batch]
    pairs = {(int(t.shape[b]), int(t.stream[b])) for b in types}
    value += sum(measure.open_stream[s] for s, _ in pairs)
    return value + sum(measure.open_once[s] for s in {s for s, _ in pairs})


def plans() -> Iterator[tuple[BatchModel, Plan, np.ndarray, Metrics]]:
    """Yield models, under each aim, with their optimal plans under the cost, their types and metrics."""
    for seed in range(30):
        known = sample(seed)
        if known.best is None:
            continue
        for aim in MINIMIZED:
            instance = replace(known.instance, minimize=aim)
            model, metrics = form_batch_model(instance), evaluate(instance, known.best.plan).total
            types = typed(model, known.best.plan)
            if types is not None and metrics is not None:
                yield model, known.best.plan, types, metrics


def test_measures_add_up_to_metrics() -> None:
    """Cost, padded tokens, time, batches, requests and what is minimised, as metrics have them."""
    compared = 0
    for model, plan, types, metrics in plans():
        instance, has = model.instance, {}
        for name, measure in model.measures.items():
            has[name] = total(model, measure, plan, types)
        assert has["batches"] == metrics.batches
        assert has["served"] == -metrics.requests
        real = instance.real_tokens
        share = metrics.pad_ratio
        assert has["tokens"] == (real * (1 + share) if instance.pad_over == "real" else real / (1 - share))
        if "cost" in has:
            assert has["cost"] + model.limited_base_ticks == metrics.cost * instance.cost_scale
        exact = prompt_bound_matters(instance) or instance.runs.prefill_at == "shape"
        if exact and not instance.time.cold_start:
            assert has["time"] == metrics.total_time * instance.time_scale
        if instance.minimize != "total_time" or not instance.time.cold_start:
            reached = value_at(instance, has["objective"] + model.base_ticks)
            assert reached == Fraction(getattr(metrics, instance.minimize))
        compared += 1
    assert compared > 30


def test_bounds_leave_out_what_every_plan_has() -> None:
    """A limit on just what a plan has is a row with just the sum that the plan has as its bound."""
    seen = 0
    for known, plan, types, metrics in plans():
        question = Question.named(limits={"cost:all": metrics.cost, "batches:all": str(metrics.batches)})
        model = form_batch_model(question.about(known.instance))
        bounds = {row.kind: row.bound for row in model.weighed if row.stream is None}
        for kind in ("cost", "batches"):
            assert bounds[kind] == total(model, model.measures[kind], plan, types)
        assert bounds["objective"] == -model.base_ticks
        seen += known.limited_base_ticks > 0
    assert seen


def test_rows_count_streams_and_stages() -> None:
    """Of one stream, or of all and of none; up to a stage, or a latency, or without end."""
    stream, reached = np.asarray([0, 1, 1]), np.asarray([2, 2, 3])
    row = LimitRow("work", None, 0, "", stage=2)
    assert row.counts(stream, reached).tolist() == [True, True, False]
    row = LimitRow("latency", 1, 0, "", threshold=2)
    assert row.counts(stream, reached).tolist() == [False, True, False]
    row = LimitRow("total_time", 1, 0, "")
    assert row.counts(stream, reached).tolist() == [False, True, True]
    assert not row.counts(None, 0)
    assert replace(row, stream=None).counts(None, 0)
