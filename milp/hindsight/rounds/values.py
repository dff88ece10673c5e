"""Shortest paths from every state to the beginning, nothing counted: the Lagrangian bound of given prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.hindsight.rounds.backward import FAR, Backward
from milp.hindsight.rounds.problem import Ints


@dataclass(frozen=True, eq=False)
class PlainValues:
    """Length of the shortest path from each state of each layer, times the denominator.

    Parameters
    ----------
    layers
        Shape (layers, states).
    """

    layers: Ints

    def at(self, layer: int, keys: Ints) -> Ints:
        """Return the values of keys; counts are ignored, which makes them lower bounds."""
        values: Ints = self.layers[layer][keys % self.layers.shape[1]]
        return values

    @property
    def whole(self) -> int:
        """Length of the shortest path."""
        return int(self.layers[0, 0])


def plain_values(program: Backward) -> PlainValues:
    """Return the shortest paths from all states.

    Notes
    -----
    With g(q, λ) for late and h(t, λ) for early layers, in units of rounds and with λ − 1 for one round back:

        h(t, λ) = min( h(t − 1, λ − 1),  min over lengths j of  t − price_j(t) + h(t, λ + j) )
        g(q, λ) = min( q T + h(T, λ),  q + g(q, λ − 1),  min over lengths j of  g(q + 1, λ + j) − price_j )
    """
    values = np.full((program.layers, program.states.number), FAR, dtype=np.int64)
    values[-1, 0] = 0
    _early(program, values)
    _late(program, values)
    return PlainValues(values)


def _early(program: Backward, values: Ints) -> None:
    price = program.best[0]
    for layer in range(program.layers - 2, program.first_early - 1, -1):
        round_ = program.round_of(layer)
        here = values[layer]
        here[:] = values[layer + 1][program.states.back]
        # Completions of one round commute, so each length in turn is enough: once, twice, … as often as it
        # fits.
        for targets, earned in zip(program.states.repeated, price[round_].tolist(), strict=True):
            if earned == -FAR:
                continue
            cost = round_ * program.denominator - earned
            for target in targets:
                some = here[: len(target)]
                np.minimum(some, here[target] + cost, out=some)


def _late(program: Backward, values: Ints) -> None:
    states, price = program.states, program.best[0][-1].tolist()
    for layer in range(program.groups.requests, -1, -1):
        here, switch = values[layer], program.switch_cost(layer)
        if switch is not None:
            here[:] = values[program.first_early] + switch
        if layer < program.groups.requests:
            for target, earned in zip(states.fitting, price, strict=True):
                room = here[: len(target)]
                np.minimum(room, values[layer + 1][target] - earned, out=room)
        for power, jump in enumerate(states.jumps):
            np.minimum(here, here[jump] + 2**power * layer * program.denominator, out=here)
