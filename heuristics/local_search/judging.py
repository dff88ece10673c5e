"""What each move would change: sums of the pools concerned, and the shapes that come and go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.local_search.ledger import Ledger
from heuristics.local_search.moves import Moves
from heuristics.local_search.pools import Pools

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def changes(ledger: Ledger, pools: Pools, moves: Moves) -> Floats:
    """Return what moves add to the sums and, in the last column, to the cost of shapes."""
    first, second = moves.before.T
    stream = pools.stream[first]
    made = [ledger.sums(stream, moves.shape[:, k], moves.longest[:, k], moves.requests[:, k]) for k in (0, 1)]
    gone = ledger.current[first] + np.where((second >= 0)[:, None], ledger.current[second], 0.0)
    return np.column_stack([made[0] + made[1] - gone, _shapes(ledger, pools, moves)])


def _shapes(ledger: Ledger, pools: Pools, moves: Moves) -> Floats:
    """Return what moves add to the cost of compiling shapes and to that of their number."""
    if ledger.free or not len(moves):
        return np.zeros(len(moves))
    every = np.concatenate([pools.shape, moves.shape.reshape(-1, 3)])
    distinct, number = np.unique(every, axis=0, return_inverse=True)
    number = number.ravel()
    own, made = number[: len(pools)], number[len(pools) :].reshape(-1, 2)
    first, second = moves.before.T
    # Columns: two pools that go and two that come, each with what it adds to the uses of its shape.
    columns = np.column_stack([own[first], np.where(second >= 0, own[second], -1), made])
    weight = np.broadcast_to([-1, -1, 1, 1], columns.shape) * (columns >= 0)
    weight[:, 2:] *= moves.requests > 0
    anywhere = np.bincount(own, minlength=len(distinct))
    coming = _coming(columns, weight, anywhere)
    used = int((anywhere > 0).sum())
    after = used + coming.sum(axis=1)
    count = np.asarray([ledger.count(n) for n in range(int(after.max(initial=used)) + 1)])
    total = count[after] - (0.0 if np.isinf(count[used]) else count[used])
    if ledger.instance.cost.compile_per == "stream":
        coming = np.zeros_like(coming)
        for k in range(len(ledger.instance.streams)):
            mine = pools.stream[first] == k
            uses = np.bincount(own[pools.stream == k], minlength=len(distinct))
            coming[mine] = _coming(columns[mine], weight[mine], uses)
    return np.asarray(total + (coming * ledger.opening(distinct)[columns]).sum(axis=1))


def _coming(columns: Ints, weight: Ints, uses: Ints) -> Ints:
    """Return 1 where the shape of a column comes into use, −1 where it goes out; once for each shape."""
    coming = np.zeros_like(columns)
    for k in range(columns.shape[1]):
        same = (columns == columns[:, k : k + 1]) & (columns[:, k : k + 1] >= 0)
        before = uses[columns[:, k]]
        after = before + (same * weight).sum(axis=1)
        seen = same[:, :k].any(axis=1)
        change = (after > 0).astype(np.int64) - (before > 0)
        coming[:, k] = np.where(seen | (columns[:, k] < 0), 0, change)
    return coming
