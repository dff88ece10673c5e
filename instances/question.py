"""A question about an instance: the same requests and machine, another aim or other limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from instances.instance import Instance
from instances.named_limits import LimitName, limit_name, limited, named_limits
from instances.objective import Minimized


@dataclass(frozen=True)
class Question:
    """What differs from the instance as its file says.

    Parameters
    ----------
    minimize
        What to minimise; None for what the instance does.
    limits
        Limits by name with their new values; None for limits that do not hold.
    """

    minimize: Minimized | None = None
    limits: Mapping[LimitName, Fraction | None] = field(default_factory=dict)

    @classmethod
    def named(
        cls,
        minimize: Minimized | None = None,
        limits: Mapping[str, Fraction | int | str | None] | None = None,
    ) -> Question:
        """Return the question whose limits have names such as ``p95:0`` and values such as ``"3/2"``.

        Raises
        ------
        InputError
            If a name is none.
        ValueError
            If a value is no number.
        """
        values = {} if limits is None else limits
        named = {limit_name(name): None if v is None else Fraction(v) for name, v in values.items()}
        return cls(minimize, named)

    @property
    def is_own(self) -> bool:
        """Whether it is the question that the instance itself asks."""
        return self.minimize is None and not self.limits

    def about(self, instance: Instance) -> Instance:
        """Return the instance that asks this question.

        Raises
        ------
        InputError
            If it names a stream that there is not, or a limit's value cannot be.
        """
        for name, value in self.limits.items():
            instance = limited(instance, name, value)
        return instance if self.minimize is None else replace(instance, minimize=self.minimize)


def question_between(instance: Instance, asked: Instance) -> Question:
    """Return the question that leads from an instance to one that differs in its aim and limits only."""
    own, other = named_limits(instance), named_limits(asked)
    changed: dict[LimitName, Fraction | None] = {
        name: other.get(name) for name in (*own, *other) if own.get(name) != other.get(name)
    }
    return Question(None if asked.minimize == instance.minimize else asked.minimize, changed)
