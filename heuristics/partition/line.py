"""Lengths on a line, cut into segments of which every request pays for the longest length.

The segment after point i up to point j costs ``Σ_d (W_d[j] − W_d[i]) · c_d[j] + o[j]``: prefix sums W of
weights, prices c that do not fall along the line, and the cost o of a segment that ends at j. Padding has one
price, the length itself; work that is a polynomial in the length has one price for each power.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, magnitude, widened

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Line:
    """A line of n points.

    Attributes
    ----------
    weight
        Exact integers of at least 0, shape (n + 1, terms): prefix sums, with 0 first.
    price
        Exact integers of at least 0, shape (n, terms), non-decreasing along each column.
    opening
        Exact integers of at least 0, shape (n,): cost of a segment by its last point.
    """

    weight: IntArray
    price: IntArray
    opening: IntArray

    def __len__(self) -> int:
        return len(self.price)

    def cost(self, low: Ints, high: Ints) -> IntArray:
        """Return what each segment of the points low, …, high − 1 costs."""
        last = high - 1
        total: IntArray = self.opening[last]
        for term in range(self.price.shape[1]):
            weight = self.weight[:, term]
            total = total + (weight[high] - weight[low]) * self.price[last, term]
        return total

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Yield (low, high, cost) of every segment: the edges of a graph whose nodes are the cuts."""
        low, high = np.triu_indices(len(self) + 1, 1)
        costs = self.cost(low, high).tolist()
        yield from zip(low.tolist(), high.tolist(), costs, strict=True)


def form_line(count: Ints, price: IntArray, opening: IntArray | None = None) -> Line:
    """Return the line of some points, in the narrowest exact integers.

    Parameters
    ----------
    count
        int64, shape (n,) or (n, terms): weight of each point.
    price
        Shape (n,) or (n, terms), not falling.
    opening
        Shape (n,); None for segments that cost nothing by themselves.
    """
    count, price = count.reshape(len(count), -1), price.reshape(len(price), -1)
    opening = np.zeros(len(price), dtype=np.int64) if opening is None else opening
    total = [sum(column) for column in count.T.tolist()]
    # What a path costs at most: everything at the highest prices, in segments of one point each.
    bound = sum(weight * magnitude(column) for weight, column in zip(total, price.T, strict=True))
    bound += len(price) * magnitude(opening) + max(total)
    count = widened(count, bound)
    weight = np.concatenate([np.zeros((1, count.shape[1]), dtype=count.dtype), np.cumsum(count, axis=0)])
    return Line(weight, widened(price, bound), widened(opening, bound))


def padding_line(lengths: Ints, count: Ints) -> tuple[Ints, Line]:
    """Return the distinct lengths in ascending order, and the line whose segments cost the tokens they run.

    What is run less what is real is padding, so least tokens and least padding are the same cuts.
    """
    distinct, of_length = np.unique(lengths, return_inverse=True)
    weight = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(weight, of_length.ravel(), count)
    return distinct, form_line(weight, distinct)
