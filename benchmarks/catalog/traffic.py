"""Families of generated traffic: ``static-graph``, ``token``, ``capacity`` and ``latency``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from benchmarks.catalog.small import at_most
from instances.demand import Demand
from instances.generate import generate, generate_instance
from instances.instance import Instance, Stream
from instances.limits import Limits
from instances.presets import preset
from instances.shapes import ShapeSpace, Sizes


def static_graph() -> Iterator[Instance]:
    """Yield instances of the static-graph reference machine and of its honest variant, with identifiers."""
    yield _named(generate_instance("bimodal", 100, 11, name="bimodal-100"))
    yield _named(generate_instance("lognormal", 800, 12, name="lognormal-800", max_shapes=8))
    yield _named(
        generate_instance("uniform", 100, 13, "honest-static-graph", name="honest-uniform-100", max_shapes=4)
    )
    yield _named(
        generate_instance("bimodal", 300, 14, streams=2, name="two-streams-limits-300", max_shapes=8),
        at_most(pad_ratio="0.08", total_time=60_000_000),
        at_most(pad_ratio="0.085", total_time=65_000_000),
    )


def token() -> Iterator[Instance]:
    """Yield instances of the token machine: histograms, and a cost of the number of shapes."""
    for family, requests, grid, count in (
        ("uniform", 300, (256, 64), 2000),
        ("lognormal", 1000, (256, 64), 20000),
        ("bimodal", 2000, (64, 32), 20000),
        ("heavy-tail", 5000, (256, 64), 20000),
    ):
        name = f"{family}-{requests}-{grid[0]}x{grid[1]}"
        yield generate_instance(
            family, requests, 21, "token", granularity=grid, count_cost=Fraction(count), name=name
        )


def capacity() -> Iterator[Instance]:
    """Yield instances whose batches are bounded: by requests, by tokens, by the compiled batch size."""
    honest = "honest-static-graph"
    yield _named(
        generate_instance("bimodal", 100, 31, honest, name="batch-size-100", max_shapes=4),
        at_most(max_batch_size=8),
    )
    yield _named(
        generate_instance("lognormal", 200, 32, honest, name="batch-tokens-200", max_shapes=4),
        at_most(max_batch_tokens=32768),
    )
    tokens = generate_instance("bimodal", 200, 33, streams=2, name="batch-tokens-two-streams-200")
    yield replace(_named(tokens, at_most(max_batch_size=6)), limits=at_most(max_batch_tokens=65536))
    padded = preset("padded-batch", (512, None))
    padded["shapes"] = ShapeSpace(Sizes(512), batch=Sizes(values=(1, 4, 16)))
    yield Instance("padded-batch-60", generate("bimodal", 60, 34), max_shapes=6, **padded)


def latency() -> Iterator[Instance]:
    """Yield instances with limits on service latency, completion times and total time."""
    base = generate_instance("bimodal", 100, 41, name="service-p95-100")
    yield _named(base, at_most(p50=1_000_000, p95=6_500_000))
    base = generate_instance(
        "lognormal", 200, 42, "honest-static-graph", name="service-p99-200", max_shapes=4
    )
    yield _named(base, at_most(p50=116_000, p99=3_400_000))
    base = generate_instance("lognormal", 150, 43, name="total-time-150")
    yield _named(base, at_most(total_time=31_000_000))
    base = generate_instance(
        "bimodal", 60, 44, "honest-static-graph", granularity=(256, None), name="completion-60"
    )
    yield replace(_named(base, at_most(p50=4_000_000, p95=40_000_000)), latency="completion")
    base = generate_instance(
        "bimodal", 60, 44, "honest-static-graph", granularity=(256, None), name="completion-two-workers-60"
    )
    yield replace(_named(base, at_most(p95=25_000_000)), latency="completion", workers=2)


def _named(instance: Instance, *limits: Limits) -> Instance:
    """Return the instance with an identifier on every request, and limits on its first streams."""
    streams = []
    for index, stream in enumerate(instance.streams):
        demand, letter = stream.demand, "abcdefgh"[index]
        rows = demand.row_of_ids()
        ids = [f"{letter}-{i}" for i in range(1, demand.requests + 1)]
        own = limits[index] if index < len(limits) else stream.limits
        streams.append(
            Stream(stream.name, Demand.from_requests(demand.prompt[rows], demand.gen[rows], ids), own)
        )
    return replace(instance, streams=tuple(streams))
