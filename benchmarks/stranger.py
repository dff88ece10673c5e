"""Compare the project's verifier with the second one on certificates, valid and forged.

    python -m benchmarks.stranger [--number 500] [--seed 0]

Prints how many both accept, both refuse, and on how many they differ; the exit code is 1 if they ever differ.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

from tests.milp.test_stranger import compared, genuine


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
    for name, done, ours, theirs in compared(pool, options.number, random.Random(options.seed)):
        tally[("valid" if not done else "forged") + (": both accept" if ours else ": both refuse")
              if ours == theirs else f"DIFFER (project {ours}, stranger {theirs})"] += 1
        if ours != theirs:
            print(f"{name}: {done or 'as made'}: project {ours}, stranger {theirs}")
    for outcome, number in sorted(tally.items()):
        print(f"{number:6} {outcome}")
    return any(outcome.startswith("DIFFER") for outcome in tally)


if __name__ == "__main__":
    sys.exit(main())
