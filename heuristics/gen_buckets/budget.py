"""How wide gen buckets may be for the padding that a limit leaves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from instances.budgets import bucket_widths
from instances.exact import exact_dot
from instances.groups import Groups
from instances.instance import Instance
from instances.limit_rows import token_budget

Ints = npt.NDArray[np.int64]


def derived_width(instance: Instance, groups: Groups, stream: int, prompt: Ints) -> int | None:
    """Return the width of a stream's gen buckets that its padding allows; None if nothing limits it.

    A limit ρ allows R/(1 − ρ) − R tokens of padding over R real ones where it is taken over all tokens, Rρ
    where it is taken over real ones. Prompts use up part of it. A gen that lies anywhere in a bucket of width
    w is padded by (w − 1)/2 tokens on average, so that N requests use a budget B at w = 2B/N + 1.

    Parameters
    ----------
    prompt
        int64, shape (groups,): upper end of the prompt cell of each group.
    """
    ratios = (instance.streams[stream].limits.pad_ratio, instance.limits.pad_ratio)
    given = [ratio for ratio in ratios if ratio is not None]
    demand = instance.streams[stream].demand
    budget = token_budget(instance, min(given), demand.real_tokens) if given else None
    if budget is None:
        return None
    mine = groups.of_stream(stream)
    run = groups.prompt[mine] if instance.runs.prefill_at == "request" else prompt[mine]
    prompts = exact_dot(run, groups.count[mine]) - exact_dot(demand.prompt, demand.count)
    # Where gens are compiled, those of groups are aligned: no plan avoids that part.
    gens = exact_dot(groups.gen[mine], groups.count[mine]) - exact_dot(demand.gen, demand.count)
    left = max(0, budget - demand.real_tokens - prompts - gens)
    return bucket_widths(groups.gen[mine], groups.count[mine], left).even


def bucketed(groups: Groups, widths: tuple[int, ...]) -> Ints:
    """Return the upper end of each group's gen bucket.

    Parameters
    ----------
    widths
        In tokens: of each stream's buckets, or a single one for all.
    """
    width = np.asarray(widths, dtype=np.int64)[groups.stream if len(widths) > 1 else 0]
    return -(-groups.gen // width) * width
