"""Too many shapes made few: the shapes whose requests lose least by moving up are given up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heuristics.errors import Uncoverable
from instances.groups import Groups
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]

FINEST = 1500
"""Most distinct shapes that are thinned one by one; more are first halved in resolution."""


def thinned(needs: Ints, weight: Ints, most: int | None) -> Ints:
    """Return for each need the sizes of the shape that serves it, using at most `most` shapes.

    Parameters
    ----------
    needs
        int64, shape (k, 2): prompt and gen size of the smallest shape for each.
    weight
        int64, shape (k,): requests of each.
    most
        Most distinct shapes; None for no limit.
    """
    if most is None:
        return needs
    coarse = _coarsened(needs, max(most, FINEST))
    shapes, of_need = np.unique(coarse, axis=0, return_inverse=True)
    if len(shapes) <= most:
        return coarse
    top = shapes.max(axis=0)
    if not (shapes == top).all(axis=1).any():
        shapes = np.concatenate([shapes, top[None]])
    load = np.bincount(of_need.ravel(), weights=weight, minlength=len(shapes)).astype(np.float64)
    served_by = _give_up(shapes.astype(np.float64), load, most)
    return np.asarray(shapes[served_by][of_need.ravel()])


def _coarsened(needs: Ints, most: int) -> Ints:
    """Round needs up to fewer and fewer of their own values until at most `most` pairs are left."""
    values = [np.unique(needs[:, axis]) for axis in (0, 1)]
    while len(np.unique(needs, axis=0)) > most:
        axis = 0 if len(values[0]) >= len(values[1]) else 1
        values[axis] = values[axis][::-1][::2][::-1]
        needs = needs.copy()
        needs[:, axis] = values[axis][np.searchsorted(values[axis], needs[:, axis])]
    return needs


def _give_up(shapes: npt.NDArray[np.float64], load: npt.NDArray[np.float64], most: int) -> Ints:
    """Drop shapes one by one, the cheapest first, and return which kept shape serves each."""
    covers = (shapes[:, None, :] <= shapes[None, :, :]).all(axis=2)
    extra = np.where(covers, (shapes[None] - shapes[:, None]).sum(axis=2), np.inf)
    np.fill_diagonal(extra, np.inf)
    serves = np.arange(len(shapes))
    kept = np.ones(len(shapes), dtype=bool)
    top = int(shapes.sum(axis=1).argmax())
    for _ in range(len(shapes) - most):
        best = extra.argmin(axis=1)
        step = extra[np.arange(len(shapes)), best]
        possible = kept & (step < np.inf)
        possible[top] = False
        price = np.where(possible, load * np.where(possible, step, 0.0), np.inf)
        gone = int(price.argmin())
        load[best[gone]] += load[gone]
        serves[serves == gone] = best[gone]
        kept[gone] = False
        extra[:, gone] = np.inf
    return serves


def served_groups(instance: Instance, groups: Groups, sizes: Ints) -> list[tuple[int, Shape, Ints]]:
    """Split the groups by stream and by the sizes given for each: (stream, shape without batch, groups)."""
    keys = np.column_stack([groups.stream, sizes])
    unique, number = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(number.ravel()))[:-1])
    with_gen = instance.shapes.gen is not None
    return [
        (stream, Shape(prompt, gen if with_gen else 0), part)
        for (stream, prompt, gen), part in zip(unique.tolist(), parts, strict=True)
    ]


def smallest_sizes(instance: Instance, groups: Groups) -> Ints:
    """Return the prompt and gen size of the smallest shape for each group: int64, shape (groups, 2)."""
    gen = groups.gen if instance.shapes.gen is None else instance.shapes.gen.align(groups.gen)
    steps = np.zeros_like(gen) if instance.shapes.gen is None else gen
    return np.column_stack([groups.prompt, steps])


def refuse_no_room(room: int, shape: Shape) -> None:
    """Raise `Uncoverable` if a batch of `shape` holds no request."""
    if room < 1:
        raise Uncoverable(f"a batch of shape {shape} holds no request within the batch limits")
