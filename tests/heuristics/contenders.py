"""Heuristics that misbehave, importable by a child process."""

from __future__ import annotations

import os
import time

import heuristics
from heuristics import Uncoverable
from heuristics.one_shape import one_shape
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan


def sleeping(instance: Instance, groups: Groups) -> Plan:
    """Take far longer than any test waits."""
    time.sleep(600)
    return one_shape(instance, groups)


def failing(instance: Instance, groups: Groups) -> Plan:
    """Raise what no heuristic should."""
    raise ZeroDivisionError("division by zero")


def planless(instance: Instance, groups: Groups) -> Plan:
    """Have no plan."""
    raise Uncoverable("nothing covers this")


def dying(instance: Instance, groups: Groups) -> Plan:
    """Take the process down with it, as the kernel does when memory runs out."""
    os._exit(9)


def where(instance: Instance, groups: Groups) -> Plan:
    """Tell which package is the one imported."""
    raise RuntimeError(heuristics.__file__)
