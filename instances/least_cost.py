"""What every plan pays at least, by counting alone, and how many shapes a limit on the cost leaves.

The bounds take each request, batch and shape by itself, so they need no search; see docs/analysis.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.budgets import aligned_gens, aligned_prompts
from instances.exact import IntArray, exact_dot, shifted, widened
from instances.instance import Instance
from instances.shapes import Shape

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LeastCost:
    """What the parts of a plan's cost are at least, in cost units; of a stream, without what all share.

    Parameters
    ----------
    work
        Every request alone, in the smallest shape that holds it.
    batches
        The fixed cost of the least number of batches.
    base
        The constant.
    cover, further
        Compile cost of the shapes that hold the longest requests, one per stream if each pays its own, and of
        each shape more.
    covering
        How many shapes `cover` counts.
    """

    work: Fraction
    batches: Fraction
    base: Fraction
    cover: Fraction
    further: Fraction
    covering: int

    def shapes_apart(self) -> Fraction:
        """Return what does not depend on the shapes."""
        return self.base + self.work + self.batches

    def with_shapes(self, shapes: int, count: Fraction) -> Fraction:
        """Return the least cost of a plan of so many shapes.

        Parameters
        ----------
        count
            Cost of the number of shapes.
        """
        more = max(0, shapes - self.covering)
        return self.shapes_apart() + self.cover + more * self.further + count


def work_ticks(instance: Instance, prompt: Ints, gen: Ints) -> IntArray:
    """Return what the work of requests of these lengths costs at least, in cost ticks: shape (rows,)."""
    work, scale = instance.cost.work, instance.cost_scale
    side, steps = aligned_prompts(instance, prompt), aligned_gens(instance, gen)
    decode = work.decode_ticks(side, steps, scale)
    prefill = work.prefill_ticks(side, scale)
    bound = int(decode.max()) + int(prefill.max())
    total: IntArray = widened(prefill, bound) + widened(decode, bound)
    return total


def latency_ticks(instance: Instance, prompt: Ints, gen: Ints) -> IntArray:
    """Return how long requests of these lengths take at least, in time ticks: shape (rows,)."""
    work, scale = instance.time.work, instance.time_scale
    side, steps = aligned_prompts(instance, prompt), aligned_gens(instance, gen)
    decode = shifted(work.decode_ticks(side, steps, scale), int(instance.time.batch * scale))
    prefill = work.prefill_ticks(side, scale)
    bound = int(decode.max()) + int(prefill.max())
    total: IntArray = widened(prefill, bound) + widened(decode, bound)
    return total


def least_batches(instance: Instance, stream: int) -> int:
    """Return how many batches a stream needs at least by the number and the tokens of its requests.

    A batch of n requests holds n × (longest prompt + longest gen) tokens or more, so at least their sum.
    """
    demand = instance.streams[stream].demand
    most, tokens = instance.batch_limits(stream)
    sizes = [] if most is None else [most]
    sizes += [] if instance.shapes.batch is None else [instance.shapes.batch.values[-1]]
    needed = -(-demand.requests // min(sizes)) if sizes else 1
    if tokens is None:
        return needed
    held = aligned_prompts(instance, demand.prompt) + aligned_gens(instance, demand.gen)
    return max(needed, -(-exact_dot(held, demand.count) // tokens))


def least_cost(instance: Instance, stream: int | None = None) -> LeastCost:
    """Return what every plan pays at least for a stream, or for all with None."""
    streams = range(len(instance.streams)) if stream is None else (stream,)
    demands = [instance.streams[k].demand for k in streams]
    work = sum(exact_dot(work_ticks(instance, d.prompt, d.gen), d.count) for d in demands)
    batches = sum(least_batches(instance, k) for k in streams)
    per_stream = instance.cost.compile_per == "stream"
    pays = per_stream or stream is None
    covers = [_cover_ticks(instance, k) for k in streams] if pays else [0]
    cover = sum(covers) if per_stream else max(covers)
    prompt = min(int(d.prompt.min()) for d in demands)
    gen = min(int(d.gen.min()) for d in demands)
    further = instance.cost.compile_ticks(_smallest(instance, prompt, gen), instance.cost_scale)
    scale = instance.cost_scale
    return LeastCost(
        work=Fraction(work, scale),
        batches=instance.cost.batch * batches,
        base=instance.cost.base if stream is None else Fraction(0),
        cover=Fraction(cover, scale),
        further=Fraction(further if pays else 0, scale),
        covering=len(covers) if per_stream else 1,
    )


def most_shapes(instance: Instance, limit: Fraction, stream: int | None = None) -> int | None:
    """Return how many shapes a plan can have at most under a limit on the cost; None if it cannot have one.

    It is the largest n with least cost(n) ≤ limit, n being at most the number of requests and what the
    instance allows. For a token model that is ⌊√((limit − base − c·tokens)/c_shape)⌋.

    Parameters
    ----------
    limit
        In cost units.
    stream
        The stream whose cost is limited, and whose shapes are counted; None for all.
    """
    least = least_cost(instance, stream)
    ends = [end for end in (instance.shape_limit,) if end is not None]
    high = min(*ends, _requests(instance, stream)) if ends else _requests(instance, stream)

    def keeps(shapes: int) -> bool:
        count = instance.cost.count.ticks(shapes, instance.cost_scale) if stream is None else 0
        return least.with_shapes(shapes, Fraction(count, instance.cost_scale)) <= limit

    low = 1
    if high < 1 or not keeps(1):
        return None
    # Compile cost and count cost never fall with the number of shapes.
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if keeps(middle) else (low, middle - 1)
    return low


def _requests(instance: Instance, stream: int | None) -> int:
    return instance.requests if stream is None else instance.streams[stream].demand.requests


def _smallest(instance: Instance, prompt: int, gen: int) -> Shape:
    """Return the smallest shape of any batch size that holds these lengths."""
    space = instance.shapes
    steps = 0 if space.gen is None else int(space.gen.align(np.asarray([gen]))[0])
    slots = 0 if space.batch is None else space.batch.values[0]
    return Shape(int(space.prompt.align(np.asarray([prompt]))[0]), steps, slots)


def _cover_ticks(instance: Instance, stream: int) -> int:
    """Return the least compile cost of a shape that a stream needs, in cost ticks."""
    return max(
        instance.cost.compile_ticks(_smallest(instance, prompt, gen), instance.cost_scale)
        for prompt, gen in needed_corners(instance, stream)
    )


def needed_corners(instance: Instance, stream: int) -> tuple[tuple[int, int], ...]:
    """Return sizes (prompt, gen) each of which some shape must reach, no one of them within another.

    Of a stream's aligned requests those that no other reaches in both prompt and gen, by ascending prompt;
    where the gen is not compiled, the longest prompt alone, with gen 0.
    """
    demand, space = instance.streams[stream].demand, instance.shapes
    prompt = space.prompt.align(demand.prompt)
    if space.gen is None:
        return ((int(prompt.max()), 0),)
    return tuple(corners(prompt, space.gen.align(demand.gen)))


def corners(prompt: Ints, gen: Ints) -> Iterator[tuple[int, int]]:
    """Yield, by ascending prompt, the distinct lengths that no other reaches in both."""
    order = np.lexsort((gen, prompt))
    sorted_prompt, sorted_gen = prompt[order], gen[order]
    # Longest gen among the requests that come later, whose prompts are at least as long.
    later = np.append(np.maximum.accumulate(sorted_gen[::-1])[::-1][1:], -1)
    for row in np.flatnonzero(sorted_gen > later).tolist():
        yield int(sorted_prompt[row]), int(sorted_gen[row])
