"""The verifier of hindsight bounds stands on the problem's definition and numpy."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys
before = set(sys.modules)
from fractions import Fraction
from instances.serving import Arrivals, BatchDevice
from instances.serving.service_level import ServiceLevel
from milp.hindsight.certificate import Claim, HindsightCertificate
from milp.hindsight.problem import HindsightProblem
from milp.hindsight.verify import verify

arrivals = Arrivals.of([0, 5, 9], [10, 20, 30], [1, 2, 3])
problem = HindsightProblem(arrivals, BatchDevice(), 1, ServiceLevel((10**6,)))
window = {"memory": (5,), "start": (0,), "end": (10**7,), "price": (2**30,)}
company = {"length": (11,), "width": (10,), "price": (5,), "paid": (9, 9, 9)}
claims = [
    Claim("device_time", "grouping", Fraction(1)),
    Claim("makespan", "shares", Fraction(1), None, {"memory": (3, 5)}),
    Claim("mean_latency", "remaining-work", Fraction(1), None, {"memory": ()}),
    Claim("mean_latency", "busy-time", Fraction(1), None, {"memory": (3, 5)}),
    Claim("mean_latency", "device-prices", Fraction(1), None, {"time": (0, 9), "price": (1,), "scale": (8,)}),
    Claim("mean_latency", "company", Fraction(0), None, company),
    Claim("mean_latency", "subsets", Fraction(1)),
    Claim("violations", "windows", Fraction(0), None, window),
    Claim("percentile", "windows", Fraction(2), Fraction(1, 2), window),
]
verdict = verify(problem, HindsightCertificate(problem.digest(), tuple(claims)))
print(json.dumps([str(verdict.status), verdict.reason, sorted(set(sys.modules) - before)]))
"""

RECOMPUTING = (
    "batches.busy_time",
    "batches.case",
    "batches.company",
    "batches.device_prices",
    "batches.device_time",
    "batches.methods",
    "batches.shares",
    "batches.subset_batches",
    "batches.subsets",
    "relaxations.case",
    "relaxations.lateness",
    "relaxations.load",
    "relaxations.methods",
    "relaxations.remaining_work",
    "relaxations.windows",
    "round_case",
)
ALLOWED = {
    "milp",
    "milp.status",
    "milp.hindsight",
    "milp.hindsight.certificate",
    "milp.hindsight.problem",
    "milp.hindsight.units",
    "milp.hindsight.verify",
    "milp.hindsight.batches",
    "milp.hindsight.relaxations",
    *(f"milp.hindsight.{name}" for name in RECOMPUTING),
}


def test_the_verifier_imports_no_search() -> None:
    """Using it loads the standard library, numpy, the problem's definition, and the methods themselves."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, reason, loaded = json.loads(done.stdout)
    assert (status, reason) == ("certified bound", None)
    foreign = [
        name
        for name in loaded
        if name.split(".")[0] not in {*sys.stdlib_module_names, "instances", "numpy"} and name not in ALLOWED
    ]
    assert foreign == []
