"""Plans cut into streams and put together again: streams share shapes, and no batches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.plan import Plan

Ints = npt.NDArray[np.int64]


def spliced(own: Plan, stream: int, others: Plan) -> Plan:
    """Return the plan that runs one stream as one plan does and the others as another.

    Parameters
    ----------
    own
        A plan of the stream alone, as the only stream of its instance.
    stream
        Which stream that is in the problem.
    others
        A plan of the whole problem.
    """
    kept = others.stream != stream
    entries = kept[others.entry_batch]
    renumbered = np.cumsum(kept) - 1

    def joined(left: Ints, right: Ints) -> Ints:
        return np.concatenate([left, right]).astype(np.int64)

    first = int(kept.sum())
    return Plan(
        stream=joined(others.stream[kept], np.full(len(own), stream)),
        prompt=joined(others.prompt[kept], own.prompt),
        gen=joined(others.gen[kept], own.gen),
        batch=joined(others.batch[kept], own.batch),
        copies=joined(others.copies[kept], own.copies),
        entry_batch=joined(renumbered[others.entry_batch[entries]], own.entry_batch + first),
        entry_row=joined(others.entry_row[entries], own.entry_row),
        entry_count=joined(others.entry_count[entries], own.entry_count),
        id_rank=joined(
            np.argsort(np.argsort(others.id_rank[kept], kind="stable"), kind="stable"), own.id_rank + first
        ),
    )


def stream_of(plan: Plan, stream: int) -> Plan:
    """Return what a plan does with one stream, as a plan of that stream alone."""
    kept = plan.stream == stream
    entries = kept[plan.entry_batch]
    renumbered = np.cumsum(kept) - 1
    return Plan(
        stream=np.zeros(int(kept.sum()), dtype=np.int64),
        prompt=plan.prompt[kept],
        gen=plan.gen[kept],
        batch=plan.batch[kept],
        copies=plan.copies[kept],
        entry_batch=renumbered[plan.entry_batch[entries]],
        entry_row=plan.entry_row[entries],
        entry_count=plan.entry_count[entries],
        id_rank=np.argsort(np.argsort(plan.id_rank[kept], kind="stable"), kind="stable"),
    )
