"""Measure every heuristic against certified bounds.

    python -m benchmarks.league [--data FOLDER] [--time-limit 60] [--only FAMILY…] [--out results/league.md]
    python -m benchmarks.league --random 1000 [--first 0] [--processes 1]

The first writes the table over the bundled instances and, if FOLDER holds ``terminal-bench/``, over the
public benchmark. The second tries the law of the league on random instances, and its exit code is 1 if a
plan within limits costs less than a certified bound, if there is one where infeasibility is certified, or if
a heuristic fails.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.league import law
from benchmarks.league.tables import write_tables


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of traces")
    parser.add_argument("--only", nargs="+", default=[], help="families, such as tiny or terminal-bench")
    parser.add_argument("--time-limit", type=float, help="seconds for a bound: 60, or 5 with --random")
    parser.add_argument("--heuristic-limit", type=float, default=60, help="seconds for a heuristic")
    parser.add_argument("--out", type=Path, default=Path("results/league.md"))
    parser.add_argument("--random", type=int, default=0, metavar="N", help="number of random instances")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args(arguments)
    if given.time_limit is None:
        given.time_limit = 5.0 if given.random else 60.0
    if not given.random:
        write_tables(given)
        return 0
    trials = []
    for one in law.run(given.random, given.first, given.time_limit, given.processes):
        trials.append(one)
        for failure in one.failures:
            print(failure, flush=True)
        if len(trials) % 100 == 0:
            print(f"{len(trials)} instances", flush=True)
    print(law.table(trials))
    return int(any(one.failures for one in trials))


if __name__ == "__main__":
    sys.exit(main())
