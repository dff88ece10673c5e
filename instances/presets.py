"""Named machines: the reference problems and the two machines that real engines have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from instances.cost import CostModel, CountCost, Monomial, Phases, TimeModel
from instances.errors import InputError
from instances.instance import ShapeKeys
from instances.shapes import RunRules, ShapeSpace, Sizes

HIDDEN = 4096
"""Hidden size h of the static-graph cost model."""


def _static_graph(prompt: int, gen: int | None) -> dict[str, Any]:
    """Describe the machine of the public benchmark "LLM inference batching scheduler"."""
    if gen is not None:
        raise InputError("a prompt granularity alone, such as 64", f"{prompt}x{gen}", field="granularity")
    half, zero = Fraction(HIDDEN, 2), Fraction(0)
    return {
        "shapes": ShapeSpace(Sizes(prompt)),
        "cost": CostModel(
            work=Phases(prefill=(Fraction(2), Fraction(HIDDEN), zero), decode=(Fraction(1), half, zero)),
            batch=Fraction(10_000_000),
            compile=(Monomial(Fraction(500), prompt=2), Monomial(Fraction(2 * HIDDEN), prompt=1)),
        ),
        "time": TimeModel(
            work=Phases(
                prefill=(Fraction("0.002"), Fraction("0.0015") * HIDDEN, zero),
                decode=(Fraction("0.0012"), Fraction("0.0006") * HIDDEN, zero),
            ),
            batch=Fraction(8),
            cold_start=Fraction(1500),
        ),
        "shape_keys": ShapeKeys(
            prompt="seq_align", constants=(("heads_align", 32), ("hidden_align", HIDDEN))
        ),
    }


def _honest_static_graph(prompt: int, gen: int | None) -> dict[str, Any]:
    """Describe the static-graph machine whose prefill and decode run at the compiled prompt."""
    runs = RunRules(prefill_at="shape", decode_at="shape", gen_at="batch")
    return {**_static_graph(prompt, gen), "runs": runs}


def _padded_batch(prompt: int, gen: int | None) -> dict[str, Any]:
    """Describe the honest static-graph machine whose batch size is compiled and paid for in full."""
    machine = _honest_static_graph(prompt, gen)
    sizes = Sizes(values=(1, 2, 4, 8, 16, 32))
    machine["shapes"] = replace(machine["shapes"], batch=sizes)
    machine["runs"] = replace(machine["runs"], batch_at="shape")
    return machine


def _token(prompt: int, gen: int | None) -> dict[str, Any]:
    """Describe the machine where each request pays all tokens of its shape; one time unit a token."""
    one, zero = Fraction(1), Fraction(0)
    tokens = Phases(prefill=(zero, one, zero), decode=(zero, zero, one))
    return {
        "shapes": ShapeSpace(Sizes(prompt), Sizes(64 if gen is None else gen)),
        "cost": CostModel(work=tokens),
        "time": TimeModel(work=tokens),
        "runs": RunRules(prefill_at="shape", decode_at="shape", gen_at="shape"),
        "pad_over": "padded",
    }


PRESETS: dict[str, Callable[[int, int | None], dict[str, Any]]] = {
    "static-graph": _static_graph,
    "honest-static-graph": _honest_static_graph,
    "padded-batch": _padded_batch,
    "token": _token,
}
"""Preset name to a function of the prompt and the gen granularity."""


def preset(
    name: str, granularity: tuple[int, int | None] = (64, None), count_cost: Fraction = Fraction(0)
) -> dict[str, Any]:
    """Return the keyword arguments of `Instance` that describe a machine.

    Parameters
    ----------
    name
        A key of `PRESETS`.
    granularity
        Prompt and, where gen is compiled, gen granularity in tokens.
    count_cost
        c of the cost c·n² of n shapes.

    Raises
    ------
    InputError
        If there is no such preset, or the granularity does not suit it.
    """
    if name not in PRESETS:
        raise InputError(f"one of {', '.join(PRESETS)}", name, field="preset")
    machine = PRESETS[name](*granularity)
    machine["cost"] = replace(machine["cost"], count=CountCost(count_cost))
    return machine
