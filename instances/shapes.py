"""Which shapes may be compiled, and which lengths each phase of a batch runs at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from instances.demand import MAX_TOKENS
from instances.errors import InputError


class Shape(NamedTuple):
    """A compiled shape; a dimension that is not compiled is 0."""

    prompt: int
    gen: int = 0
    batch: int = 0

    def __str__(self) -> str:
        text = f"{self.prompt}×{self.gen}" if self.gen else str(self.prompt)
        return f"{text} batch {self.batch}" if self.batch else text


@dataclass(frozen=True)
class Sizes:
    """The values that one compiled dimension may take: multiples of a granularity, or a list.

    Parameters
    ----------
    granularity
        Every positive multiple is allowed.
    values
        Allowed values in ascending order; exactly one of the two is given.
    """

    granularity: int | None = None
    values: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if (self.granularity is None) == (not self.values):
            raise InputError("either a granularity or a list of sizes")
        for size in self.values if self.granularity is None else (self.granularity,):
            if not 1 <= size <= MAX_TOKENS:
                raise InputError(f"an integer from 1 to {MAX_TOKENS}", size)
        if any(b <= a for a, b in zip(self.values, self.values[1:], strict=False)):
            raise InputError("sizes in ascending order without repeats", list(self.values))

    def align(self, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the least allowed size that holds each length; a length that none holds stays as it is."""
        if self.granularity is not None:
            return -(-lengths // self.granularity) * self.granularity
        sizes = np.asarray(self.values, dtype=np.int64)
        position = np.searchsorted(sizes, lengths)
        return np.where(position < len(sizes), sizes[np.minimum(position, len(sizes) - 1)], lengths)

    def allows(self, size: int) -> bool:
        """Tell whether `size` is one of the allowed sizes."""
        if self.granularity is not None:
            return size > 0 and size % self.granularity == 0
        return size in self.values


@dataclass(frozen=True)
class ShapeSpace:
    """The shapes that may be compiled: the product of the allowed sizes of the compiled dimensions.

    Parameters
    ----------
    prompt
        Allowed prompt sizes in tokens.
    gen
        Allowed generation sizes in tokens; None if the generation length is not compiled.
    batch
        Allowed batch sizes in requests, as a list; None if the batch size is not compiled.
    """

    prompt: Sizes
    gen: Sizes | None = None
    batch: Sizes | None = None

    def __post_init__(self) -> None:
        if self.batch is not None and self.batch.granularity is not None:
            raise InputError(
                "a list of batch sizes", f"granularity {self.batch.granularity}", field="shapes.batch"
            )

    def allows(self, shape: Shape) -> bool:
        """Tell whether `shape` has just the compiled dimensions, each of an allowed size."""
        pairs = ((self.prompt, shape.prompt), (self.gen, shape.gen), (self.batch, shape.batch))
        return all(size == 0 if sizes is None else sizes.allows(size) for sizes, size in pairs)


@dataclass(frozen=True)
class RunRules:
    """Which length each phase runs at: the ``*_at`` flags of the instance file.

    Parameters
    ----------
    prefill_at
        Prompt length of the prefill: the request's own aligned length, or the shape's.
    decode_at
        Prompt side of the decode: the longest aligned prompt of the batch, or the shape's.
    gen_at
        Number of decode steps: the longest generation of the batch, or the shape's.
    batch_at
        Slots paid for: the requests in the batch, or all slots of the shape.
    """

    prefill_at: Literal["request", "shape"] = "request"
    decode_at: Literal["batch", "shape"] = "batch"
    gen_at: Literal["batch", "shape"] = "batch"
    batch_at: Literal["actual", "shape"] = "actual"
