"""The nested heuristic: cuts between prompts from estimates of what shapes cost, then moved one by one.

Where decoding runs at the shape's prompt and the batch's own gen, requests of a shape differ in their gen
alone: once the shapes are chosen, the batches are a partition of one line for each shape.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from heuristics.assemble import BatchChoice, assemble
from heuristics.errors import Uncoverable
from heuristics.nested.batches import MOST_REQUESTS, Cut, cut_batches
from heuristics.nested.estimate import estimate_segments
from heuristics.partition import partition
from heuristics.partition.path import cheapest_path
from heuristics.partition.segments import Segments
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

MOST_WORK = 600_000
"""Requests of all segments tried, after which cuts between prompts stay where they are: some seconds."""


def suits(instance: Instance) -> bool:
    """Tell whether batches of a shape differ in their gen alone, which is what nested cuts are made for."""
    return (
        instance.runs.decode_at == "shape" and instance.runs.gen_at == "batch" and instance.shapes.gen is None
    )


def nested(instance: Instance, groups: Groups) -> Plan:
    """Return a plan that gives each shape an interval of prompts, and each batch an interval of gens.

    On machines whose batches differ in more than their gen it is the plan of `partition`.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or the allowed number of shapes has no room for all.
    """
    if not suits(instance):
        return partition(instance, groups)
    refuse_too_long(instance, groups)
    segments = estimate_segments(instance, groups)
    path = cheapest_path(instance, len(segments.bounds), segments.edges())
    if path is None:
        raise Uncoverable("no cuts of the prompt lengths keep to the batch limits and the number of shapes")
    return assemble(instance, groups, _Moves(instance, groups, segments).improved(path))


class _Moves:
    """Moves of the cuts between prompts, judged by the batches that the segments beside them are cut into."""

    def __init__(self, instance: Instance, groups: Groups, segments: Segments) -> None:
        self.instance, self.groups, self.segments = instance, groups, segments
        self.known: dict[tuple[int, int], Cut] = {}
        self.work = 0

    def improved(self, path: list[int]) -> list[BatchChoice]:
        """Move one cut at a time to a place nearby while that is cheaper; return the batches."""
        best = list(path)
        moved = True
        while moved and self.work < MOST_WORK:
            moved = False
            for place in range(1, len(best) - 1):
                for step in (-2, -1, 1, 2):
                    cut = best[place] + step
                    if not best[place - 1] < cut < best[place + 1] or self.work > MOST_WORK:
                        continue
                    ends = best[place - 1], best[place + 1]
                    if self._cost(ends[0], cut, ends[1]) < self._cost(ends[0], best[place], ends[1]):
                        best[place], moved = cut, True
        return [choice for low, high in pairwise(best) for choice in self._cut(low, high).batches]

    def _cost(self, *cuts: int) -> float:
        return sum(self._cut(low, high).cost for low, high in pairwise(cuts))

    def _cut(self, low: int, high: int) -> Cut:
        if (low, high) not in self.known:
            self.known[low, high] = self._formed(low, high)
        return self.known[low, high]

    def _formed(self, low: int, high: int) -> Cut:
        if not self.segments.possible[low, high - 1]:
            return Cut(np.inf, [])
        shape = self.segments.shape(low, high)
        inside = (self.segments.cell >= low) & (self.segments.cell < high)
        total = 0.0
        batches: list[BatchChoice] = []
        opening = float(self.instance.cost.compile_ticks(shape, self.instance.cost_scale))
        streams = np.unique(self.groups.stream[inside]).tolist()
        for stream in streams:
            members = np.flatnonzero(inside & (self.groups.stream == stream))
            self.work += min(int(self.groups.count[members].sum()), MOST_REQUESTS)
            cut = cut_batches(self.instance, self.groups, stream, shape, members)
            total, batches = total + cut.cost, batches + cut.batches
        users = len(streams) if self.instance.cost.compile_per == "stream" else 1
        return Cut(total + users * opening, batches)
