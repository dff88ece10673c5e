"""What is minimised, between whole ticks and the value that people read."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from instances.instance import Instance
from instances.metrics import Evaluation


def value_at(instance: Instance, ticks: int) -> Fraction:
    """Return the value of so many ticks of what is minimised; it never falls in the ticks.

    A tick of the pad ratio is a padded token; fewer padded tokens than real ones give a value below 0.
    """
    if instance.minimize != "pad_ratio":
        return Fraction(ticks, instance.objective_scale)
    real = instance.real_tokens
    if instance.pad_over == "real":
        return Fraction(ticks - real, real)
    # Over all tokens the ratio has no least value: what is no plan's number of tokens is worth 0 at most.
    return Fraction(ticks - real, ticks) if ticks > real else Fraction(ticks - real, real)


def ticks_reaching(instance: Instance, value: Fraction) -> int | None:
    """Return the least whole number of ticks whose value is at least `value`; None if no number's is."""
    if instance.minimize != "pad_ratio":
        return ceil(value * instance.objective_scale)
    real = instance.real_tokens
    if instance.pad_over == "real" or value <= 0:
        return ceil(real * (1 + value))
    return None if value >= 1 else ceil(real / (1 - value))


def objective_value(instance: Instance, evaluation: Evaluation) -> Fraction | None:
    """Return what a plan has of what is minimised; None if its structure is broken."""
    total = evaluation.total
    return None if total is None else Fraction(getattr(total, instance.minimize))


def objective_ticks(instance: Instance, evaluation: Evaluation) -> int | None:
    """Return the same in ticks."""
    value = objective_value(instance, evaluation)
    return None if value is None else ticks_reaching(instance, value)
