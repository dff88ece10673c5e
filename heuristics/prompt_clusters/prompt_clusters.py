"""The prompt-cluster heuristic: neighbours in the order of (prompt, gen) share batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from heuristics.cells import shape_sizes, shared_plan
from heuristics.errors import Uncoverable
from heuristics.greedy.axes import coarse, form_cells
from heuristics.greedy.limits import Row, form_rows, is_broken, weights_of
from heuristics.numbers import Cells, descend, number_counts, prompt_numbers
from heuristics.partition.least import least_padding
from heuristics.prompt_clusters.clusters import cut_clusters
from heuristics.result import badness
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.metrics import evaluate
from instances.plan import Plan

Ints = npt.NDArray[np.int64]

MOST_GROUPS = 12_000
"""Groups of a stream up to which each stands for itself."""

ITERATIONS = 10
"""Changes of the prices of broken limits."""

HALVINGS = (0, 2, 4, 6, 7, 8, 9, 10, 11, 12, 14)
"""How often the price of a shape is halved, from all the cost of a single shape on; 0 stands for no price."""


def prompt_clusters(instance: Instance, groups: Groups) -> Plan:
    """Return the plan whose batches hold neighbours in the order of (prompt, gen), cut at best.

    Prompts are first rounded up to the upper ends of few cells, or to none; the number of cells is the best
    of few. Where each cluster needs a shape of its own, so is the price of a shape. Batches hold as many
    requests as limits allow. Limits are met by prices that rise until they hold.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or a batch has no room for it.
    """
    refuse_too_long(instance, groups)
    prompts, _ = number_counts(instance)
    search = _Clusters(instance, groups, prompts, Cells(groups, groups.prompt))
    # 0 cells stand for prompts as they are.
    numbers = (*prompt_numbers(instance, groups), 0)
    halvings = (0,) if instance.runs.gen_at == "batch" else HALVINGS
    options = [numbers] * prompts + [halvings]
    best, plan = descend(instance, groups, options, lambda chosen: search.plan(chosen, []))
    return search.within_limits(best, plan)


@dataclass(frozen=True, eq=False)
class _Clusters:
    """The plans of an instance that clusters make."""

    instance: Instance
    groups: Groups
    prompts: int
    ends: Cells
    known: dict[tuple[int, int, int], Ints] = field(default_factory=dict)

    def plan(self, chosen: tuple[int, ...], rows: Sequence[Row]) -> Plan:
        """Return the plan of some numbers of prompt cells and a price of shapes, at prices of limits."""
        instance, groups = self.instance, self.groups
        cells = self.ends.ends(_cells, chosen[: self.prompts])
        cluster = np.empty_like(groups.gen)
        for stream in range(len(instance.streams)):
            mine = groups.of_stream(stream)
            if rows:
                cluster[mine] = self._stream(stream, cells, rows, chosen[-1])
                continue
            key = stream, chosen[stream if self.prompts > 1 else 0], chosen[-1]
            if key not in self.known:
                self.known[key] = self._stream(stream, cells, rows, chosen[-1])
            cluster[mine] = self.known[key]
        longest = np.zeros((len(instance.streams), int(cluster.max()) + 1, 2), dtype=np.int64)
        for axis, lengths in enumerate((cells, groups.gen)):
            np.maximum.at(longest[:, :, axis], (groups.stream, cluster), lengths)
        prompt, gen = longest[groups.stream, cluster].T
        return shared_plan(instance, groups, shape_sizes(instance, groups, prompt, gen), cluster)

    def within_limits(self, chosen: tuple[int, ...], plan: Plan) -> Plan:
        """Return the best plan found while the prices of broken limits rise."""
        instance, groups = self.instance, self.groups
        evaluation = evaluate(instance, plan, groups)
        best = badness(evaluation), plan
        rows = form_rows(instance, evaluation, tuple(range(len(instance.streams))))
        for _ in range(0 if evaluation.feasible else ITERATIONS):
            for row in rows:
                row.adapt(is_broken(instance, evaluation, row))
            try:
                plan = self.plan(chosen, rows)
            except Uncoverable:
                break
            evaluation = evaluate(instance, plan, groups)
            best = min(best, (badness(evaluation), plan), key=lambda pair: pair[0])
        return best[1]

    def _stream(self, stream: int, cells: Ints, rows: Sequence[Row], halvings: int) -> Ints:
        """Return the cluster of each group of a stream."""
        instance, groups = self.instance, self.groups
        mine = np.arange(len(groups))[groups.of_stream(stream)]
        opening = self._whole_cost() * 0.5**halvings if halvings else 0.0
        most = MOST_GROUPS
        axes = np.unique(groups.prompt[mine]), np.unique(groups.gen[mine])
        together = form_cells(groups, mine, *axes)
        while len(together.count) > MOST_GROUPS:
            most = most * 3 // 4
            axes = (
                coarse(groups.prompt[mine], groups.count[mine], int(most**0.5)),
                coarse(groups.gen[mine], groups.count[mine], int(most**0.5)),
            )
            together = form_cells(groups, mine, *axes)
        declared = np.zeros_like(together.prompt)
        np.maximum.at(declared, together.of_group, cells[mine])
        order = np.lexsort((together.prompt, together.gen, declared))
        number = np.empty(len(order), dtype=np.int64)
        number[order] = cut_clusters(
            instance,
            stream,
            declared[order],
            together.prompt[order],
            together.gen[order],
            together.count[order],
            weights_of(instance, rows, stream),
            opening,
        )
        return number[together.of_group]

    def _whole_cost(self) -> float:
        """Return what all requests cost in the single shape that holds them, in cost units."""
        instance, groups = self.instance, self.groups
        scale, work = instance.cost_scale, instance.cost.work
        longest = groups.prompt.max(keepdims=True), groups.gen.max(keepdims=True)
        ticks = work.prefill_ticks(longest[0], scale) + work.decode_ticks(*longest, scale)
        return instance.requests * (float(ticks[0]) / scale)


def _cells(lengths: Ints, count: Ints, number: int) -> Ints:
    return least_padding(lengths, count, number) if number else lengths
