"""Configurations: which rule cuts prompts, which cuts gens, and into how many cells."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal

import msgspec

from heuristics.cells import cells_plan
from heuristics.fixed_step import equal_steps
from heuristics.lloyd_max import quantiser
from heuristics.numbers import NUMBERS, Cells, Cut, number_counts, useful
from heuristics.partition.least import least_padding
from heuristics.percentiles import equal_mass
from instances.groups import Groups
from instances.instance import Instance
from instances.plan import Plan

RuleName = Literal["one", "steps", "percentiles", "lloyd-max", "least-padding"]
Number = Annotated[int, msgspec.Meta(ge=1, le=10**6)]

RULES: Mapping[RuleName, Cut] = {
    "steps": equal_steps,
    "percentiles": equal_mass,
    "lloyd-max": quantiser,
    "least-padding": least_padding,
}
"""The rules by the names that configurations and logs know them by."""

ONE: RuleName = "one"
"""What every rule is called that makes a single cell: they are all the same."""


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One point of a grid.

    Parameters
    ----------
    prompt_rule, gen_rule
        Names of `RULES`, or `ONE`.
    prompts, gens
        Most cells; of each stream where streams are cut apart.
    """

    prompt_rule: RuleName
    prompts: Number
    gen_rule: RuleName
    gens: Number


class Planner:
    """Makes the plans of configurations."""

    def __init__(self, instance: Instance, groups: Groups) -> None:
        self.instance, self.groups = instance, groups
        self.prompt, self.gen = Cells(groups, groups.prompt), Cells(groups, groups.gen)
        self.prompts, self.gens = number_counts(instance)

    def plan(self, chosen: Configuration) -> Plan:
        """Return the plan of a configuration.

        Raises
        ------
        Uncoverable
            If some request fits no allowed shape, or a batch has no room for it.
        """
        prompt = self.prompt.ends(_rule(chosen.prompt_rule), (chosen.prompts,) * self.prompts)
        gen = self.gen.ends(_rule(chosen.gen_rule), (chosen.gens,) * self.gens)
        return cells_plan(self.instance, self.groups, prompt, gen)


def _rule(name: RuleName) -> Cut:
    return RULES["percentiles" if name == ONE else name]


@dataclass(frozen=True)
class Grid:
    """Every combination of a rule and a number for prompts with a rule and a number for gens.

    Parameters
    ----------
    prompt_rules, gen_rules
        Names of `RULES`.
    prompts, gens
        Numbers of cells.
    """

    prompt_rules: tuple[RuleName, ...]
    prompts: tuple[int, ...]
    gen_rules: tuple[RuleName, ...]
    gens: tuple[int, ...]

    def configurations(self, groups: Groups) -> tuple[Configuration, ...]:
        """Return the configurations, each once, in a fixed order that mixes them.

        A search that is cut off has then seen something of every part of the grid. Numbers beyond the first
        one that gives each length a cell of its own are left out: they change nothing.
        """
        prompts, gens = useful(self.prompts, groups.prompt), useful(self.gens, groups.gen)
        pairs = product(_axis(self.prompt_rules, prompts), _axis(self.gen_rules, gens))
        distinct = list(dict.fromkeys(Configuration(*prompt, *gen) for prompt, gen in pairs))
        random.Random(0).shuffle(distinct)
        return tuple(distinct)


def _axis(rules: tuple[RuleName, ...], numbers: tuple[int, ...]) -> Iterator[tuple[RuleName, int]]:
    for rule, number in product(rules, numbers):
        yield (ONE if number == 1 else rule), number


SMALL = Grid(
    ("percentiles", "least-padding"), (1, 2, 4, 8, 16), ("steps", "least-padding"), (1, 4, 8, 16, 32, 64)
)
"""About a hundred configurations: a second or two."""

FULL = Grid(tuple(RULES), NUMBERS, tuple(RULES), NUMBERS)
"""Some thousand configurations."""
