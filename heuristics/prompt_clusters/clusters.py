"""The cheapest cut of a line of requests into clusters, by dynamic programming over where they end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.greedy.market import types_of
from heuristics.greedy.prices import Weights, weighted
from heuristics.room import batch_sizes
from instances.instance import Instance

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PAIRS = 1_500_000
"""About how many clusters are priced on one line; longer lines allow shorter clusters."""

SHORTEST = 64
"""Groups that a cluster may hold on any line."""

BLOCK = 200_000
"""Clusters priced together."""


def cut_clusters(
    instance: Instance,
    stream: int,
    declared: Ints,
    prompt: Ints,
    gen: Ints,
    count: Floats,
    weights: Weights,
    opening: float,
) -> Ints:
    """Return the number of each group's cluster: int64, shape (k,), ascending.

    A cluster runs in as many batches as have room for it, each at the longest lengths of the cluster. Scores
    are floats: they steer the search, plans are compared by their exact costs.

    Parameters
    ----------
    stream
        Index of the stream.
    declared, prompt, gen, count
        Shape (k,): groups on a line, with the prompt size of each one's shape (not falling), its aligned
        prompt, its gen and its requests.
    weights
        Prices of what is limited.
    opening
        Price of a cluster, in cost units.
    """
    points = len(gen)
    window = min(points, max(SHORTEST, PAIRS // (points * len(batch_sizes(instance)))))
    reached = np.concatenate([[0.0], np.cumsum(count)])
    least = np.zeros(points + 1)
    start = np.zeros(points + 1, dtype=np.int64)
    rows = max(1, BLOCK // window)
    for first in range(0, points, rows):
        last = np.arange(first, min(points, first + rows))
        # Column w is the cluster of w + 1 groups that ends with the row's.
        begin = last[:, None] - np.arange(window)
        at = np.maximum(begin, 0)
        longest_prompt = np.maximum.accumulate(prompt[at], axis=1)
        longest_gen = np.maximum.accumulate(gen[at], axis=1)
        requests = reached[last + 1][:, None] - reached[at]
        price = _prices(instance, stream, declared[last], longest_prompt, longest_gen, requests, weights)
        price[begin < 0] = np.inf
        for row, end in enumerate(last.tolist()):
            reach = min(window, end + 1)
            values = price[row, :reach] + least[end::-1][:reach]
            best = int(values.argmin())
            least[end + 1], start[end + 1] = values[best] + opening, end - best
    return _numbered(start)


def _numbered(start: Ints) -> Ints:
    ends = [len(start) - 1]
    while ends[-1] > 0:
        ends.append(int(start[ends[-1]]))
    return np.repeat(np.arange(len(ends) - 1), np.diff(ends[::-1]))


def _prices(
    instance: Instance,
    stream: int,
    declared: Ints,
    prompt: Ints,
    gen: Ints,
    requests: Floats,
    weights: Weights,
) -> Floats:
    """Return the price of clusters, shape (rows, window): at the best batch size, infinite without room."""
    best = np.full(requests.shape, np.inf)
    columns = [np.broadcast_to(declared[:, None], prompt.shape), gen, prompt, gen]
    shape, steps, longest, bound = (column.ravel() for column in columns)
    for size in batch_sizes(instance):
        rows = np.column_stack([shape, steps, np.full_like(steps, size), longest, bound])
        types = types_of(instance, stream, rows, np.zeros_like(steps))
        unit, fixed = weighted(types, weights)
        batches = np.ceil(requests.ravel() / np.maximum(types.room, 1))
        price = np.where(types.room > 0, requests.ravel() * unit + batches * fixed, np.inf)
        best = np.minimum(best, price.reshape(best.shape))
    return best
