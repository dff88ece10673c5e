"""Rules that cut lengths into cells, and the plans made of cells."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heuristics
from heuristics.cells import cells_plan
from heuristics.fixed_step import equal_steps
from heuristics.lloyd_max import quantiser
from heuristics.numbers import Cut, useful
from heuristics.partition.least import least_padding
from heuristics.percentiles import equal_mass
from instances.demand import Demand
from instances.groups import form_groups
from instances.instance import Instance, Stream
from instances.metrics import evaluate
from instances.presets import preset
from tests.heuristics.small import random_instance

CUTS = {"steps": equal_steps, "percentiles": equal_mass, "lloyd-max": quantiser, "least": least_padding}
HISTOGRAMS = st.dictionaries(st.integers(1, 3000), st.integers(1, 10**15), min_size=1, max_size=40)


def columns(histogram: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return lengths in ascending order and their counts."""
    lengths = np.asarray(sorted(histogram), dtype=np.int64)
    return lengths, np.asarray([histogram[length] for length in lengths.tolist()], dtype=np.int64)


def padding(lengths: np.ndarray, count: np.ndarray, ends: np.ndarray) -> int:
    """Return the padding of lengths that are rounded up to the ends of cells."""
    each = ends[np.searchsorted(ends, lengths)] - lengths
    return sum(tokens * n for tokens, n in zip(each.tolist(), count.tolist(), strict=True))


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@settings(max_examples=30)
@given(histogram=HISTOGRAMS, number=st.integers(1, 50))
def test_cells_cover_all_lengths(cut: Cut, histogram: dict[int, int], number: int) -> None:
    """Ends ascend, are as many as asked for at most, and reach the longest length."""
    lengths, count = columns(histogram)
    ends = cut(lengths, count, number)
    assert (np.diff(ends) > 0).all()
    assert len(ends) <= number
    assert ends[-1] >= lengths[-1]


@settings(max_examples=30)
@given(histogram=HISTOGRAMS, number=st.integers(1, 12))
def test_the_optimum_the_quantiser_and_percentiles_come_in_this_order(
    histogram: dict[int, int], number: int
) -> None:
    """The quantiser starts at percentiles and only improves; the optimal partition is at least as good."""
    lengths, count = columns(histogram)
    best, near, start = (
        padding(lengths, count, cut(lengths, count, number)) for cut in (least_padding, quantiser, equal_mass)
    )
    assert best <= near <= start


@settings(max_examples=30)
@given(histogram=HISTOGRAMS, number=st.integers(2, 8))
def test_no_level_of_the_quantiser_can_be_moved(histogram: dict[int, int], number: int) -> None:
    """Every level is the best between its neighbours: the condition at which Lloyd's steps end."""
    lengths, count = columns(histogram)
    ends = quantiser(lengths, count, number)
    reached = padding(lengths, count, ends)
    for place in range(len(ends) - 1):
        below = ends[place - 1] if place else 0
        for other in lengths[(lengths > below) & (lengths < ends[place + 1])].tolist():
            moved = ends.copy()
            moved[place] = other
            assert padding(lengths, count, moved) >= reached


def test_percentiles_hold_equal_mass() -> None:
    """Of 100 requests of different lengths, each of four cells holds 25."""
    lengths = np.arange(1, 101)
    assert equal_mass(lengths, np.ones_like(lengths), 4).tolist() == [25, 50, 75, 100]


def test_steps_are_multiples() -> None:
    """Four steps that reach 1,000 tokens are 250 wide."""
    assert equal_steps(np.asarray([7, 1000]), np.asarray([1, 1]), 4).tolist() == [250, 500, 750, 1000]


def test_useful_numbers_end_where_each_length_has_a_cell() -> None:
    """Five distinct lengths: eight cells change nothing that six do not."""
    assert useful((1, 2, 4, 6, 8, 16), np.asarray([3, 3, 5, 6, 7, 9])) == (1, 2, 4, 6)


@pytest.mark.parametrize("seed", range(60))
def test_cells_of_any_instance_make_a_sound_plan(seed: int) -> None:
    """Whatever is compiled and limited, a plan of cells breaks no structural rule, or there is a reason."""
    instance = random_instance(seed)
    groups = form_groups(instance)
    gen = -(-groups.gen // 7) * 7
    try:
        plan = cells_plan(instance, groups, -(-groups.prompt // 9) * 9, gen)
    except heuristics.Uncoverable:
        return
    assert not [v for v in evaluate(instance, plan, groups).violations if v.is_structural]


def test_one_shape_for_all_where_it_does_not_matter() -> None:
    """On the static-graph machine cells divide batches, and the stream declares a single shape."""
    demand = Demand.from_requests([10, 100, 500, 900], [5, 6, 7, 8])
    instance = Instance("i", (Stream("s", demand),), **preset("static-graph"))
    groups = form_groups(instance)
    plan = cells_plan(instance, groups, groups.prompt, np.full_like(groups.gen, 8))
    assert plan.batches == 4
    assert [shape.prompt for shape in plan.shapes] == [960]


def test_cheapest_batch_size_is_compiled() -> None:
    """Five equal requests, slots paid for, batches costly: five fit into 8 slots, which costs least."""
    demand = Demand.from_histogram([64], [10], [5])
    instance = Instance("i", (Stream("s", demand),), max_shapes=1, **preset("padded-batch"))
    groups = form_groups(instance)
    plan = cells_plan(instance, groups, groups.prompt, groups.gen)
    costs = {}
    for size in (1, 2, 4, 8, 16, 32):
        only = preset("padded-batch")
        shapes = only["shapes"]
        sizes = type(shapes.prompt)(values=(size,))
        chosen = {**only, "shapes": type(shapes)(shapes.prompt, shapes.gen, sizes)}
        alone = Instance("i", (Stream("s", demand),), max_shapes=1, **chosen)
        cost = evaluate(alone, cells_plan(alone, groups, groups.prompt, groups.gen)).cost
        costs[size] = Fraction(0) if cost is None else cost
    found = evaluate(instance, plan).cost
    assert found == min(costs.values())
