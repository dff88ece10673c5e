"""Traces in the layout of the Azure traces, made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

WEEK_MS = 7 * 86_400_000


def write_azure(
    path: Path, prompt: npt.NDArray[np.int64], gen: npt.NDArray[np.int64], random: np.random.Generator
) -> None:
    """Write a trace of these lengths, in tokens, at random times of one week."""
    arrival = pd.Timestamp("2024-05-10") + pd.to_timedelta(
        np.sort(random.integers(0, WEEK_MS, len(prompt))), "ms"
    )
    lengths = {"ContextTokens": prompt, "GeneratedTokens": gen}
    pd.DataFrame({"TIMESTAMP": arrival.strftime("%Y-%m-%d %H:%M:%S.%f0"), **lengths}).to_csv(
        path, index=False
    )
