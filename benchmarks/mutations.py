"""Tamper with certificates of large trees, and count what the verifier makes of it.

    python -m benchmarks.mutations [--number 10000] [--seed 0] [--processes 1]

Every mutant is a file that is read and verified. It is *falsely accepted* if what it then claims is not true:
a lower bound over the optimum, an upper bound that is not the cost of the plan shown, or that there is no
plan although there is one. The optimum comes from trying every plan. The exit code is 1 if any mutant is
falsely accepted, or if anything but bad input is raised.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.large_trees import LEAVES, NAMES, Grown, grown
from benchmarks.mutators import MUTATORS, Fields
from instances import write
from instances.digest import digest
from instances.errors import InputError
from instances.files import read
from instances.instance import Instance
from milp.certificate_file import encode_certificate, read_certificate
from milp.verifier import verify
from tests.milp.forging import places
from tests.milp.test_forgery import assert_true
from tests.oracle import best_plan

OUTCOMES = ("refused", "rejected", "true", "false", "raised")
ALTERED = "instance altered"

Tally = Counter[tuple[str, str]]


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    each = -(-options.number // len(NAMES))
    with ProcessPoolExecutor(options.processes) as pool:
        running = [pool.submit(mutated, name, each, options.seed) for name in NAMES]
        tally: Tally = Counter()
        used = 0.0
        for name, future in zip(NAMES, running, strict=True):
            own, failures, seconds = future.result()
            tally += own
            used += seconds
            print(f"{name}: {sum(own.values())} mutants, {seconds:.0f} s", flush=True)
            for failure in failures:
                print(failure, flush=True)
    print(table(tally))
    print(f"{sum(tally.values())} mutants, {used:.0f} s of processor time")
    return int(any(outcome in ("false", "raised") for _, outcome in tally))


def mutated(name: str, number: int, seed: int, leaves: int = LEAVES) -> tuple[Tally, list[str], float]:
    """Judge so many mutants of one certificate; return counts, failures in words, and processor seconds."""
    start = time.process_time()
    case = grown(name, leaves)
    tables = (_fields(case), _written_out(case))
    tally: Tally = Counter()
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.json"
        for index in range(number):
            rng = random.Random(f"{seed} {name} {index}")
            kind = rng.choice((*MUTATORS, ALTERED))
            changed, instance = _mutant(case, copy.deepcopy(rng.choice(tables)), kind, rng, path)
            outcome, reason = ("refused", "") if instance is None else _judged(case, changed, instance, path)
            tally[kind, outcome] += 1
            if outcome in ("false", "raised"):
                failures.append(f"FAILURE {outcome}: seed {seed}, {name}, mutant {index}, {kind}: {reason}")
    return tally, failures, time.process_time() - start


def table(tally: Tally) -> str:
    """Return the counts per kind of mutation as text."""
    kinds = sorted({kind for kind, _ in tally})
    lines = [f"{'mutation':24}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES)]
    for kind in (*kinds, "all"):
        counts = [
            sum(n for (own, outcome), n in tally.items() if outcome == wanted and kind in (own, "all"))
            for wanted in OUTCOMES
        ]
        lines.append(f"{kind:24}" + "".join(f"{count:10}" for count in counts))
    return "\n".join(lines)


def _mutant(
    case: Grown, table: Fields, kind: str, rng: random.Random, path: Path
) -> tuple[Fields, Instance | None]:
    """Return a mutant and the instance that it is verified against, None if that cannot be read."""
    instance: Instance | None = case.instance
    if kind == ALTERED:
        instance = _altered(case.instance, rng, path)
        if instance is not None and rng.random() < 0.8:
            # As a forger would: everything that the header says is the altered instance's.
            table["instance"] = digest(instance)
            table["cost_scale"], table["time_scale"] = instance.cost_scale, instance.time_scale
    else:
        for _ in range(rng.choice((1, 1, 2))):
            MUTATORS[kind](table, rng)
    if rng.random() < 0.4:
        _aim(case, table, rng)
    return table, instance


def _aim(case: Grown, table: Fields, rng: random.Random) -> None:
    """Claim the least that is not true, so that whatever the verifier overlooks makes a false acceptance."""
    if case.optimum is None:
        table["lower_bound"] = 0
        return
    table["plan"] = table["upper_bound"] = None
    over = case.optimum + Fraction(1, case.instance.cost_scale)
    table["lower_bound"] = rng.choice((f"{over.numerator}/{over.denominator}",) * 3 + (None,))


def _judged(case: Grown, changed: Fields, instance: Instance, path: Path) -> tuple[str, str]:
    path.write_text(json.dumps(changed))
    try:
        try:
            certificate = read_certificate(path)
        except InputError as error:
            return ("refused", "") if len(str(error).splitlines()) == 1 else ("raised", "several lines")
        verdict = verify(instance, certificate, case.model if instance is case.instance else None)
        if not verdict.certified:
            return "rejected", ""
        optimum = case.optimum
        if instance is not case.instance:
            best = best_plan(instance)
            optimum = None if best is None else best.cost
        assert_true(instance, optimum, certificate, verdict)
    except AssertionError as error:
        return "false", str(error)
    except Exception:
        return "raised", traceback.format_exc()
    return "true", ""


def _altered(instance: Instance, rng: random.Random, path: Path) -> Instance | None:
    content = copy.deepcopy(_instance_fields(instance, path))
    numbers = [place for place, value in _numbers(content) if "count" not in place]
    place = rng.choice(numbers)
    parent = content
    for key in place[:-1]:
        parent = parent[key]
    old = parent[place[-1]]
    parent[place[-1]] = rng.choice((old + 1, old - 1, old * 2, old // 2))
    path.write_text(json.dumps(content))
    try:
        return read(path)
    except InputError:
        return None


@cache
def _instance_fields(instance: Instance, path: Path) -> Any:
    write(instance, path)
    return json.loads(path.read_text())


def _numbers(content: Any) -> list[tuple[tuple[Any, ...], Any]]:
    found = []
    for place in places(content):
        value = content
        for key in place:
            value = value[key]
        if type(value) in (int, float):
            found.append((place, value))
    return found


def _fields(case: Grown) -> Fields:
    fields: Fields = json.loads(encode_certificate(case.certificate))
    return fields


def _written_out(case: Grown) -> Fields:
    """Return the content of a file in which no entry refers to another, so that a change touches one leaf."""
    table = _fields(case)
    table["prices"] = [
        json.loads(encode_certificate(replace(case.certificate, prices=(prices,))))["prices"][0]
        for prices in case.certificate.prices
    ]
    return table


if __name__ == "__main__":
    sys.exit(main())
