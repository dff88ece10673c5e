"""The exact cost and time model: polynomials with rational coefficients, evaluated in whole ticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from instances.errors import InputError
from instances.exact import IntArray, magnitude, ticks, widened
from instances.shapes import Shape

ZERO = Fraction(0)
Triple = tuple[Fraction, Fraction, Fraction]


def _refuse_negative(values: Iterator[Fraction]) -> None:
    # Batch types rely on it: work that grows with every length makes tight bounds optimal.
    for value in values:
        if value.numerator < 0:
            raise InputError("a coefficient of at least 0", str(value))


@dataclass(frozen=True)
class Phases:
    """Work of one request: prefill of S tokens, then G decode steps at a prompt side of S tokens.

    ``prefill(S) = q2 S² + q1 S + q0`` and ``decode(S, G) = Σ_{t<G} (d2 (S+t)² + d1 (S+t) + d0)``.

    Parameters
    ----------
    prefill
        (q2, q1, q0), highest power first, each at least 0.
    decode
        (d2, d1, d0), highest power first, each at least 0.
    """

    prefill: Triple = (ZERO, ZERO, ZERO)
    decode: Triple = (ZERO, ZERO, ZERO)

    def __post_init__(self) -> None:
        _refuse_negative(self.coefficients())

    def coefficients(self) -> Iterator[Fraction]:
        """Yield all coefficients."""
        yield from self.prefill
        yield from self.decode

    def prefill_ticks(self, prompt: IntArray, scale: int) -> IntArray:
        """Return the prefill work of each prompt length, in ticks of 1/`scale`."""
        q2, q1, q0 = (ticks(q, scale) for q in self.prefill)
        top = max(1, magnitude(prompt))
        s = widened(prompt, q2 * top * top + q1 * top + q0)
        total: IntArray = (q2 * s + q1) * s + q0
        return total

    def decode_ticks(self, prompt: IntArray, gen: IntArray, scale: int) -> IntArray:
        """Return the decode work of each (prompt side, steps), in ticks of 1/`scale`.

        The sums over t are closed: Σ(S+t) = GS + G(G−1)/2 and Σ(S+t)² = GS² + SG(G−1) + G(G−1)(2G−1)/6.
        """
        d2, d1, d0 = (ticks(d, scale) for d in self.decode)
        top, steps = magnitude(prompt), magnitude(gen)
        reach = top + steps
        # Six times the largest term: numerators are formed before they are divided.
        bound = 6 * (d2 + 1) * (steps + 1) * (reach + 1) ** 2 + (d1 + d0) * (steps + 1) * (reach + 1)
        s, g = widened(prompt, bound), widened(gen, bound)
        linear = g * s + g * (g - 1) // 2
        square = g * s * s + s * g * (g - 1) + g * (g - 1) * (2 * g - 1) // 6
        total: IntArray = d2 * square + d1 * linear + d0 * g
        return total


@dataclass(frozen=True)
class Monomial:
    """One term of the compile cost: ``coefficient · P^prompt · G^gen · B^batch``."""

    coefficient: Fraction
    prompt: int = 0
    gen: int = 0
    batch: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(iter((self.coefficient,)))
        for power in (self.prompt, self.gen, self.batch):
            if not 0 <= power <= 4:
                raise InputError("a power from 0 to 4", power)

    def ticks(self, shape: Shape, scale: int) -> int:
        """Return the term's value for `shape`, in ticks of 1/`scale`."""
        powers: int = shape.prompt**self.prompt * shape.gen**self.gen * shape.batch**self.batch
        return ticks(self.coefficient, scale) * powers


@dataclass(frozen=True)
class CountCost:
    """Cost of the number of opened shapes: ``quadratic · n²``, or a table that never falls.

    Parameters
    ----------
    quadratic
        Cost units per squared shape.
    table
        Cost of 0, 1, 2, … shapes; more shapes than the table has are not allowed. It must not fall, since a
        falling one would reward shapes that nothing runs in.
    """

    quadratic: Fraction = ZERO
    table: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        _refuse_negative(self.coefficients())
        if self.table and self.quadratic:
            raise InputError("a quadratic or a table, not both", field="cost.count")
        if any(b < a for a, b in zip(self.table, self.table[1:], strict=False)):
            raise InputError("a table that never falls", field="cost.count.table")

    def coefficients(self) -> Iterator[Fraction]:
        """Yield all coefficients."""
        yield self.quadratic
        yield from self.table

    @property
    def most(self) -> int | None:
        """Most shapes that the table allows; None without a table."""
        return len(self.table) - 1 if self.table else None

    def ticks(self, shapes: int, scale: int) -> int:
        """Return the cost of `shapes` opened shapes, in ticks of 1/`scale`."""
        if self.table:
            return ticks(self.table[shapes], scale)
        return ticks(self.quadratic, scale) * shapes * shapes


@dataclass(frozen=True)
class CostModel:
    """What a plan costs, in cost units.

    Parameters
    ----------
    work
        Cost of the work of each request.
    batch
        Fixed cost of each batch.
    base
        Constant.
    compile
        Terms of the cost of each opened shape.
    compile_per
        Whether a shape's compile cost is paid by every stream that uses it, or once.
    count
        Cost of the number of opened shapes over all streams.
    """

    work: Phases = Phases()
    batch: Fraction = ZERO
    base: Fraction = ZERO
    compile: tuple[Monomial, ...] = ()
    compile_per: str = "stream"
    count: CountCost = CountCost()

    def __post_init__(self) -> None:
        _refuse_negative(iter((self.batch, self.base)))

    def coefficients(self) -> Iterator[Fraction]:
        """Yield all coefficients."""
        yield from self.work.coefficients()
        yield from (self.batch, self.base)
        yield from (term.coefficient for term in self.compile)
        yield from self.count.coefficients()

    def compile_ticks(self, shape: Shape, scale: int) -> int:
        """Return the compile cost of one shape, in ticks of 1/`scale`."""
        return sum(term.ticks(shape, scale) for term in self.compile)


@dataclass(frozen=True)
class TimeModel:
    """How long a request takes in its batch, in milliseconds.

    Parameters
    ----------
    work
        Time of the work of each request.
    batch
        Overhead on every request of a batch.
    cold_start
        Added once per opened shape and stream, to the first request, in plan order, of the first batch, by
        batch id, that uses the shape.
    """

    work: Phases = Phases()
    batch: Fraction = ZERO
    cold_start: Fraction = ZERO

    def __post_init__(self) -> None:
        _refuse_negative(iter((self.batch, self.cold_start)))

    def coefficients(self) -> Iterator[Fraction]:
        """Yield all coefficients."""
        yield from self.work.coefficients()
        yield from (self.batch, self.cold_start)
