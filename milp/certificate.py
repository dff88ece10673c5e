"""A certificate: a plan, a tree of cases, and the prices that bound every case."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from instances.plan import Plan
from instances.question import Question
from milp.lagrangian.prices import Prices

Quantity = Literal["shapes", "shape", "batches", "requests"]


@dataclass(frozen=True)
class Split:
    """An inner node: plans in which a quantity is at most `at`, and those in which it is more.

    Parameters
    ----------
    on
        ``shapes``: the number of opened shapes. ``shape``: whether one shape is used (0 or 1). ``batches``:
        the number of batches of a type. ``requests``: requests of a group in batches of a type.
    of
        What the quantity belongs to: nothing; (P, G, B) of a shape; (stream, P, G, B, prompt bound, gen
        bound, stage) of a batch type; the same with the group's (prompt, gen) behind it.
    at
        Where it splits.
    low, high
        Node indices of the two cases; both are larger than the node's own.
    """

    on: Quantity
    of: tuple[int, ...]
    at: int
    low: int
    high: int


@dataclass(frozen=True)
class Leaf:
    """A case that the prices of this index bound."""

    prices: int


@dataclass(frozen=True, eq=False)
class Certificate:
    """Everything that a verifier needs beside the instance.

    Parameters
    ----------
    instance
        SHA-256 of the problem, hexadecimal.
    cost_scale, time_scale
        Ticks per cost unit and per millisecond.
    lower_bound
        Claimed lower bound on what the instance minimises, in its unit; None in a certificate of
        infeasibility.
    upper_bound
        What the plan has of it; None without a plan.
    plan
        The plan whose value is the upper bound.
    nodes
        The tree; node 0 is its root.
    prices
        Prices that leaves refer to.
    reduction
        Index of the prices that show which pairs no plan under the claimed bound can use; every leaf leaves
        these out of account. None for none.
    question
        What the certificate is about, in words: how its instance differs from the one whose file it goes
        with. The SHA-256 is that of the instance that asks the question.
    """

    instance: str
    cost_scale: int
    time_scale: int
    lower_bound: Fraction | None
    upper_bound: Fraction | None
    plan: Plan | None
    nodes: tuple[Split | Leaf, ...]
    prices: tuple[Prices, ...]
    reduction: int | None = None
    question: Question = Question()

    @property
    def claims_infeasible(self) -> bool:
        """Whether it claims that no plan meets all limits."""
        return self.lower_bound is None

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return sum(isinstance(node, Leaf) for node in self.nodes)
