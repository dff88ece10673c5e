"""Tables for people: results, metrics against limits, violations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from instances import Evaluation, Instance, Limits, Plan
    from instances.metrics import Metrics
    from instances.question import Question
    from milp import Result, Step, Verdict

SHAPES_SHOWN = 16
VIOLATIONS_SHOWN = 20


def number(value: Fraction | int | None) -> str:
    """Return a number to read: integers in full, fractions to five digits or one decimal."""
    if value is None:
        return "none"
    exact = Fraction(value)
    if exact.denominator == 1:
        return f"{exact.numerator:,}"
    return f"{float(exact):,.1f}" if abs(exact) >= 1000 else f"{float(exact):.5g}"


def percent(gap: Fraction | None) -> str:
    """Return a gap in percent; a gap that is not 0 never reads as 0."""
    return "none" if gap is None else f"{float(gap * 100):.4g} %"


def facts(rows: Mapping[str, str]) -> str:
    """Return lines of name and value, as markup; long values stay in one line, to be copied."""
    width = max(map(len, rows))
    return "\n".join(f"[bold]{name:<{width}}[/]  {value}" for name, value in rows.items())


def result_tables(result: Result, files: Mapping[str, Path]) -> Iterator[RenderableType]:
    """Yield the tables of a result."""
    rows = {
        "instance": escape(result.instance.name),
        "status": status_text(result.status.value),
        **({} if result.aim == "cost" else {"minimized": result.aim, result.aim: number(result.value)}),
        "cost": number(result.cost),
        "certified lower bound": number(result.lower_bound),
        "gap": percent(result.gap),
    }
    if result.claimed_bound is not None and result.claimed_bound != result.lower_bound:
        rows["bound claimed by engine"] = f"{number(result.claimed_bound)} (not certified)"
    phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in result.times.items())
    rows["time"] = f"{result.seconds:.2f} s" + (f" ({phases})" if phases else "")
    rows["engine"] = escape(result.engine)
    if result.plan is not None:
        rows["shapes"] = _shapes(result.plan)
    yield facts(rows)
    if result.evaluation is not None:
        yield from evaluation_tables(result.instance, result.evaluation)
    if files:
        yield facts({f"wrote {what}": escape(str(path)) for what, path in files.items()})


def steps_text(steps: Sequence[Step]) -> str:
    """Return what is known of each of several metrics, most important first."""
    rows = {}
    for place, step in enumerate(steps, start=1):
        found = step.result
        said = f"at least {number(found.lower_bound)}, {status_text(found.status.value)}"
        rows[f"{place}. {step.metric}"] = f"{number(found.value)} ({said})"
    return facts(rows)


def question_text(question: Question, instance: Instance) -> str:
    """Return in words how a question differs from its instance."""
    parts = [] if question.minimize is None else [f"least {question.minimize}"]
    for name, value in question.limits.items():
        what = escape(name.words(instance))
        parts.append(f"no limit on {what}" if value is None else f"{what} ≤ {number(value)}")
    return "asked instead: " + ", ".join(parts)


def verdict_table(verdict: Verdict, aim: str = "cost") -> str:
    """Return the table of a verdict on a certificate about an instance that minimises `aim`."""
    rows = {"verdict": status_text(verdict.status.value)}
    if verdict.reason is not None:
        rows["reason"] = escape(verdict.reason)
    rows[aim] = number(verdict.upper_bound)
    rows["certified lower bound"] = number(verdict.lower_bound)
    rows["gap"] = percent(verdict.gap)
    rows["leaves checked"] = number(verdict.leaves)
    rows["time"] = f"{verdict.seconds:.2f} s"
    return facts(rows)


def plan_table(plan: Plan, evaluation: Evaluation) -> str:
    """Return what a plan costs and the shapes it uses."""
    rows = {"plan": "[green]feasible[/]" if evaluation.feasible else "[red]violates the instance[/]"}
    if evaluation.cost is not None:
        rows["cost"] = number(evaluation.cost)
        parts = (f"{name} {number(value)}" for name, value in evaluation.cost_parts.items() if value)
        rows["cost parts"] = ", ".join(parts)
    rows["shapes"] = _shapes(plan)
    return facts(rows)


def evaluation_tables(instance: Instance, evaluation: Evaluation) -> Iterator[RenderableType]:
    """Yield metrics against limits, one column per stream, and the violations."""
    if evaluation.total is not None:
        columns = [
            (stream.name, metrics, stream.limits)
            for stream, metrics in zip(instance.streams, evaluation.streams, strict=True)
        ]
        yield _metrics_table([*columns, ("all", evaluation.total, instance.limits)])
    for violation in evaluation.violations[:VIOLATIONS_SHOWN]:
        yield f"[red]violated[/] {escape(str(violation))}"
    if len(evaluation.violations) > VIOLATIONS_SHOWN:
        yield f"[red]violated[/] … and {len(evaluation.violations) - VIOLATIONS_SHOWN:,} more"


def _metrics_table(columns: list[tuple[str, Metrics, Limits]]) -> Table:
    table = Table()
    table.add_column("metric")
    for name, _, _ in columns:
        table.add_column(escape(name), justify="right")
    cells = [_cells(metrics, limits) for _, metrics, limits in columns]
    for name in dict.fromkeys(name for column in cells for name in column):
        table.add_row(name, *(column.get(name, "") for column in cells))
    return table


def _cells(metrics: Metrics, limits: Limits) -> dict[str, str]:
    latency = {limit.name: limit.most for limit in limits.latency}
    return {
        "requests": number(metrics.requests),
        "batches": _against(
            Fraction(metrics.batches), None if limits.batches is None else Fraction(limits.batches)
        ),
        "shapes": number(metrics.shapes),
        "cost": _against(metrics.cost, limits.cost),
        "pad ratio": _against(metrics.pad_ratio, limits.pad_ratio),
        **{f"{name} ms": _against(value, latency.get(name)) for name, value in metrics.latency.items()},
        "total time ms": _against(metrics.total_time, limits.total_time),
    }


def _against(value: Fraction, limit: Fraction | None) -> str:
    if limit is None:
        return number(value)
    # No space after the sign, so that a narrow terminal breaks the line before it.
    text = f"{number(value)} {'≤' if value <= limit else '>'}{number(limit)}"
    return text if value <= limit else f"[red]{text}[/]"


def _shapes(plan: Plan) -> str:
    shown = ", ".join(str(shape) for shape in plan.shapes[:SHAPES_SHOWN])
    more = ", …" if len(plan.shapes) > SHAPES_SHOWN else ""
    return f"{len(plan.shapes)}: {shown}{more}"


def status_text(status: str) -> str:
    """Return a status as markup: green if it is certified."""
    return f"[{'green' if status.startswith('certified') else 'yellow'}]{status}[/]"
