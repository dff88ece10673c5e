"""Grid search over configurations of shapes and batches, with a log that can be taken up again."""

from heuristics.grid.configuration import FULL, SMALL, Configuration, Grid
from heuristics.grid.grid_search import grid_search
from heuristics.grid.record import Record
from heuristics.grid.search import GridProgress, GridResult, search_grid

__all__ = [
    "FULL",
    "SMALL",
    "Configuration",
    "Grid",
    "GridProgress",
    "GridResult",
    "Record",
    "grid_search",
    "search_grid",
]
