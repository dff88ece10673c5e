"""Let `batchproof batch` go wrong: ``python -m benchmarks.batch outcomes kills losses overhead flips``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.batch import flips, kills, losses, outcomes, overhead
from benchmarks.fresh import leave_nothing_behind

Measure = Callable[[Path, float], list[str]]

PARTS: dict[str, Measure] = {
    "outcomes": lambda work, scale: outcomes.measure(work, round(200 * scale)),
    "kills": lambda work, scale: kills.measure(work, round(200 * scale), round(50 * scale)),
    "losses": lambda work, scale: losses.measure(work, round(200 * scale)),
    "overhead": lambda work, scale: overhead.measure(work, round(1000 * scale)),
    "flips": lambda work, scale: flips.measure(work, round(200 * scale), round(20 * scale)),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts that are asked for; return 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the instances, kills and flips")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    good = True
    for name in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="batchproof-") as work:
            told, *wrong = PARTS[name](Path(work), given.scale)
        print("\n    ".join([f"{name}: {told}", *wrong]), flush=True)
        good &= not wrong
    return 0 if good else 1


if __name__ == "__main__":
    leave_nothing_behind()
    sys.exit(main())
