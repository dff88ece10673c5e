"""The schedule backwards in time as a path, and what a price on every request makes of its length.

A *path* starts after the last round with nothing running and walks back to the beginning. It passes through
layers, each of which holds states:

* **late** layers q = 0 … n: all rounds after round T (`Groups.settled`), of which only the number q of
requests
  that complete later is known. One round back costs q, as so many requests are not complete yet; the
  completion of a request leads to layer q + 1 and costs nothing.
* **early** layers t = T … 0: round t itself. A completion costs t and stays in the layer; one round back
  leads to layer t − 1 and is free.

From late layer q a path may pass to early layer T for q · T. It ends in layer 0 with nothing running. Its
length, less Σ arrival, is the total latency. A path need not be a schedule: it may complete requests more or
less often than once. Each completion earns the price of its request; so for *all* prices

    Σ count · price − Σ arrival + (length of the shortest path)  ≤  total latency of every schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from milp.hindsight.rounds.groups import Groups
from milp.hindsight.rounds.problem import Ints
from milp.hindsight.rounds.states import States

FAR = 2**60
"""Length of a path that does not exist; real lengths stay below 2^58 (see `Backward`)."""


class TooLarge(ValueError):
    """Numbers for which int64 is not proven to be exact."""


@dataclass(frozen=True, eq=False)
class Counters:
    """The lengths whose completions are counted, so that no path has one of their requests twice.

    A *key* holds a state and the counts: ``state + states · Σ count_i · radix_i``. Counters are added at the
    high end, so a key taken modulo `keys` of fewer counters is the key for those.

    Parameters
    ----------
    states
        Number of states.
    lengths
        The lengths that are counted.
    radix
        Weight of the count in a key, in units of `states`, 0 where nothing is counted, shape (lengths,).
    keys
        Number of different keys.
    """

    states: int
    lengths: tuple[int, ...]
    radix: Ints
    keys: int


def counters(groups: Groups, states: States, lengths: tuple[int, ...]) -> Counters:
    """Return counters for these lengths, the first of them at the low end.

    Raises
    ------
    TooLarge
        If keys do not fit into 62 bits.
    """
    radix = np.zeros(len(groups.size), dtype=np.int64)
    code = 1
    for length in lengths:
        radix[length] = code
        code *= int(groups.size[length]) + 1
        if code * states.number >= 2**62:
            raise TooLarge("so many counters do not fit into 62 bits")
    return Counters(states.number, lengths, radix, code * states.number)


@dataclass(frozen=True, eq=False)
class Additions:
    """Requests that may complete in given states: one row each.

    Parameters
    ----------
    origin
        Row of the key that is added to.
    key
        Key afterwards.
    price
        What the completion earns.
    group
        Group of the request.
    """

    origin: Ints
    key: Ints
    price: Ints
    group: Ints


@dataclass(frozen=True, eq=False)
class Backward:
    """The layers of paths under given prices; all lengths are integers in units of 1/denominator rounds.

    Parameters
    ----------
    groups, states
        What is to run, and what can run together.
    price
        Price of each group, times `denominator`, shape (groups,).
    denominator
        Common denominator of the prices.

    Raises
    ------
    TooLarge
        If a path's length could reach 2^58: then int64 would not be proven exact.
    """

    groups: Groups
    states: States
    price: Ints
    denominator: int

    def __post_init__(self) -> None:
        # A late path has at most n · max(gen) rounds of cost n; an early round has at most max(parts)
        # completions.
        n, settled = self.groups.requests, self.groups.settled
        completions = n + settled * int(self.states.parts.max())
        price = max(map(abs, self.price.tolist()))
        late = n * (n + 1) * int(self.groups.gen.max()) + n * settled
        if late * self.denominator + completions * (price + settled * self.denominator) >= 2**58:
            raise TooLarge("paths may be longer than 2^58: the proof would need more than 64 bits")

    @cached_property
    def first_early(self) -> int:
        """Number of the early layer T; layer n + 1 + T − t is round t, the last one is round 0."""
        return self.groups.requests + 1

    @cached_property
    def layers(self) -> int:
        """Number of layers."""
        return self.first_early + self.groups.settled + 1

    def round_of(self, layer: int) -> int:
        """Return the round of an early layer; late layers are all T + 1, which stands for any later round."""
        late = layer < self.first_early
        return self.groups.settled + 1 if late else self.groups.settled - (layer - self.first_early)

    @property
    def constant(self) -> int:
        """Σ count · price."""
        return int((self.groups.count * self.price).sum())

    def switch_cost(self, layer: int) -> int | None:
        """Return the cost of the way from late layer q to early layer T, or None if there is none.

        If T = 0, all requests must be complete at the way's end, so there is none from q < n.
        """
        if self.groups.settled == 0 and layer < self.groups.requests:
            return None
        return layer * self.groups.settled * self.denominator

    @cached_property
    def best(self) -> tuple[Ints, Ints]:
        """Highest price of a length's requests that may complete in round t, and its group.

        Shape (T + 2, lengths) both. −FAR where there is none; row T + 1 stands for all later rounds.
        """
        groups = self.groups
        price = np.full((groups.settled + 2, len(groups.size)), -FAR, dtype=np.int64)
        which = np.zeros_like(price)
        for row in range(len(groups.count)):
            length = groups.length[row]
            earliest = groups.arrival[row] + groups.gen[length]
            better = np.arange(groups.settled + 2) >= min(int(earliest), groups.settled + 1)
            better &= self.price[row] > price[:, length]
            price[better, length], which[better, length] = self.price[row], row
        return price, which

    @cached_property
    def due(self) -> Ints:
        """Number of requests per length that cannot complete up to round t, shape (T + 1, lengths)."""
        groups = self.groups
        number = np.zeros((groups.settled + 1, len(groups.size)), dtype=np.int64)
        for row, length in enumerate(groups.length.tolist()):
            earliest = int(groups.arrival[row] + groups.gen[length])
            number[:earliest, length] += groups.count[row]
        return number

    @cached_property
    def nth(self) -> Ints:
        """Group of each length's n-th request from the last, shape (lengths, most requests)."""
        most = int(self.groups.size.max())
        return np.array([np.pad(column, (0, most - len(column)), mode="edge") for column in self.groups.nth])

    def additions(self, layer: int, counts: Counters, keys: Ints) -> Additions:
        """Return what may complete in states of a layer.

        Where a length is counted, the requests of that length are taken in one order, the last to arrive
        first: exchanging requests of equal length changes neither what is held nor the total latency.
        """
        groups, round_ = self.groups, self.round_of(layer)
        state = keys % counts.states
        target = self.states.added[:, state]
        length, origin = np.nonzero(target >= 0)
        price, group = self.best[0][round_][length], self.best[1][round_][length]
        radix = counts.radix[length]
        counted = radix > 0
        used = keys[origin] // counts.states // np.maximum(radix, 1) % (groups.size[length] + 1)
        fits = ~counted | (used < groups.size[length])
        used = np.minimum(used, groups.size[length] - 1)
        group = np.where(counted, self.nth[length, used], group)
        price = np.where(counted, self.price[group], price)
        # In late layers every request has arrived in time: row T + 1 is at least any arrival + gen.
        arrived = groups.arrival[group] + groups.gen[length] <= round_
        fits &= (price > -FAR) & (arrived | (layer < self.first_early))
        key = keys[origin] - state[origin] + target[length, origin] + radix * counts.states
        return Additions(origin[fits], key[fits], price[fits], group[fits])

    def in_time(self, layer: int, counts: Counters, keys: Ints) -> npt.NDArray[np.bool_]:
        """Return which keys of an early layer have counted all that must be complete one round earlier.

        A request whose arrival + gen is this round cannot complete before it.
        """
        round_, size = self.round_of(layer), self.groups.size
        due = self.due[round_ - 1]
        done = np.ones(len(keys), dtype=np.bool_)
        for length in counts.lengths:
            # What was due a round later has been looked at there.
            if due[length] > self.due[round_, length]:
                used = keys // (counts.states * counts.radix[length]) % (size[length] + 1)
                done &= used >= due[length]
        return done

    def one_back(self, counts: Counters, keys: Ints) -> Ints:
        """Return the keys one round earlier."""
        state = keys % counts.states
        return keys - state + self.states.back[state]
