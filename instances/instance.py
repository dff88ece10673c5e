"""An instance: streams of requests, the shapes they may run in, what it costs, and the limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from instances.cost import CostModel, TimeModel
from instances.demand import Demand
from instances.errors import InputError
from instances.exact import common_scale
from instances.limits import Limits
from instances.objective import MINIMIZED, Minimized
from instances.shapes import RunRules, ShapeSpace

MAX_REQUESTS = 10**18
"""Most requests of an instance: what adds up counts, in int64, has room to spare."""


@dataclass(frozen=True)
class ShapeKeys:
    """How plan files spell a shape: the key of each dimension and keys with fixed values beside them."""

    prompt: str = "prompt"
    gen: str = "gen"
    batch: str = "batch"
    constants: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Stream:
    """Requests that may share batches with each other and not with other streams.

    Parameters
    ----------
    name
        Distinct within the instance.
    demand
        The requests.
    limits
        Limits on this stream alone.
    """

    name: str
    demand: Demand
    limits: Limits = Limits()


@dataclass(frozen=True, eq=False)
class Instance:
    """One problem, immutable and complete.

    Parameters
    ----------
    name
        Used for the names of result files.
    streams
        At least one, each with at least one request; shapes are shared by all.
    shapes
        Shapes that may be compiled.
    cost, time
        Cost and time model.
    runs
        Which length each phase runs at.
    limits
        Limits over all streams together.
    max_shapes
        Most distinct shapes over all streams; None means any number.
    pad_over
        Definition of the pad ratio: padding over real tokens (``real``) or over all tokens (``padded``).
    latency
        Whether latency limits mean a batch's own service time or its completion time.
    workers
        Identical devices that run the batches in plan order; matters for completion times only.
    minimize
        What a best plan has the least of.
    shape_keys
        How plan files spell shapes.
    """

    name: str
    streams: tuple[Stream, ...]
    shapes: ShapeSpace
    cost: CostModel = CostModel()
    time: TimeModel = TimeModel()
    runs: RunRules = RunRules()
    limits: Limits = Limits()
    max_shapes: int | None = None
    pad_over: Literal["real", "padded"] = "real"
    latency: Literal["service", "completion"] = "service"
    workers: int = 1
    minimize: Minimized = "cost"
    shape_keys: ShapeKeys = ShapeKeys()

    def __post_init__(self) -> None:
        if not self.streams:
            raise InputError("at least one stream", field="streams")
        if len({stream.name for stream in self.streams}) < len(self.streams):
            raise InputError("distinct stream names", field="streams")
        for stream in self.streams:
            if not stream.demand.rows:
                raise InputError("at least one request", field=f"stream {stream.name}")
        if self.requests > MAX_REQUESTS:
            raise InputError(f"at most {MAX_REQUESTS} requests", self.requests)
        for name, value in (("max_shapes", self.max_shapes), ("workers", self.workers)):
            if value is not None and value < 1:
                raise InputError("an integer of at least 1", value, field=name)
        if self.minimize not in MINIMIZED:
            raise InputError(f"one of {', '.join(MINIMIZED)}", self.minimize, field="minimize")
        if self.runs.gen_at == "shape" and self.shapes.gen is None:
            raise InputError("compiled gen sizes with gen_at: shape", field="shapes.gen")
        if self.runs.batch_at == "shape" and self.shapes.batch is None:
            raise InputError("compiled batch sizes with batch_at: shape", field="shapes.batch")
        self._refuse_shared_ids()

    def _refuse_shared_ids(self) -> None:
        columns = [stream.demand.ids for stream in self.streams if stream.demand.ids is not None]
        if len(columns) < 2:
            return
        names = np.concatenate(columns).tolist()
        if len(set(names)) < len(names):
            names.sort()
            twice = next(name for name, following in pairwise(names) if name == following)
            raise InputError("request ids that are distinct over all streams", f"{twice!r} twice")

    @cached_property
    def cost_scale(self) -> int:
        """Ticks per cost unit: every cost of a plan is a whole number of ticks."""
        return common_scale(self.cost.coefficients())

    @cached_property
    def time_scale(self) -> int:
        """Ticks per millisecond: every time of a plan is a whole number of ticks."""
        return common_scale(self.time.coefficients())

    @property
    def objective_scale(self) -> int:
        """Ticks per unit of what is minimised; a pad ratio is minimised in padded tokens."""
        return {"cost": self.cost_scale, "total_time": self.time_scale}.get(self.minimize, 1)

    @cached_property
    def requests(self) -> int:
        """Number of requests over all streams."""
        return sum(stream.demand.requests for stream in self.streams)

    @cached_property
    def real_tokens(self) -> int:
        """Prompt and gen tokens over all streams, without padding."""
        return sum(stream.demand.real_tokens for stream in self.streams)

    @property
    def shape_limit(self) -> int | None:
        """Most shapes that a plan may use, from `max_shapes` and the count table; None if unlimited."""
        bounds = [b for b in (self.max_shapes, self.cost.count.most) if b is not None]
        return min(bounds) if bounds else None

    def batch_limits(self, stream: int) -> tuple[int | None, int | None]:
        """Return the most requests and the most tokens of a batch of a stream, global limits included."""
        own, shared = self.streams[stream].limits, self.limits
        sizes = [b for b in (own.max_batch_size, shared.max_batch_size) if b is not None]
        tokens = [b for b in (own.max_batch_tokens, shared.max_batch_tokens) if b is not None]
        return (min(sizes) if sizes else None), (min(tokens) if tokens else None)
