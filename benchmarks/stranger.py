"""Compare the project's verifier with the second one on certificates, valid and forged.

    python -m benchmarks.stranger [--number 500] [--seed 0]

Prints how many both accept, both refuse, and on how many they differ; the exit code is 1 if they ever differ.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

from tests.milp.forging import GROWN, REDUCED
from tests.milp.test_stranger import compared, genuine, reached, with_trees


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
    for _, instance, table in pool:
        if table["lower_bound"] is not None:
            for kind, answers in zip(("highest claim", "higher"), reached(instance, table), strict=True):
                tally[outcome(kind, *answers)] += 1
    for text, number in sorted(tally.items()):
        print(f"{number:6} {text}")
    return any("differ" in text for text in tally)


def outcome(kind: str, ours: bool, theirs: bool) -> str:
    """Return how the two verdicts on a certificate are counted."""
    return f"{kind}: " + ("they differ" if ours != theirs else "both accept" if ours else "both refuse")


if __name__ == "__main__":
    sys.exit(main())
