"""Shares: device time that each request takes of any batch that it may run in.

A table w, one entry per length, such that in every batch B that respects cap and memory

    Σ_{i ∈ B} w(L_i) ≤ T(|B|, max L_i).

Without regard to memory, w(L) = min_b T(b, L) / b is one: T is nondecreasing in L, so every member of a
batch of b gets at most the b-th part of its time. Memory makes long requests dearer, as few of them fit
together: for a price ν ≥ 0 of a token, a batch of b whose longest has L tokens satisfies the above if

    b · max_{ℓ ≤ L} (w(ℓ) − νℓ) ≤ T(b, L) − νη,

since its Σ νL_i ≤ νη. Lengths are valued in ascending order, each as high as its batches allow:

    w(L) = min_b max_ν { νL + (T(b, L) − νη) / b },

over sizes b that a batch with L can have, and over prices ν for which the shorter lengths satisfy the
condition. There always is such a price: the one that was chosen for b at the length before, as T(b, ·) does
not decrease. It also shows that w is nondecreasing. What holds for batches holds for their subsets, which
are batches themselves and take no longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.exact import IntArray, widened
from milp.hindsight.units import UNITS

if TYPE_CHECKING:
    from milp.hindsight.batches.case import BatchCase

Ints = npt.NDArray[np.int64]

MOST_PRICES = 64


def shares(case: BatchCase, prices: tuple[int, ...] = (), within: int | None = None) -> IntArray:
    """Return w per length.

    Parameters
    ----------
    case
        The problem.
    prices
        Prices ν > 0 of memory in units per token; 0 always is one, too.
    within
        Only batches that take at most so many ns are meant; None for all.

    Returns
    -------
    IntArray
        Units, nondecreasing, shape (lengths that such batches can have,): a prefix of `case.lengths`.

    Raises
    ------
    ValueError
        If prices are out of range or too many.
    """
    if len(prices) > MOST_PRICES or any(not 0 < price < 2**62 for price in prices):
        raise ValueError(f"at most {MOST_PRICES} prices of memory from 1 to 2^62 are expected")
    if prices not in case.shares:
        case.shares[prices] = _table(case, prices, case.largest, np.zeros(0, dtype=np.int64))
    known = case.shares[prices]
    if within is None:
        return known
    quick = (case.durations <= within).sum(axis=1)
    unlimited = int(np.argmax(np.append(quick < case.largest, True)))
    sizes = np.minimum(case.largest, quick)
    return _table(case, prices, sizes[sizes > 0], known[:unlimited])


def _table(case: BatchCase, prices: tuple[int, ...], largest: Ints, known: IntArray) -> IntArray:
    """Return w for batches of at most the largest sizes per length, the first of which are known."""
    reach = int(case.durations.max()) * UNITS + max(prices, default=0) * case.device.kv_tokens
    if not prices:
        return _even_shares(widened(case.durations[: len(largest)], reach * case.most), largest)
    return _priced_shares(case, largest, widened(np.array([0, *prices]), reach * 4 * case.most), known)


def _even_shares(durations: IntArray, largest: Ints) -> IntArray:
    size = np.arange(1, durations.shape[1] + 1)
    even = durations * UNITS // size
    # A batch of one always occurs; larger ones may not.
    even = np.where(size <= largest[:, None], even, even[:, :1])
    least: IntArray = even.min(axis=1)
    return least


def _priced_shares(case: BatchCase, largest: Ints, prices: IntArray, known: IntArray) -> IntArray:
    budget = prices * case.device.kv_tokens
    table = np.empty(len(largest), dtype=prices.dtype)
    table[: len(known)] = known
    lengths = case.lengths[: len(known), None].astype(prices.dtype)
    # The most that w(ℓ) − νℓ is for any shorter length, per price; there is no request over η tokens.
    dearest = np.max(table[: len(known), None] - lengths * prices, axis=0, initial=-int(budget.max()))
    size = widened(np.arange(1, case.most + 1), 0).astype(prices.dtype)[:, None]
    for index in range(len(known), len(largest)):
        length, most = int(case.lengths[index]), int(largest[index])
        room = case.durations[index, :most].astype(prices.dtype)[:, None] * UNITS - budget
        each = room // size[:most]
        # Of whole numbers, b·x ≤ room is x ≤ ⌊room / b⌋.
        value = np.where(dearest <= each, each + prices * length, -1)
        table[index] = value.max(axis=1).min()
        np.maximum(dearest, table[index] - prices * length, out=dearest)
    return table
