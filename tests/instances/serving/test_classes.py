"""Drawn priority classes."""

from __future__ import annotations

import numpy as np
import pytest

from instances.errors import InputError
from instances.serving.classes import draw_classes


def test_classes_have_their_shares() -> None:
    """Of many requests, each class has its share; a class of share 0 has none."""
    counts = np.bincount(draw_classes(100_000, 3), minlength=3)
    assert np.abs(counts / 100_000 - [0.2, 0.3, 0.5]).max() < 0.01
    assert set(draw_classes(1000, 0, (1, 0, 1)).tolist()) == {0, 2}


def test_a_seed_says_it_all() -> None:
    """The same seed gives the same classes for as many as are asked for; another seed gives others."""
    assert draw_classes(1000, 5)[:300].tolist() == draw_classes(300, 5).tolist()
    assert draw_classes(1000, 5).tolist() != draw_classes(1000, 6).tolist()


def test_the_numbers_of_a_seed_stay() -> None:
    """The first classes of seed 0, so that results can be repeated anywhere."""
    assert draw_classes(12, 0).tolist() == [1, 2, 2, 2, 1, 1, 1, 2, 1, 2, 2, 0]


@pytest.mark.parametrize("shares", [(), (0, 0), (1, -1)])
def test_shares_that_mean_nothing(shares: tuple[int, ...]) -> None:
    """Shares below 0, or none above, are refused."""
    with pytest.raises(InputError, match="shares"):
        draw_classes(3, 0, shares)
