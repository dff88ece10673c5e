"""Demand of any size that looks like a real trace, as files that the package's readers read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.azure import write_azure
from instances.demand import Demand
from instances.traces import trace_format

Ints = npt.NDArray[np.int64]

JITTER = 0.1
"""Most by which a length is made longer or shorter, as a share of it."""

COPIES = 1000
"""Requests of the histogram per request of the trace that has its support."""


def resampled(source: Path, requests: int, seed: int = 0) -> tuple[Ints, Ints]:
    """Draw requests from an Azure trace with replacement, and jitter both lengths.

    Returns
    -------
    tuple
        Prompt and gen lengths in tokens, at least 1: int64, shape (requests,).
    """
    (part,) = trace_format("azure").streams(source, arrivals=False, first=None)
    demand = part.trace.demand()
    random = np.random.default_rng([seed, requests])
    row = np.repeat(np.arange(demand.rows), demand.count)[random.integers(0, demand.requests, requests)]
    prompt, gen = (_jittered(lengths[row], random) for lengths in (demand.prompt, demand.gen))
    return prompt, gen


def write_demand(folder: Path, source: Path, requests: int, histogram: bool) -> Path:
    """Write demand unless it is there; return the file.

    Parameters
    ----------
    requests
        How many; of a histogram, 1,000 times as many as its support is drawn from.
    histogram
        Whether to write rows prompt, gen, count, and not an Azure trace.
    """
    path = folder / f"{'histogram' if histogram else 'trace'}-{requests}.csv"
    if path.exists():
        return path
    prompt, gen = resampled(source, requests // COPIES if histogram else requests)
    if not histogram:
        write_azure(path, prompt, gen, np.random.default_rng(0))
        return path
    rows = Demand.from_requests(prompt, gen)
    cells = zip(rows.prompt.tolist(), rows.gen.tolist(), rows.count.tolist(), strict=True)
    lines = [f"{p},{g},{n * COPIES}\n" for p, g, n in cells]
    path.write_text("prompt_len,gen_len,count\n" + "".join(lines), encoding="utf-8")
    return path


def _jittered(lengths: Ints, random: np.random.Generator) -> Ints:
    factor = random.uniform(1 - JITTER, 1 + JITTER, len(lengths))
    longer: Ints = np.maximum(1, np.rint(lengths * factor)).astype(np.int64)
    return longer
