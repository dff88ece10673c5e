"""How long a fresh process takes to read a trace of many requests into groups, and how much memory.

The trace is made up, in the layout of the Azure traces. Each run is a new interpreter, imports included.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.azure import write_azure

READ = """
import json, resource, sys
from instances.convert import convert
from instances.groups import form_groups
instance, _ = convert(sys.argv[1], "azure", "token", granularity=(64, 32))
groups = len(form_groups(instance))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"requests": instance.requests, "groups": groups, "peak_mib": peak}))
"""


def write_trace(path: Path, rows: int) -> None:
    """Write a trace of log-normal lengths."""
    random = np.random.default_rng(0)
    prompt = random.lognormal(6.9, 1.0, rows).astype(np.int64) + 1
    gen = random.lognormal(4.9, 0.8, rows).astype(np.int64) + 1
    write_azure(path, prompt, gen, random)


def read(path: Path) -> dict[str, Any]:
    """Read the trace in a fresh process; return what it found, with the seconds taken."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, check=True)
    return {**json.loads(done.stdout), "seconds": time.perf_counter() - start}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "azure.csv"
        write_trace(trace, given.rows)
        runs = [read(trace) for _ in range(given.repeat)]
    seconds = statistics.median(run["seconds"] for run in runs)
    peak = max(run["peak_mib"] for run in runs)
    requests, groups = runs[0]["requests"], runs[0]["groups"]
    print(f"{requests:,} rows into {groups:,} groups: {seconds:.2f} s, peak {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
