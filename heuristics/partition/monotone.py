"""The cheapest cuts of a line of many points: one layer per number of segments, each by divide and conquer.

Segment costs of a `Line` have the Monge property: for i ≤ i′ < j ≤ j′,
``cost(i, j) + cost(i′, j′) ≤ cost(i, j′) + cost(i′, j)``, since the right side less the left is
``Σ_d (W_d[i′] − W_d[i]) (c_d[j′] − c_d[j]) ≥ 0``. So

- the best last cut before point j moves to the right only as j does (Yao 1980), and half of the points bound
  where it can be for the other half: a layer of n points takes O(n log n), log n passes of numpy;
- the cost of the cheapest path is convex in its number of segments (Aggarwal, Schieber and Tokuyama 1994), so
  what k segments saved over k − 1 bounds what every further one saves.

`shortest_path` finds the same in the graph of all segments, which is what the problem is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heuristics.partition.layers import layered_cuts, may_pay
from heuristics.partition.line import Line
from instances.exact import IntArray

Ints = npt.NDArray[np.int64]

SHORT = 300
"""Points up to which a layer is one pass over the matrix of all segments: fewer and larger steps."""


def cheapest_cuts(line: Line, counts: Sequence[int]) -> list[int]:
    """Return the cuts 0, …, n of the cheapest partition of a line; the fewest segments of equally cheap ones.

    Parameters
    ----------
    line
        At least one point.
    counts
        Cost of 0, 1, 2, … segments, in the unit of the line, at least up to one; more are not allowed.
        Memory and time grow with how many are given, unless segments soon cost more than they save.
    """
    points = len(line)
    if points <= SHORT:
        low, high = np.indices((points, points))
        matrix, possible = line.cost(low, np.maximum(high, low) + 1), low <= high
        short = layered_cuts(matrix, possible, counts, convex=True)
        assert short is not None
        return short
    most = min(len(counts) - 1, points)
    every = np.arange(1, points + 1)
    least = line.cost(np.zeros_like(every), every)
    layers: list[Ints] = []
    reached = [int(least[-1])]
    for number in range(2, most + 1):
        if not may_pay(reached, counts, points):
            break
        least, cut = _layer(line, least, number)
        layers.append(cut)
        reached.append(int(least[-1]))
    totals = [cost + int(counts[number]) for number, cost in enumerate(reached, start=1)]
    best = 1 + min(range(len(totals)), key=totals.__getitem__)
    cuts = [points]
    for number in range(best, 1, -1):
        cuts.append(int(layers[number - 2][cuts[-1] - number]))
    return [0, *cuts[::-1]]


def _layer(line: Line, before: IntArray, number: int) -> tuple[IntArray, Ints]:
    """Return the least cost of `number` segments up to each point that many can reach, and their last cut.

    Parameters
    ----------
    before
        The same costs for one segment less, from its first point that can be reached on.

    Returns
    -------
    least, cut
        Shape (n − number + 1,): for the points number, …, n.
    """
    first, size = number - 1, len(before) - 1
    least = np.empty(size, dtype=before.dtype)
    # Rows 1, …, size stand for the points; a row is solved between its solved neighbours.
    cut = np.full(size + 2, first, dtype=np.int64)
    cut[-1] = first + size - 1
    step = 1 << (size.bit_length() - 1)
    while step:
        row = np.arange(step, size + 1, 2 * step)
        point = row + first
        low = cut[row - step]
        high = np.minimum(cut[np.minimum(row + step, size + 1)], point - 1)
        lengths = high - low + 1
        starts = np.cumsum(lengths) - lengths
        from_ = np.repeat(low - starts, lengths) + np.arange(int(lengths.sum()))
        value = before[from_ - first] + line.cost(from_, np.repeat(point, lengths))
        best = np.minimum.reduceat(value, starts)
        hits = np.flatnonzero(value == np.repeat(best, lengths))
        least[row - 1] = best
        cut[row] = from_[hits[np.searchsorted(hits, starts)]]
        step //= 2
    return least, cut[1:-1]
