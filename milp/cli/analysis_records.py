"""An analysis as a dictionary for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from milp.cli.records import Record, exact

if TYPE_CHECKING:
    from instances import Evaluation, Instance
    from milp.analysis import Analysis, Floor, Lengths, StreamAnalysis
    from milp.analysis.drivers import Driver
    from milp.analysis.padding import Padding


def analysis_record(analysis: Analysis) -> Record:
    """Return everything that an analysis says."""
    least = analysis.least_cost
    return {
        "status": "no plan meets the limits" if analysis.unreachable else "analyzed",
        "instance": analysis.instance.name,
        "runtime_s": round(analysis.seconds, 3),
        "streams": [_stream(stream) for stream in analysis.streams],
        "padding": [_padding(analysis.instance, budget) for budget in analysis.padding],
        "least_cost": {
            **exact("work", least.work),
            **exact("batches", least.batches),
            **exact("compile", least.cover),
            **exact("base", least.base),
        },
        "most_shapes_by_cost": analysis.shapes,
        "greedy": _greedy(analysis.greedy),
        "floors": [_floor(analysis.instance, floor) for floor in analysis.floors],
    }


def _stream(stream: StreamAnalysis) -> Record:
    return {
        "name": stream.name,
        "requests": stream.requests,
        "prompt": _lengths(stream.prompt),
        "gen": _lengths(stream.gen),
        "longest": [asdict(longest) for longest in stream.longest],
        "costliest": [_driver(driver) for driver in stream.costliest],
        "most_padded": [_driver(driver) for driver in stream.most_padded],
        **exact("work_of_costliest_percent", stream.top_share),
        "needed_lengths": [{"prompt": prompt, "gen": gen or None} for prompt, gen in stream.corners],
        "least_batches": stream.batches,
        "most_shapes_by_cost": stream.shapes,
    }


def _lengths(lengths: Lengths) -> Record:
    percentiles: Record = dict(lengths.percentiles)
    return {
        "min": lengths.least,
        **exact("mean", lengths.mean),
        **percentiles,
        "max": lengths.most,
        "total": lengths.total,
    }


def _driver(driver: Driver) -> Record:
    return {
        "prompt": driver.prompt,
        "gen": driver.gen,
        "requests": driver.requests,
        **exact("floor", driver.floor),
        **exact("without_one", driver.without),
    }


def _padding(instance: Instance, budget: Padding) -> Record:
    aligned, widths = budget.alignment, budget.widths
    return {
        "stream": None if budget.stream is None else instance.streams[budget.stream].name,
        "real_tokens": aligned.real_tokens,
        "alignment_prompt": aligned.prompt,
        "alignment_gen": aligned.gen,
        **exact("least_pad_ratio", budget.least_ratio),
        **exact("limit", budget.limit),
        "budget": budget.budget,
        "left": budget.left,
        "gen_bucket_width": None if widths is None else asdict(widths),
    }


def _greedy(evaluation: Evaluation | None) -> Record | None:
    if evaluation is None or evaluation.total is None:
        return None
    record: Record = {"feasible": evaluation.feasible, **exact("cost", evaluation.cost)}
    for name, value in evaluation.cost_parts.items():
        record |= exact(name, value)
    return record


def _floor(instance: Instance, floor: Floor) -> Record:
    return {
        "metric": floor.metric,
        "stream": None if floor.stream is None else instance.streams[floor.stream].name,
        "status": floor.status,
        **exact("floor", floor.lower),
        **exact("reached", floor.value),
        **exact("limit", floor.limit),
        "unreachable": floor.unreachable,
        "runtime_s": round(floor.seconds, 3),
    }
