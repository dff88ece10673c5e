"""The league over the bundled instances and the public benchmark, as files below ``results/``."""

from __future__ import annotations

import argparse
from dataclasses import replace

from benchmarks.machine import machine
from instances import catalog, read
from instances.convert import convert
from instances.instance import Instance
from milp.cli.league_tables import markdown_page, summary_markdown
from milp.league import League, LeagueProgress, Rules, run_league
from milp.league.frame import write_csv
from milp.league.summary import summaries
from milp.plots.league import draw

PACKAGES = ("batchproof", "ortools", "highspy", "numpy")

PUBLIC = "terminal-bench"
"""Folder, format and instance name of the public benchmark."""

METHOD = (
    "Heuristics ran in a process of their own. A gap is (cost − certified lower bound) / cost, both exact; "
    "the bound is that of one search per instance, which starts from the best plan of all others and ends "
    "with the plan `exact`. `exact-stream-by-stream` solves the streams one after the other, each alone, "
    "where there are several. Only plans within limits have a gap: others may cost less than any plan that "
    "keeps to them. Where `exact` has a gap itself, no plan need be as far from the optimum as its gap says. "
    "Means are over the instances where a contender has a gap, and those that are certified "
    "infeasible are left out."
)


def write_tables(given: argparse.Namespace) -> None:
    """Play the league and write the table, all rows as CSV, and the pictures."""
    families = _families(given)
    rules = Rules(time_limit=given.time_limit, heuristic_limit=given.heuristic_limit)
    league = run_league(
        [instance for family in families.values() for instance in family],
        rules=rules,
        progress=_Told().tell,
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(_page(league, families, given), encoding="utf-8")
    write_csv(league, given.out.with_suffix(".csv"))
    draw(league, given.out.with_suffix(".png"))
    public = _part(league, families.get(PUBLIC, []))
    if public.standings:
        draw(public, given.out.with_name(f"{given.out.stem}-{PUBLIC}.png"))


def _families(given: argparse.Namespace) -> dict[str, list[Instance]]:
    """Return the instances by family, the public benchmark being one of its own."""
    families: dict[str, list[Instance]] = {}
    if given.data is not None and (given.data / PUBLIC).is_dir():
        made, _ = convert(given.data / PUBLIC, PUBLIC, "static-graph")
        families[PUBLIC] = [replace(made, name=PUBLIC)]
    for name in catalog.names():
        families.setdefault(name.split("/")[0], []).append(read(catalog.path(name)))
    wanted = given.only or list(families)
    return {name: family for name, family in families.items() if name in wanted}


def _part(league: League, instances: list[Instance]) -> League:
    names = {instance.name for instance in instances}
    return replace(league, standings=tuple(one for one in league.standings if one.instance.name in names))


def _page(league: League, families: dict[str, list[Instance]], given: argparse.Namespace) -> str:
    lines = [
        "# League of heuristics",
        "",
        f"Made by `python -m benchmarks.league` on {machine(PACKAGES)}, with {given.time_limit:g} s for each "
        f"bound and {given.heuristic_limit:g} s for each heuristic. {METHOD}",
        "",
        "## All instances",
        "",
        *summary_markdown(summaries(league)),
        "",
    ]
    for family, instances in families.items():
        part = _part(league, instances)
        if len(part.standings) == 1:
            # One instance has a page of its own, whose first line is another heading.
            lines += markdown_page(part).splitlines()[2:]
            lines.append("")
        elif part.standings:
            lines += [f"## Family {family}, {len(part.standings)} instances", "", *_told(part), ""]
    return "\n".join(lines)


def _told(part: League) -> list[str]:
    if all(one.infeasible and not any(row.within for row in one.rows) for one in part.standings):
        return ["All are certified infeasible, and no contender has a plan within limits."]
    return summary_markdown(summaries(part))


class _Told:
    """Prints every instance as it begins."""

    def __init__(self) -> None:
        self.instance = ""

    def tell(self, progress: LeagueProgress) -> None:
        """Print the instance if it is new."""
        if progress.instance != self.instance:
            self.instance = progress.instance
            print(f"{progress.seconds:8.1f} s  {progress.instance}", flush=True)
