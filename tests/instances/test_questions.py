"""Limits by name and questions: what is changed is changed, what is not stays, and both lead back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from instances import InputError, digest, read, write
from instances.named_limits import LimitName, limit_name, limited, named_limits, without_limits
from instances.objective import MINIMIZED
from instances.question import question_between
from tests.strategies import random_instance

LIMITED = [
    instance for seed in range(60) if len(named_limits(instance := random_instance(seed, requests=4))) > 2
]


def test_there_are_instances_with_several_limits() -> None:
    """What follows would prove nothing without."""
    assert len(LIMITED) > 5


@pytest.mark.parametrize("instance", LIMITED, ids=lambda instance: instance.name)
def test_dropping_limits_one_by_one_leaves_none(instance) -> None:  # type: ignore[no-untyped-def]
    """Each call removes just the limit that it names, and all of them make another problem."""
    rest = dict(named_limits(instance))
    changed = instance
    for name in named_limits(instance):
        changed = limited(changed, name, None)
        del rest[name]
        assert named_limits(changed) == rest
    assert named_limits(without_limits(instance)) == {}
    assert digest(changed) != digest(instance)


@pytest.mark.parametrize("instance", LIMITED, ids=lambda instance: instance.name)
def test_the_question_between_two_instances_leads_from_one_to_the_other(instance) -> None:  # type: ignore[no-untyped-def]
    """Applied to the one it gives the other, and names are texts that can be read back."""
    name, value = next(iter(named_limits(instance).items()))
    asked = replace(
        limited(limited(instance, name, value + 1), LimitName("batches"), Fraction(9)), minimize="shapes"
    )
    question = question_between(instance, asked)
    assert digest(question.about(instance)) == digest(asked)
    assert (
        {limit_name(str(one)) for one in question.limits}
        == set(question.limits)
        == {name, LimitName("batches")}
    )
    assert question_between(instance, instance).is_own


@pytest.mark.parametrize(
    "text",
    [
        "p95",
        "p0:0",
        "p101:all",
        "speed:0",
        "cost:-1",
        "cost:00",
        "cost:first",
        "",
        "max_shapes:",
        "max_shapes:0",
    ],
)
def test_what_names_no_limit_is_refused(text: str) -> None:
    """In one line that says what would."""
    with pytest.raises(InputError, match="p95:0"):
        limit_name(text)


def test_limits_of_streams_that_there_are_not_are_refused() -> None:
    """And so are fractions of batches."""
    instance = random_instance(1)
    with pytest.raises(InputError, match="a stream from 0"):
        limited(instance, LimitName("cost", 7), Fraction(1))
    with pytest.raises(InputError, match="a whole number"):
        limited(instance, LimitName("batches"), Fraction(1, 2))


@pytest.mark.parametrize("minimize", MINIMIZED)
def test_aim_and_batches_survive_the_file(minimize: str, tmp_path: Path) -> None:
    """What is written is read; the digest tells aims apart, and is the old one for the cost."""
    instance = random_instance(3)
    asked = replace(instance, minimize=minimize, limits=replace(instance.limits, batches=4))  # type: ignore[arg-type]
    write(asked, tmp_path / "i.json")
    again = read(tmp_path / "i.json")
    assert (again.minimize, again.limits.batches) == (minimize, 4)
    assert digest(again) == digest(asked)
    assert (digest(replace(instance, minimize=minimize)) == digest(instance)) == (minimize == "cost")  # type: ignore[arg-type]
