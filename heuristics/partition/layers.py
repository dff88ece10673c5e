"""Cheapest cuts at any segment costs: one layer per number of segments, each one pass over a matrix.

The same as `shortest_path` in the graph whose edges are the segments, which is what the problem is. Where
segment costs have the Monge property, `cheapest_cuts` does with far fewer of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from instances.exact import INT64_SAFE, IntArray, magnitude, narrowed, widened

Ints = npt.NDArray[np.int64]


def layered_cuts(
    cost: IntArray, possible: npt.NDArray[np.bool_], counts: Sequence[int], *, convex: bool = False
) -> list[int] | None:
    """Return the cuts 0, …, n of the cheapest partition; the fewest segments of equally cheap ones.

    Parameters
    ----------
    cost
        Exact integers of at least 0, shape (n, n): cost of the segment of the points i, …, j at [i, j].
    possible
        bool, shape (n, n): which segments there are.
    counts
        Cost of 0, 1, 2, … segments; more are not allowed.
    convex
        Whether the cost is known to be convex in the number of segments: then the search may end early.

    Returns
    -------
    list of int or None
        None if no partition has few enough segments.
    """
    points = len(cost)
    cost = narrowed(cost)
    # What is impossible costs more than any path, so that no sum of two such terms leaves int64.
    never = max(INT64_SAFE, (magnitude(cost) + 1) * (points + 1))
    matrix = np.where(np.triu(possible), widened(cost, 4 * never if never > INT64_SAFE else 0), never)
    least = matrix[0]
    layers: list[Ints] = []
    reached = [int(least[-1])]
    for _ in range(2, min(len(counts) - 1, points) + 1):
        if convex and not may_pay(reached, counts, points):
            break
        # Row i of the sum: the last segment begins at point i + 1.
        total = least[:-1, None] + matrix[1:]
        layers.append(total.argmin(axis=0) + 1)
        least = np.minimum(total.min(axis=0), never)
        reached.append(int(least[-1]))
    totals = {k: value + int(counts[k]) for k, value in enumerate(reached, start=1) if value < never}
    if not totals or len(counts) < 2:
        return None
    best = min(totals, key=totals.__getitem__)
    cuts = [points]
    for layer in layers[: best - 1][::-1]:
        cuts.append(int(layer[cuts[-1] - 1]))
    return [0, *cuts[::-1]]


def may_pay(reached: list[int], counts: Sequence[int], points: int) -> bool:
    """Tell whether more segments may cost less than the best number so far, the costs being convex.

    What the last segment saved bounds what every further one saves.

    Parameters
    ----------
    reached
        Least cost of 1, 2, … segments.
    counts
        Cost of 0, 1, 2, … segments.
    points
        Most segments.
    """
    number, last = len(reached), reached[-1]
    best = min(value + int(counts[k]) for k, value in enumerate(reached, start=1))
    saved = reached[-2] - last if number > 1 else last
    further = range(number + 1, min(len(counts) - 1, points) + 1)
    return any(last - min(saved * (k - number), last) + int(counts[k]) < best for k in further)
