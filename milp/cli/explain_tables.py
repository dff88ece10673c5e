"""Explanations for people."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from milp.cli.tables import facts, number, status_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from instances import Instance
    from instances.named_limits import LimitName
    from milp.explain import Explanation, PlanExplanation
    from milp.explain.compromise import Compromise
    from milp.explain.conflict import Conflict
    from milp.explain.contributions import Contribution
    from milp.explain.relaxation import Relaxation
    from milp.explain.repair import Repair, Step
    from milp.explain.standing import Price, Standing

SHOWN = 8
"""Batches and steps that are listed."""


def explanation_tables(explanation: Explanation) -> Iterator[RenderableType]:
    """Yield what is said of an instance."""
    instance = explanation.instance
    rows = {"instance": escape(instance.name), "status": status_text(explanation.status.value)}
    if explanation.result is not None:
        rows |= {
            instance.minimize.replace("_", " "): number(explanation.result.value),
            "certified lower bound": number(explanation.result.lower_bound),
        }
    yield facts({**rows, "time": f"{explanation.seconds:.2f} s"})
    for cause in explanation.causes:
        yield f"[bold]cause[/]: {escape(cause.text)}"
    if explanation.conflict is not None and explanation.conflict.held:
        yield _conflict_words(explanation.conflict)
        yield _relaxation_table(instance, explanation.conflict, explanation.relaxations)
    if explanation.conflict is not None and not explanation.conflict.held:
        yield "No plan exists even without limits."
    if explanation.compromise is not None:
        yield from _compromise_tables(instance, explanation.compromise, explanation)
    if explanation.standings:
        yield _slack_table(instance, explanation.standings, explanation.prices)


def plan_tables(explanation: PlanExplanation) -> Iterator[RenderableType]:
    """Yield what is said of a plan."""
    instance, evaluation = explanation.instance, explanation.evaluation
    feasible = evaluation.feasible
    rows = {
        "instance": escape(instance.name),
        "plan": "[green]meets all limits[/]" if feasible else "[red]violates the instance[/]",
        "cost": number(evaluation.cost),
        "time": f"{explanation.seconds:.2f} s",
    }
    yield facts(rows)
    if explanation.standings:
        yield _slack_table(instance, explanation.standings, [])
        worst = explanation.standings[0]
        yield _contribution_table(instance, worst, explanation.contributions)
    elif not feasible:
        yield from (f"[red]violated[/] {escape(str(one))}" for one in evaluation.violations[:SHOWN])
    if explanation.infeasible is not None:
        yield "No change of the plan can mend it: no plan meets all limits."
        yield from explanation_tables(explanation.infeasible)
    elif explanation.repair is not None:
        yield from _repair_tables(instance, explanation.repair, explanation.searched)


def files_table(files: dict[str, str]) -> Iterator[RenderableType]:
    """Yield which files were written."""
    if files:
        yield facts({f"wrote {what}": escape(path) for what, path in files.items()})


def _conflict_words(conflict: Conflict) -> str:
    if len(conflict.held) == 1:
        return "This limit cannot be met ([green]certified[/]); without it, a plan exists:"
    rest = "any fewer of them can"
    if conflict.unconfirmed:
        rest = (
            f"whether {', '.join(map(str, conflict.unconfirmed))} is needed for that was not settled in time"
        )
    return f"These {len(conflict.held)} limits cannot be met together ([green]certified[/]); {rest}:"


def _relaxation_table(instance: Instance, conflict: Conflict, relaxations: list[Relaxation]) -> Table:
    table = Table()
    for head in ("limit", "allowed", "infeasible at", "feasible at"):
        table.add_column(head, justify="left" if head == "limit" else "right")
    table.add_column("so")
    by_name = {relaxation.name: relaxation for relaxation in relaxations}
    for name, value in conflict.held.items():
        found = by_name.get(name)
        cells = ("", "", "") if found is None else _relaxation_cells(found)
        table.add_row(_words(instance, name), _quantity(name, value), *cells)
    return table


def _relaxation_cells(found: Relaxation) -> tuple[str, str, str]:
    low, high = (_quantity(found.name, value) for value in (found.infeasible_at, found.feasible_at))
    if low == high:
        low, high = f"{float(found.infeasible_at):.12g}", f"{float(found.feasible_at or 0):.12g}"
    if not found.helps:
        return low, "none", "others cannot be met either"
    if found.feasible_at is None:
        return low, "unknown", "no plan found in time"
    # A limit of 0 has no relative excess.
    more = f" (+{float((found.feasible_at / found.value - 1) * 100):.4g} %)" if found.value else ""
    return low, high + more, "least" if found.tight else "interval"


def _compromise_tables(
    instance: Instance, compromise: Compromise, explanation: Explanation
) -> Iterator[RenderableType]:
    from instances.named_limits import named_limits

    own = named_limits(instance)
    if len(own) < 2:
        return
    certified = "no plan does with less ([green]certified[/])"
    if not compromise.tight:
        certified = f"none does with less than {_percent(compromise.at_least)} ([green]certified[/])"
    yield f"A plan exceeds no limit by more than {_percent(compromise.excess)}; {certified}:"
    table = Table()
    for head in ("limit", "allowed", "has", "excess"):
        table.add_column(head, justify="left" if head == "limit" else "right")
    for name, value in own.items():
        has = compromise.values[name]
        over = _percent(has / value - 1) if has > value > 0 else ""
        table.add_row(_words(instance, name), _quantity(name, value), _quantity(name, has), over)
    yield table


def _slack_table(instance: Instance, stand: list[Standing], prices: list[Price]) -> Table:
    table = Table()
    for head in ("limit", "has", "allowed", "room"):
        table.add_column(head, justify="left" if head == "limit" else "right")
    if prices:
        table.add_column("this much more", justify="right")
        table.add_column("saves at most", justify="right")
    by_name = {price.name: price for price in prices}
    for one in stand:
        room = "" if one.excess is None else _percent(-one.excess)
        cells = [
            _words(instance, one.name),
            _quantity(one.name, one.value),
            _quantity(one.name, one.limit),
            room if one.slack >= 0 else f"[red]{room}[/]",
        ]
        if prices:
            price = by_name.get(one.name)
            cells += ["", ""] if price is None else [_quantity(one.name, price.step), number(price.saves)]
        table.add_row(*cells)
    return table


def _contribution_table(instance: Instance, worst: Standing, rows: list[Contribution]) -> Table:
    metric = worst.name.metric
    amounts = {
        "pad_ratio": "padded tokens",
        "cost": "cost",
        "total_time": "ms",
        "batches": "batches",
        "max_batch_size": "requests",
        "max_batch_tokens": "tokens",
        "max_shapes": "requests in its shape",
    }
    table = Table(title=f"what makes {_words(instance, worst.name)}", title_justify="left")
    table.add_column("batch")
    table.add_column("shape")
    for head in ("requests", "longest prompt", "longest gen", amounts.get(metric, "late requests"), "share"):
        table.add_column(head, justify="right")
    for row in rows[:SHOWN]:
        label = row.label if row.copies == 1 else f"{row.label} ×{row.copies:,}"
        cells = (row.requests, row.longest_prompt, row.longest_gen, row.amount)
        texts = (number(cell) for cell in cells)
        table.add_row(escape(label), str(row.shape), *texts, f"{row.share * 100:.3g} %")
    return table


def _repair_tables(instance: Instance, repair: Repair, searched: bool) -> Iterator[RenderableType]:
    plural = "" if len(repair.steps) == 1 else "s"
    requests = f"{repair.requests:,} of {instance.requests:,} requests"
    if searched:
        yield f"No few moves mend the plan; a search found one that differs in {requests} at most."
        return
    if not repair.feasible:
        yield "No few moves mend the plan; the best ones are:"
    else:
        changes = f"{len(repair.steps)} change{plural}"
        yield f"[green]Mended[/] by {changes}; {requests} run in another batch or shape:"
    for step in repair.steps[:SHOWN]:
        yield f"  {escape(step.words)}: {_step_words(instance, step)}"
    if len(repair.steps) > SHOWN:
        yield f"  … and {len(repair.steps) - SHOWN:,} more"


def _step_words(instance: Instance, step: Step) -> str:
    parts = [
        f"{_words(instance, name)} {_quantity(name, value)} → {_quantity(name, step.after[name])}"
        for name, value in step.before.items()
        if step.after[name] != value and name.metric != "cost"
    ]
    if step.cost_before:
        parts.append(f"cost {float((step.cost_after / step.cost_before - 1) * 100):+.3g} %")
    return ", ".join(parts)


def _quantity(name: LimitName, value: Fraction | None) -> str:
    """Return a limit's value with its unit."""
    from instances.limits import percentile_quantile

    timed = name.metric == "total_time" or percentile_quantile(name.metric) is not None
    return f"{number(value)} ms" if timed and value is not None else number(value)


def _words(instance: Instance, name: LimitName) -> str:
    return escape(name.words(instance).replace("_", " "))


def _percent(value: Fraction) -> str:
    return f"{float(value * 100):.4g} %"
