"""Simulations as dictionaries for JSON: times in whole ns, means exact with a float beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from milp.cli.records import Record, exact

if TYPE_CHECKING:
    from heuristics.schedulers.simulation import Simulation
    from instances.serving import Arrivals, BatchDevice, ServiceLevel
    from instances.serving.composition import Composition
    from instances.serving.fit import Fit
    from instances.serving.metrics import GroupMetrics, ServingMetrics, Spread
    from instances.traces import DropReport


def arrivals_record(name: str, arrivals: Arrivals, report: DropReport | None, oversized: int) -> Record:
    """Return which requests were served."""
    record: Record = {
        "trace": name,
        "requests": len(arrivals),
        "digest": arrivals.digest(),
        "dropped_oversized": oversized,
    }
    if report is not None:
        record |= {"rows_read": report.read, "rows_dropped": dict(report.dropped)}
    return record


def device_record(device: BatchDevice, devices: int, fit: Fit | None) -> Record:
    """Return what the devices of model A are like."""
    record: Record = {
        "devices": devices,
        **exact("alpha_ms", device.fixed),
        **exact("beta_ms", device.per_token),
        **exact("gamma", device.sharing),
        "memory_tokens": device.kv_tokens,
        "max_batch": device.max_batch_size,
    }
    if fit is not None:
        record["fit"] = {
            "rows": fit.rows,
            "r_squared_float": float(fit.r_squared),
            **exact("worst_ms", fit.worst),
        }
    return record


def simulation_record(simulation: Simulation, promised: ServiceLevel | None) -> Record:
    """Return what happened."""
    record: Record = {
        "status": "broken rules" if simulation.broken else "simulated",
        "model": simulation.model,
        "broken_rules": [str(rule) for rule in simulation.broken],
        "sla_ns": None if promised is None else list(promised.latency),
        **metrics_record(simulation.metrics),
    }
    if simulation.edges:
        record["edges"] = list(simulation.edges)
    if simulation.composition is not None:
        overall, bins = simulation.composition
        record["composition"] = {
            **_composition(overall),
            "bins": {str(k): _composition(one) for k, one in bins.items()},
        }
    return record


def metrics_record(metrics: ServingMetrics) -> Record:
    """Return the metrics of a simulation."""
    return {
        **_group(metrics.total),
        "makespan_ns": metrics.makespan,
        **exact("throughput_per_s", metrics.throughput),
        **exact("tokens_per_s", metrics.tokens_per_second),
        **exact("goodput_per_s", metrics.goodput),
        **exact("utilisation", metrics.utilisation),
        "batch_size": _spread(metrics.batch_size),
        **exact("mean_queue_depth", metrics.mean_depth),
        "max_queue_depth": metrics.most_depth,
        "classes": {str(k): _group(one) for k, one in metrics.classes.items()},
        "bins": {str(k): _group(one) for k, one in metrics.bins.items()},
    }


def _group(group: GroupMetrics) -> Record:
    return {
        "requests": group.requests,
        "latency_ns": _spread(group.latency),
        "first_token_ns": _spread(group.first_token),
        "wait_ns": _spread(group.wait),
        "violations": group.violations,
    }


def _composition(one: Composition) -> Record:
    return {
        "batches": one.batches,
        "size": _spread(one.size),
        **exact("length_variance", one.variance),
        **exact("length_range", one.range),
        **exact("max_over_mean", one.max_over_mean),
    }


def _spread(spread: Spread) -> Record:
    return {
        **exact("mean", spread.mean),
        "p50": spread.p50,
        "p95": spread.p95,
        "p99": spread.p99,
        "max": spread.most,
    }
