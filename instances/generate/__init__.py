"""Generated demand and instances: seeded, and the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from instances.convert import Granularity
from instances.demand import Demand
from instances.errors import InputError
from instances.generate.families import FAMILIES, Profile, profiles
from instances.generate.lengths import Words
from instances.instance import Instance, Stream
from instances.presets import preset as machine_of

Ints = npt.NDArray[np.int64]

MAX_REQUESTS = 10**10
"""Most requests that are generated; drawing takes time in proportion."""

_BLOCK = 2**20
_WORDS = 3
"""Random words per request: its kind, its prompt and its gen length."""


def generate(family: str, requests: int, seed: int, streams: int = 1) -> tuple[Stream, ...]:
    """Draw the demand of the streams of an instance.

    Parameters
    ----------
    family
        A key of `FAMILIES`.
    requests
        Requests over all streams; they are dealt out evenly, the first streams taking one more.
    seed
        At least 0. Of two numbers of requests in one stream, the smaller draws a prefix of the larger.
    streams
        Number of streams.

    Returns
    -------
    tuple of Stream
        Named ``stream 1``, ``stream 2``, …; histograms without identifiers or limits.

    Raises
    ------
    InputError
        If there is no such family, or a number is out of range.
    """
    if family not in FAMILIES:
        raise InputError(f"one of {', '.join(FAMILIES)}", family, field="family")
    _check(streams, 1, 1000, "streams")
    _check(requests, streams, MAX_REQUESTS, "requests")
    _check(seed, 0, 2**128 - 1, "seed")
    known = profiles(family)
    share, more = divmod(requests, streams)
    return tuple(
        Stream(f"stream {k + 1}", _demand(known[k % len(known)], share + (k < more), seed, k))
        for k in range(streams)
    )


def generate_instance(
    family: str,
    requests: int,
    seed: int,
    preset: str = "static-graph",
    *,
    streams: int = 1,
    granularity: Granularity = (64, None),
    count_cost: Fraction = Fraction(0),
    max_shapes: int | None = None,
    name: str | None = None,
) -> Instance:
    """Draw an instance without limits other than `max_shapes`.

    Parameters
    ----------
    family, requests, seed, streams
        As in `generate`.
    preset
        A key of `instances.presets.PRESETS`: the machine.
    granularity
        Prompt and, where gen is compiled, gen granularity in tokens.
    count_cost
        c of the cost c·n² of n shapes.
    max_shapes
        Most distinct shapes over all streams.
    name
        Name of the instance; None makes one of the family, the number of requests and the seed.

    Raises
    ------
    InputError
        If one of the options cannot be used.
    """
    machine = machine_of(preset, granularity, count_cost)
    if max_shapes is not None:
        _check(max_shapes, 1, MAX_REQUESTS, "max_shapes")
    drawn = generate(family, requests, seed, streams)
    own = f"{family}-{requests}-seed-{seed}" if streams == 1 else f"{family}-{requests}x{streams}-seed-{seed}"
    return Instance(name=name or own, streams=drawn, max_shapes=max_shapes, **machine)


def _check(value: int, low: int, high: int, field: str) -> None:
    if not low <= value <= high:
        raise InputError(f"an integer from {low} to {high}", value, field=field)


def _demand(profile: Profile, requests: int, seed: int, stream: int) -> Demand:
    parts = [Demand.from_requests(*lengths) for lengths in _drawn(profile, requests, seed, stream)]
    if len(parts) == 1:
        return parts[0]
    columns = (np.concatenate([getattr(p, column) for p in parts]) for column in ("prompt", "gen", "count"))
    return Demand.from_histogram(*columns)


def draw_lengths(profile: Profile, requests: int, seed: int, stream: int = 0) -> tuple[Ints, Ints]:
    """Draw the lengths of requests one by one, in the order in which `generate` counts them.

    Returns
    -------
    prompt, gen
        int64, shape (requests,): tokens.
    """
    drawn = list(_drawn(profile, requests, seed, stream))
    prompt, gen = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return prompt, gen


def _drawn(profile: Profile, requests: int, seed: int, stream: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield the lengths of blocks of requests."""
    source = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream,)))
    for start in range(0, requests, _BLOCK):
        size = min(_BLOCK, requests - start)
        # Row by row, so that neither the block size nor the number of requests changes the ones before.
        words = source.random_raw(size * _WORDS).reshape(size, _WORDS)
        yield _lengths(profile, words)


def _lengths(profile: Profile, words: Words) -> tuple[Ints, Ints]:
    total = sum(kind.share for kind in profile)
    reached = np.cumsum([kind.share for kind in profile])
    ends = np.asarray([int(share) * 2**64 // total for share in reached[:-1]], dtype=np.uint64)
    which = np.searchsorted(ends, words[:, 0], side="right")
    prompt, gen = np.empty(len(words), dtype=np.int64), np.empty(len(words), dtype=np.int64)
    for index, kind in enumerate(profile):
        mine = np.flatnonzero(which == index)
        prompt[mine] = kind.prompt.pick(words[mine, 1])
        gen[mine] = kind.gen.pick(words[mine, 2])
    return prompt, gen


__all__ = ["FAMILIES", "draw_lengths", "generate", "generate_instance"]
