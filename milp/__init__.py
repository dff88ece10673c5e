"""Proofs: formulation, bounds, engines, certificates, and the verifier."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from milp.certificate import Certificate
    from milp.certificate_file import read_certificate, write_certificate
    from milp.engines.through_pulp import export
    from milp.formulation import Formulation, formulate
    from milp.league import League, run_league
    from milp.minimizing import Step, lexicographic, minimize
    from milp.progress import Progress
    from milp.result import Result
    from milp.solving import ask, bound, solve
    from milp.status import Status
    from milp.verifier import Verdict, verify

_HOME = {
    "Certificate": "milp.certificate",
    "Formulation": "milp.formulation",
    "League": "milp.league",
    "Progress": "milp.progress",
    "Result": "milp.result",
    "Status": "milp.status",
    "Step": "milp.minimizing",
    "Verdict": "milp.verifier",
    "ask": "milp.solving",
    "bound": "milp.solving",
    "export": "milp.engines.through_pulp",
    "formulate": "milp.formulation",
    "lexicographic": "milp.minimizing",
    "minimize": "milp.minimizing",
    "run_league": "milp.league",
    "read_certificate": "milp.certificate_file",
    "solve": "milp.solving",
    "verify": "milp.verifier",
    "write_certificate": "milp.certificate_file",
}

__all__ = [
    "Certificate",
    "Formulation",
    "League",
    "Progress",
    "Result",
    "Status",
    "Step",
    "Verdict",
    "ask",
    "bound",
    "export",
    "formulate",
    "lexicographic",
    "minimize",
    "read_certificate",
    "run_league",
    "solve",
    "verify",
    "write_certificate",
]


def __getattr__(name: str) -> Any:
    # Solvers are imported when they are used, so that the verifier never loads one.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'milp' has no attribute {name!r}")
