"""What happened to each request, as a table: CSV or Parquet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from instances.errors import InputError
from instances.files.atomic import atomic_write
from instances.serving.arrivals import Arrivals
from instances.serving.batch_schedule import BatchSchedule
from instances.serving.metrics import Served

if TYPE_CHECKING:
    from pandas import DataFrame

Ints = npt.NDArray[np.int64]

ENDINGS = (".csv", ".csv.gz", ".parquet")


def refuse_unknown_ending(path: Path) -> None:
    """Refuse a file name with none of `ENDINGS`, before anything is computed for it.

    Raises
    ------
    InputError
        If it has another.
    """
    if not path.name.endswith(ENDINGS):
        raise InputError(f"a file name ending in {', '.join(ENDINGS)}", path.name)


def batch_rows(arrivals: Arrivals, schedule: BatchSchedule, served: Served) -> dict[str, Ints]:
    """Return a row per request of a schedule of model A, as columns; times in ns since the first arrival."""
    return {
        **request_rows(arrivals, served),
        "bin": schedule.bin,
        "batch": schedule.batch,
        "device": schedule.device[schedule.batch],
    }


def request_rows(arrivals: Arrivals, served: Served) -> dict[str, Ints]:
    """Return the columns that schedules of both models have."""
    return {
        "request": np.arange(len(arrivals), dtype=np.int64),
        "prompt_len": arrivals.prompt,
        "gen_len": arrivals.gen,
        "priority": arrivals.priority,
        "arrival_ns": arrivals.arrival,
        "start_ns": served.start,
        "first_token_ns": served.first_token,
        "completion_ns": served.completion,
    }


def write_rows(rows: Mapping[str, Ints], path: Path) -> None:
    """Write columns in the format that the file's name ends in.

    Raises
    ------
    InputError
        If the name ends in none of `ENDINGS`, pyarrow is missing for Parquet, or the file cannot be written.
    """
    import pandas as pd

    refuse_unknown_ending(path)
    frame = pd.DataFrame(rows)
    content = _parquet(frame) if path.suffix == ".parquet" else frame.to_csv(index=False).encode()
    with atomic_write(path) as file:
        file.write(content)


def _parquet(frame: DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False)
    except ImportError:
        raise InputError("pyarrow for Parquet (`pip install 'batchproof[parquet]'`)") from None
    return buffer.getvalue()
