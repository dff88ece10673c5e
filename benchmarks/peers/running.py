"""Runs: each in a fresh process, stopped hard if it does not stop by itself."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fresh import Finished, run_fresh
from instances import write
from instances.groups import form_groups
from instances.instance import Instance
from milp.engines.registry import EXACT

Record = dict[str, Any]


def hard_limit(limit: float) -> float:
    """Return the seconds after which a run of so long a time limit is killed."""
    return 1.2 * limit + 30


def run_once(instance: Instance, solver: str, limit: float, memory_mib: float) -> Record:
    """Run a solver on an instance; `exact` has its certificate verified in yet another process."""
    with tempfile.TemporaryDirectory() as folder:
        problem, certificate = Path(folder) / "instance.json", Path(folder) / "certificate.json.gz"
        write(instance, problem)
        words = [str(problem), solver, "--time-limit", str(limit), "--certificate", str(certificate)]
        ended = run_fresh(
            [sys.executable, "-m", "benchmarks.peers.child", *words],
            seconds=hard_limit(limit),
            memory_mib=memory_mib,
        )
        record = _told(ended)
        if solver == EXACT:
            record |= _verified(problem, certificate, record, memory_mib)
    return {"groups": len(form_groups(instance)), "requests": instance.requests, **record}


def _told(ended: Finished) -> Record:
    record: Record = {
        "claim": "open",
        "cost": None,
        "lower": None,
        "note": "",
        "seconds": ended.seconds,
        "cpu_seconds": ended.cpu_seconds,
        "peak_mib": ended.peak_mib,
    }
    if ended.stopped is not None:
        return {**record, "claim": "memory" if ended.stopped == "memory" else "none"}
    lines = ended.out.splitlines()
    if ended.code == 0 and lines:
        # Solvers may print before it.
        return {**record, **json.loads(lines[-1])}
    if "MemoryError" in ended.err or "bad_alloc" in ended.err or "out of memory" in ended.err:
        return {**record, "claim": "memory"}
    last = ended.err.strip().splitlines()[-1:] or [f"exit code {ended.code}"]
    return {**record, "claim": "failed", "note": last[0][:120]}


def _verified(problem: Path, certificate: Path, record: Record, memory_mib: float) -> Record:
    if not certificate.exists():
        return {"verdict": "no certificate"}
    command = [sys.executable, "-m", "milp", "verify", str(problem), str(certificate), "--json"]
    ended = run_fresh(command, seconds=600, memory_mib=memory_mib)
    if ended.stopped or not ended.out:
        return {"verdict": "not verified", "verify_seconds": ended.seconds}
    verdict = json.loads(ended.out)
    return {"verdict": verdict["status"], "verify_seconds": ended.seconds}
