"""The grid-search heuristic: a small grid, in memory."""

from __future__ import annotations

from heuristics.errors import Uncoverable
from heuristics.grid.configuration import SMALL
from heuristics.grid.search import search_grid
from heuristics.room import refuse_too_long
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan


def grid_search(instance: Instance, groups: Groups) -> Plan:
    """Return the best plan of a small grid of configurations.

    Raises
    ------
    Uncoverable
        If no configuration has a plan; the reason is that of the first.
    """
    refuse_too_long(instance, groups)
    result = search_grid(instance, SMALL, groups=groups)
    if result.plan is None:
        raise Uncoverable(result.records[0].note)
    return result.plan
