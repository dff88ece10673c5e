"""Compare the project's verifier with the second one on certificates, valid and forged.

    python -m benchmarks.stranger [--number 500] [--seed 0]

Prints how many both accept, both refuse, and on how many they differ; the exit code is 1 if they ever differ.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from instances import Instance, digest
from instances.catalog import names, path
from instances.files import read
from tests.milp.forging import GROWN, REDUCED
from tests.milp.stranger import verdict
from tests.milp.test_stranger import (
    REFUSED,
    Answer,
    compared,
    genuine,
    project_verdict,
    reached,
    with_trees,
)

CERTIFICATES = Path(__file__).parents[1] / "results" / "catalog" / "certificates"


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally: Counter[str] = Counter()
    pool = genuine(range(options.seed, options.seed + max(4, options.number // 12)))
    pool += with_trees(GROWN, reduced=False) + with_trees(REDUCED, reduced=True)
    for name, done, ours, theirs in compared(pool, options.number, random.Random(options.seed)):
        tally[outcome("forged" if done else "valid", ours, theirs)] += 1
        if ours != theirs:
            print(f"{name}: {done or 'as made'}: project {ours}, stranger {theirs}")
    for name, ours, theirs in bundled():
        tally[outcome("catalog", ours, theirs)] += 1
        if ours != theirs:
            print(f"{name}: project {ours}, stranger {theirs}")
    for _, instance, table in pool:
        if table["lower_bound"] is not None:
            for kind, answers in zip(("highest claim", "higher"), reached(instance, table), strict=True):
                tally[outcome(kind, *answers)] += 1
    for text, number in sorted(tally.items()):
        print(f"{number:6} {text}")
    return any("differ" in text for text in tally)


def bundled() -> Iterator[tuple[str, Answer, Answer]]:
    """Yield name and both verdicts for the certificates of the catalog's small instances."""
    known = {digest(instance): (name, instance) for name in names() if few_rows(instance := read(path(name)))}
    for file in sorted(CERTIFICATES.glob("*.json.gz")):
        table = json.loads(gzip.decompress(file.read_bytes()))
        if table["instance"] in known:
            name, instance = known[table["instance"]]
            yield name, project_verdict(instance, table), verdict(instance, table)


def few_rows(instance: Instance) -> bool:
    """Tell whether plain Python looks at all types of an instance in no time."""
    return sum(stream.demand.rows for stream in instance.streams) <= 20


def outcome(kind: str, ours: Answer, theirs: Answer) -> str:
    """Return how the two verdicts on a certificate are counted."""
    same = "both refuse" if ours == REFUSED else "both accept"
    return f"{kind}: " + (same if ours == theirs else "they differ")


if __name__ == "__main__":
    sys.exit(main())
