"""The partition heuristic: cuts are nodes, segments are edges, and the plan is a shortest path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from heuristics.assemble import BatchChoice, assemble
from heuristics.errors import Uncoverable
from heuristics.partition.path import cheapest_path
from heuristics.partition.segments import Segments, form_segments, sharing
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan


def partition(instance: Instance, groups: Groups) -> Plan:
    """Return the cheapest plan that gives each shape an interval of prompt lengths.

    The requests of a shape and stream share as few batches as have room; where batches run their own gen,
    lengths between the same powers of two do.

    Raises
    ------
    Uncoverable
        If some request fits no allowed shape, or the allowed number of shapes has no room for all.
    """
    refuse_too_long(instance, groups)
    segments = form_segments(instance, groups)
    path = cheapest_path(instance, len(segments.bounds), segments.edges())
    if path is None:
        raise Uncoverable(
            "no partition of the prompt lengths keeps to the batch limits and the number of shapes"
        )
    return _assembled(instance, groups, segments, path)


def _assembled(instance: Instance, groups: Groups, segments: Segments, path: list[int]) -> Plan:
    choices = []
    for low, high in pairwise(path):
        inside = np.flatnonzero((segments.cell >= low) & (segments.cell < high))
        for part in sharing(instance, groups, inside):
            stream = int(groups.stream[part[0]])
            choices.append(BatchChoice(stream, segments.shape(low, high), part, groups.count[part]))
    return assemble(instance, groups, choices)
