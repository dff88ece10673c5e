"""Arguments and options that several commands share, and the types of their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from instances import Instance

CATALOG = "catalog:"


class LazyChoice(click.ParamType[str]):
    """One of a set of names that is loaded only when it is needed.

    Parameters
    ----------
    load
        Returns the names.
    """

    name = "name"

    def __init__(self, load: Callable[[], Iterable[str]]) -> None:
        self.load = load

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return `value` if it is one of the names."""
        names = list(self.load())
        if value not in names:
            self.fail(f"expected one of {', '.join(names)}, found {value}", param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names as help shows them."""
        return f"[{'|'.join(self.load())}]"


class Finite(click.FloatRange):
    """A float range that refuses nan and infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return `value` as a float."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"expected a finite number, found {value}", param, ctx)
        return number


class Rational(click.ParamType[Fraction]):
    """An exact number of at least 0: ``20000``, ``0.5``, ``1e3`` or ``1/3``."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Return `value` as a Fraction."""
        try:
            number = Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"expected a number such as 20000, 0.5 or 1/3, found {value}", param, ctx)
        if number < 0:
            self.fail(f"expected a number of at least 0, found {value}", param, ctx)
        return number


class Memory(click.ParamType[int]):
    """η in tokens, as ``100000``, or from memory, weights in GB and kB per token, as ``80,26,800``."""

    name = "memory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return `value` as tokens."""
        parts = [Rational().convert(part, param, ctx) for part in str(value).split(",")]
        if len(parts) == 1 and parts[0].denominator == 1 and parts[0] >= 1:
            return int(parts[0])
        if len(parts) != 3:
            self.fail(f"expected tokens as 100000, or GB,GB,kB as 80,26,800, found {value}", param, ctx)
        from instances.serving.memory import kv_tokens

        return kv_tokens(*parts)


class Granularity(click.ParamType[tuple[int, int | None]]):
    """``64``, or ``64x32`` for the prompt and the gen granularity."""

    name = "granularity"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Return `value` as (prompt, gen)."""
        from instances.convert import parse_granularity

        return parse_granularity(str(value))


class Metrics(click.ParamType[tuple[str, ...]]):
    """Metrics to minimise, in the order of their importance: ``total_time`` or ``shapes,p95,cost``."""

    name = "metrics"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return `value` as names, each once."""
        from instances import InputError
        from instances.objective import refuse_unknown_metric

        names = tuple(str(value).split(","))
        if len(set(names)) < len(names):
            self.fail(f"expected each metric once, found {value}", param, ctx)
        try:
            for name in names:
                refuse_unknown_metric(name)
        except InputError as error:
            self.fail(str(error), param, ctx)
        return names


INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)

instance_argument = click.argument("instance", metavar="INSTANCE")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
output_option = click.option(
    "-o", "--output", required=True, type=OUTPUT_FILE, help="File to write; replaced if it exists."
)
granularity_option = click.option(
    "--granularity",
    type=Granularity(),
    default="64",
    show_default=True,
    help="Step of the compiled prompt sizes, or prompt x gen (64x32) where gen is compiled.",
)
count_cost_option = click.option(
    "--count-cost", type=Rational(), default="0", show_default=True, help="Cost c of c·n² for n shapes."
)
max_shapes_option = click.option(
    "--max-shapes", type=click.IntRange(min=1), help="Most shapes that a plan may use."
)
minimize_option = click.option(
    "--minimize",
    type=Metrics(),
    metavar="METRIC[,METRIC…]",
    help="cost, pad_ratio, total_time, batches, shapes or a percentile such as p95; several in the order of "
    "their importance. The default is the instance's own.",
)
time_limit_option = click.option(
    "--time-limit",
    type=Finite(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop the search after this time.",
)
gap_option = click.option(
    "--gap",
    type=Finite(min=0, max=1),
    default=0.0,
    show_default=True,
    help="Stop once (cost - certified bound) / cost is at most this.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Threads of the engine."
)
seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of every random choice."
)


def load_instance(name: str) -> Instance:
    """Read an instance from a file, or from the catalog by its name, with or without ``catalog:``."""
    from instances import InputError, catalog, read

    known = name.removeprefix(CATALOG)
    if not name.startswith(CATALOG) and Path(name).exists():
        return read(Path(name))
    if known in catalog.names():
        return read(catalog.path(known))
    if name.startswith(CATALOG):
        raise InputError("a bundled instance (`batchproof catalog` lists them)", known)
    raise InputError("an instance file or the name of a bundled instance", name)


def require_engine(name: str) -> None:
    """Refuse an engine that is not at hand."""
    from instances import InputError
    from milp import engines

    if name not in engines.available():
        raise InputError(f"one of {', '.join(engines.available())}", name, field="--engine")


def preset_names() -> Iterable[str]:
    """Return the names of the machines."""
    from instances.presets import PRESETS

    return PRESETS


def preset_option(**settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that names the machine."""
    return click.option(
        "--preset",
        type=LazyChoice(preset_names),
        help="Machine: what is compiled, costs and times.",
        **settings,
    )
