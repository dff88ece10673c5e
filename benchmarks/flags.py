"""Which flags and limits hold of an instance, as words to count by."""

from __future__ import annotations

from instances.instance import Instance
from instances.limits import Limits


def flags_of(instance: Instance) -> tuple[str, ...]:
    """Return the flags and limits of an instance."""
    runs, cost, shapes = instance.runs, instance.cost, instance.shapes
    flags = [
        f"streams: {len(instance.streams)}",
        f"prefill_at: {runs.prefill_at}",
        f"decode_at: {runs.decode_at}",
        f"gen_at: {runs.gen_at}",
        f"batch_at: {runs.batch_at}",
        f"pad_over: {instance.pad_over}",
        f"latency: {instance.latency}",
        f"workers: {instance.workers}",
        f"count: {'table' if cost.count.table else 'quadratic' if cost.count.quadratic else 'none'}",
        f"compile_per: {cost.compile_per}" if cost.compile else "no compile cost",
    ]
    flags += ["compiled gens"] * (shapes.gen is not None)
    flags += ["compiled batch sizes"] * (shapes.batch is not None)
    flags += ["listed prompts"] * (shapes.prompt.granularity is None)
    flags += ["cold starts"] * bool(instance.time.cold_start)
    flags += ["max_shapes"] * (instance.max_shapes is not None)
    flags += [f"limit on all: {name}" for name in _limited(instance.limits)]
    flags += sorted({f"limit on a stream: {name}" for s in instance.streams for name in _limited(s.limits)})
    return tuple(flags)


def _limited(limits: Limits) -> list[str]:
    names = ("cost", "pad_ratio", "total_time", "max_batch_size", "max_batch_tokens")
    return [name for name in names if getattr(limits, name) is not None] + ["latency"] * bool(limits.latency)
