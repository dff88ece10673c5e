"""From splits to boxes: what a node of the tree says about the plans below it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from instances.batch_model import BatchModel
from instances.shapes import Shape
from milp.certificate import Split
from milp.lagrangian.box import Box, narrowed_range


class UnknownName(ValueError):
    """A split speaks of a shape, batch type or group that the instance does not have."""


def divide(model: BatchModel, box: Box, split: Split) -> tuple[Box, Box]:
    """Return the boxes of the two cases of a split.

    Raises
    ------
    UnknownName
        If the split names nothing of this instance.
    """
    low, high = (0, split.at), (split.at + 1, None)
    if split.on == "shapes":
        return tuple(replace(box, shapes=narrowed_range(box.shapes, *part)) for part in (low, high))  # type: ignore[return-value]
    if split.on == "shape":
        if split.at != 0:
            raise UnknownName("a shape splits at 0")
        shape = find_shape(model, split.of)
        closed = replace(box, closed=box.closed | {shape})
        return closed, replace(box, opened=box.opened | {shape})
    if split.on == "batches":
        batch = find_type(model, split.of)
        ranges = [narrowed_range(box.batches.get(batch, (0, None)), *part) for part in (low, high)]
        lower, upper = (replace(box, batches={**box.batches, batch: part}) for part in ranges)
        return lower, upper
    if split.on == "requests":
        batch = find_type(model, split.of[:7])
        pair = (find_group(model, split.of[0], split.of[7:]), batch)
        if split.of[7] > split.of[4] or split.of[8] > split.of[5]:
            raise UnknownName(f"no group {split.of[7:]} in batch type {split.of[:7]}")
        ranges = [narrowed_range(box.requests.get(pair, (0, None)), *part) for part in (low, high)]
        lower, upper = (replace(box, requests={**box.requests, pair: part}) for part in ranges)
        return lower, upper
    raise UnknownName(f"unknown quantity {split.on!r}")


def find_shape(model: BatchModel, name: tuple[int, ...]) -> int:
    """Return the index of the shape (P, G, B)."""
    if len(name) != 3 or Shape(*name) not in model.types.shapes:
        raise UnknownName(f"no shape {name}")
    return model.types.shapes.index(Shape(*name))


def find_type(model: BatchModel, name: tuple[int, ...]) -> int:
    """Return the index of the batch type (stream, P, G, B, prompt bound, gen bound, stage)."""
    if len(name) != 7:
        raise UnknownName(f"no batch type {name}")
    types, shape = model.types, find_shape(model, name[1:4])
    found = (types.stream == name[0]) & (types.shape == shape) & (types.prompt == name[4])
    found &= (types.gen == name[5]) & (types.stage == name[6])
    return _only(found, f"no batch type {name}")


def find_group(model: BatchModel, stream: int, name: tuple[int, ...]) -> int:
    """Return the index of the group (prompt, gen) of a stream."""
    if len(name) != 2:
        raise UnknownName(f"no group {name}")
    groups = model.groups
    found = (groups.stream == stream) & (groups.prompt == name[0]) & (groups.gen == name[1])
    return _only(found, f"no group {name}")


def _only(found: np.ndarray, otherwise: str) -> int:
    where = np.flatnonzero(found)
    if len(where) != 1:
        raise UnknownName(otherwise)
    return int(where[0])
