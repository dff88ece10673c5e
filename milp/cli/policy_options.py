"""Which scheduler runs, and how it is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from milp.cli import options
from milp.cli.collected import collected
from milp.cli.serving_options import Listed

if TYPE_CHECKING:
    from heuristics.schedulers.batches import BatchOptions
    from heuristics.schedulers.batches.controller import ControllerSettings
    from instances.serving import ServiceLevel
    from instances.serving.arrivals import Ints

EQUAL_MASS = "equal-mass"


class Edges(Listed):
    """Edges between bins, as ``64,256,1024``; a leading 0 may be written. Or ``equal-mass``."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """Return the inner edges; none stands for equal mass."""
        if value == EQUAL_MASS:
            return ()
        edges = super().convert(value, param, ctx)
        return edges[1:] if edges[:1] == (0,) else edges


def _predictors() -> Iterable[str]:
    from heuristics.schedulers.predictors import PREDICTORS

    return PREDICTORS


@dataclass(frozen=True)
class Prediction:
    """How gen lengths are predicted, as the command line says it."""

    predictor: str
    error: Fraction
    predicted_gen: int

    def of(self, gen: Ints, seed: int) -> Ints:
        """Return the predicted lengths: int64, shape of `gen`."""
        from heuristics.schedulers.predictors import predictor

        return predictor(self.predictor, error=self.error, gen=self.predicted_gen).predict(gen, seed)


prediction_options = collected(
    "prediction",
    Prediction,
    [
        click.option(
            "--predictor",
            type=options.LazyChoice(_predictors),
            default="oracle",
            show_default=True,
            help="What policies believe of gen lengths.",
        ),
        click.option(
            "--error",
            type=options.Rational(),
            default="0.2",
            show_default=True,
            help="Largest relative error of the noisy predictor.",
        ),
        click.option(
            "--predicted-gen",
            type=click.IntRange(min=1),
            default=256,
            show_default=True,
            help="Tokens that the constant predictor predicts.",
        ),
    ],
)


@dataclass(frozen=True)
class BatchPolicyChoice:
    """Settings of the policies of model A, as the command line says them."""

    batch_size: int
    edges: tuple[int, ...] | None
    bins: int | None
    choice: str
    window: int
    reserve: Fraction
    overflow: Fraction | None
    target: Fraction | None
    tolerance: Fraction | None
    width: int
    step: int
    min_batch: int
    feedback: str

    def options(self, promised: ServiceLevel | None) -> BatchOptions:
        """Return what the policies are told.

        Parameters
        ----------
        promised
            The service level, whose most urgent class is the target of batch sizes unless one is given.

        Raises
        ------
        InputError
            If a number is out of range.
        """
        from heuristics.schedulers.batches import BatchOptions
        from heuristics.schedulers.batches.memory import MemoryRule
        from heuristics.schedulers.batches.multi_bin import FIXED_EDGES
        from heuristics.schedulers.batches.sizing import Sizing

        if self.edges and self.bins is not None:
            raise click.UsageError("expected either --edges N,… or --bins for bins of equal mass")
        fixed = self.edges if self.edges is not None or self.bins is not None else FIXED_EDGES
        sizing = Sizing(MemoryRule(self.reserve, self.overflow), self._controller(promised), self.window)
        return BatchOptions(
            batch_size=self.batch_size,
            sizing=sizing,
            edges=fixed or None,
            bins=4 if self.bins is None else self.bins,
            choice="round-robin" if self.choice == "round-robin" else "longest-queue",
        )

    def _controller(self, promised: ServiceLevel | None) -> ControllerSettings | None:
        from heuristics.schedulers.batches.controller import ControllerSettings
        from instances.serving.clock import NS_PER_MS

        if self.target is not None:
            target = int(self.target * NS_PER_MS)
        elif promised is not None:
            target = min(promised.latency)
        else:
            return None
        return ControllerSettings(
            target=target,
            tolerance=target // 20 if self.tolerance is None else int(self.tolerance * NS_PER_MS),
            width=self.width,
            step=self.step,
            least=self.min_batch,
            feedback="service" if self.feedback == "service" else "latency",
        )


batch_policy_options = collected(
    "choice",
    BatchPolicyChoice,
    [
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            default=8,
            show_default=True,
            help="Requests of a full batch under static-fifo.",
        ),
        click.option(
            "--edges",
            type=Edges(click.IntRange(min=0)),
            metavar=f"N[,N…]|{EQUAL_MASS}",
            help="Predicted gen lengths at which the next bin begins.  [default: 64,256,1024]",
        ),
        click.option("--bins", type=click.IntRange(min=1), help="Number of bins of equal mass."),
        click.option(
            "--bin-choice",
            "choice",
            type=click.Choice(["round-robin", "longest-queue"]),
            default="round-robin",
            show_default=True,
            help="Which bin a free device serves.",
        ),
        click.option(
            "--window",
            type=click.IntRange(min=1, max=10_000),
            default=64,
            show_default=True,
            help="Finished batches that running means are over.",
        ),
        click.option(
            "--reserve",
            type=options.Rational(),
            default="0.1",
            show_default=True,
            help="Share of the memory that dynamic batch sizes leave free.",
        ),
        click.option(
            "--overflow",
            type=options.Rational(),
            help="Leave room for the spread of the lengths instead: probability of an overflow.",
        ),
        click.option(
            "--target",
            type=options.Rational(),
            help="ms that dynamic batch sizes aim at.  [default: the least of --sla]",
        ),
        click.option(
            "--tolerance", type=options.Rational(), help="ms around it.  [default: a twentieth of it]"
        ),
        click.option(
            "--width",
            type=click.IntRange(min=1),
            default=4,
            show_default=True,
            help="Least width of the interval of batch sizes.",
        ),
        click.option(
            "--step",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Requests that its other end moves by.",
        ),
        click.option(
            "--min-batch",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Least dynamic batch size.",
        ),
        click.option(
            "--feedback",
            type=click.Choice(["service", "latency"]),
            default="service",
            show_default=True,
            help="What is to meet the target: device time of the batch, or completion − arrival.",
        ),
    ],
)
