"""From chosen batches to a plan: whole groups are dealt out to batches, equal batches written once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heuristics.cold import settle_cold_starts
from heuristics.errors import Uncoverable
from heuristics.room import capacity
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BatchChoice:
    """Batches of one shape that share the requests of some groups.

    Parameters
    ----------
    stream
        Index of the stream.
    shape
        Declared shape.
    groups, amounts
        int64, shape (k,): groups of the stream, and requests taken of each.
    batches
        Most batches; None means as many as the capacity asks for.
    capacity
        Most requests in one batch; None means what the instance allows at the lengths of the groups chosen.
    """

    stream: int
    shape: Shape
    groups: Ints
    amounts: Ints
    batches: int | None = None
    capacity: int | None = None


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Runs of interchangeable requests: choice, demand row and amount, in the order of filling."""

    choice: Ints
    row: Ints
    amount: Ints


def assemble(instance: Instance, groups: Groups, chosen: Sequence[BatchChoice]) -> Plan:
    """Build the plan of some chosen batches.

    Each choice is filled in the order of (prompt, gen), batch after batch, so that requests of a row fill
    equal batches. The order of `chosen` is the plan order.

    Parameters
    ----------
    groups
        The instance's groups.
    chosen
        What to run; together they take every request once (`evaluate` tells if they do not).

    Raises
    ------
    Uncoverable
        If a choice asks for more than its batches hold.
    ValueError
        If more requests of a group are asked for than there are.
    """
    chosen = [choice for choice in chosen if int(choice.amounts.sum())]
    if not chosen:
        raise ValueError("nothing to assemble")
    room = np.asarray([_capacity(instance, groups, choice) for choice in chosen], dtype=np.int64)
    pieces = _pieces(instance, groups, chosen)
    entry_choice, chunk, entry_row, entry_count, copies = _chunks(pieces, room, len(chosen))
    change = (np.diff(entry_choice) != 0) | (np.diff(chunk) != 0)
    first = np.concatenate([[0], np.flatnonzero(change) + 1]).astype(np.int64)
    entry_batch = np.concatenate([[0], np.cumsum(change)]).astype(np.int64)
    of = entry_choice[first]
    shapes = np.asarray([choice.shape for choice in chosen], dtype=np.int64).reshape(-1, 3)[of]
    plan = Plan(
        stream=np.asarray([choice.stream for choice in chosen], dtype=np.int64)[of],
        prompt=shapes[:, 0].copy(),
        gen=shapes[:, 1].copy(),
        batch=shapes[:, 2].copy(),
        copies=copies[first],
        entry_batch=entry_batch,
        entry_row=entry_row,
        entry_count=entry_count,
        id_rank=np.arange(len(first), dtype=np.int64),
    )
    return settle_cold_starts(instance, groups, plan)


def _capacity(instance: Instance, groups: Groups, choice: BatchChoice) -> int:
    room = choice.capacity
    if room is None:
        used = choice.groups[choice.amounts > 0]
        longest = int(groups.prompt[used].max()), int(groups.gen[used].max())
        room = capacity(instance, choice.stream, choice.shape, *longest)
    load = int(choice.amounts.sum())
    if room < 1:
        raise Uncoverable(f"a batch of shape {choice.shape} holds no request")
    needed = -(-load // room)
    if choice.batches is not None and needed > choice.batches:
        raise Uncoverable(
            f"{load} requests need {needed} batches of shape {choice.shape}, at most {choice.batches} given"
        )
    return room


def _pieces(instance: Instance, groups: Groups, chosen: Sequence[BatchChoice]) -> _Pieces:
    """Split the requests of each choice by demand row, in the order of (prompt, gen)."""
    sizes = [len(choice.groups) for choice in chosen]
    choice = np.repeat(np.arange(len(chosen)), sizes)
    group = np.concatenate([c.groups for c in chosen]).astype(np.int64)
    amount = np.concatenate([c.amounts for c in chosen]).astype(np.int64)
    some = amount > 0
    choice, group, amount = choice[some], group[some], amount[some]
    order = np.lexsort((group, groups.gen[group], groups.prompt[group], choice))
    choice, group, amount = choice[order], group[order], amount[order]
    # Requests on one line, group by group: a group's choices take theirs one after another.
    row, end = _row_line(instance, groups)
    start = np.concatenate([[0], np.cumsum(groups.count)])[:-1]
    begin = start[group] + _before(group, amount)
    if (begin + amount > start[group] + groups.count[group]).any():
        raise ValueError("more requests of a group chosen than it has")
    low = np.searchsorted(end, begin, side="right")
    high = np.searchsorted(end, begin + amount, side="left")
    parts = high - low + 1
    index = np.repeat(np.arange(len(parts)), parts)
    line = low[index] + np.arange(len(index)) - np.repeat(np.cumsum(parts) - parts, parts)
    from_ = np.maximum(begin[index], np.concatenate([[0], end])[line])
    upto = np.minimum((begin + amount)[index], end[line])
    return _Pieces(choice[index], row[line], upto - from_)


def _row_line(instance: Instance, groups: Groups) -> tuple[Ints, Ints]:
    """Return the demand rows in the order of groups, and where each ends on the line of requests."""
    rows = np.concatenate([np.arange(len(of_row)) for of_row in groups.row_group])
    count = np.concatenate([stream.demand.count for stream in instance.streams])
    order = np.argsort(np.concatenate(groups.row_group), kind="stable")
    return rows[order], np.cumsum(count[order])


def _before(key: Ints, amount: Ints) -> Ints:
    """Return, for each element, the amounts of earlier elements with the same key."""
    order = np.argsort(key, kind="stable")
    total = np.cumsum(amount[order])
    starts = np.concatenate([[True], np.diff(key[order]) != 0])
    offset = (total - amount[order])[starts]
    before = np.empty(len(key), dtype=np.int64)
    before[order] = total - amount[order] - np.repeat(offset, np.diff(np.flatnonzero([*starts, True])))
    return before


def _chunks(pieces: _Pieces, room: Ints, choices: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Cut each choice's line of requests into batches.

    A piece gives at most three entries: the rest of an open batch, whole batches of its own (written once),
    and the start of a further batch.

    Returns
    -------
    choice, chunk, row, count, copies
        One element per entry, in plan order.
    """
    cap = room[pieces.choice]
    begin = _before(pieces.choice, pieces.amount)
    end = begin + pieces.amount
    opened, closed = -(-begin // cap), end // cap
    whole = np.maximum(closed - opened, 0)
    inside = closed < opened
    head = np.where(inside, pieces.amount, np.where(begin % cap > 0, opened * cap - begin, 0))
    tail = np.where(inside, 0, end % cap)
    number = np.arange(len(begin))
    index = np.concatenate([number, number, number])
    chunk = np.concatenate([begin // cap, opened, closed])
    count = np.concatenate([head, np.where(whole > 0, cap, 0), tail])
    copies = np.concatenate([np.ones_like(whole), whole, np.ones_like(whole)])
    some = count > 0
    index, chunk, count, copies = index[some], chunk[some], count[some], copies[some]
    order = np.lexsort((index, chunk, pieces.choice[index]))
    index = index[order]
    return pieces.choice[index], chunk[order], pieces.row[index], count[order], copies[order]
