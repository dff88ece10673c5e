"""The verifier stands on the problem's definition and numpy, and on nothing that finds solutions."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys
before = set(sys.modules)
from milp.verifier import verify
from instances.cost import CostModel, Phases
from instances.demand import Demand
from instances.instance import Instance, Stream
from instances.plan import Plan
from instances.shapes import ShapeSpace, Sizes
from instances.digest import digest
from milp.certificate import Certificate, Leaf
from milp.lagrangian.prices import Prices
from fractions import Fraction
import numpy as np

def ints(*values):
    return np.array(values, dtype=np.int64)

demand = Demand.from_histogram([5, 9], [2, 3], [4, 1])
cost = CostModel(Phases((Fraction(0), Fraction(1), Fraction(0))), batch=Fraction(7, 2))
instance = Instance("i", (Stream("a", demand),), ShapeSpace(Sizes(8)), cost)
plan = Plan(ints(0), ints(16), ints(0), ints(0), ints(1), ints(0, 0), ints(0, 1), ints(4, 1), ints(0))
prices = Prices(1, 1, ints(16, 39), ints(), 1)
certificate = Certificate(
    digest(instance), 2, 1, Fraction(103, 2), Fraction(103, 2), plan, (Leaf(0),), (prices,)
)
verdict = verify(instance, certificate)
print(json.dumps([str(verdict.status), verdict.reason, sorted(set(sys.modules) - before)]))
"""

ALLOWED = (
    "instances",
    "milp",
    "milp.verifier",
    "milp.certificate",
    "milp.boxes",
    "milp.status",
    "milp.lagrangian",
    "numpy",
)
WHOLE = ("instances", "milp.lagrangian", "numpy")
"""Packages whose modules are all allowed."""


def test_the_verifier_imports_no_solver() -> None:
    """Importing the verifier and using it loads the standard library, numpy and seven parts of ours."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, reason, loaded = json.loads(done.stdout)
    assert (status, reason) == ("certified optimal", None)
    foreign = [name for name in loaded if not _allowed(name)]
    assert foreign == []


def _allowed(name: str) -> bool:
    parts = name.split(".")
    if parts[0] in sys.stdlib_module_names or name in ALLOWED:
        return True
    return any(name.startswith(f"{package}.") for package in WHOLE)
