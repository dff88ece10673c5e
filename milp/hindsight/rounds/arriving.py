"""Requests that arrive in time as requests that arrive in rounds."""

from __future__ import annotations

from instances.serving import Arrivals
from milp.hindsight.rounds.problem import RoundProblem


def in_rounds(arrivals: Arrivals, memory: int, round_ns: int) -> RoundProblem:
    """Return the problem of one device whose rounds all take equally long.

    A request can start after the first round that ends no earlier than it arrives, and its latency counts
    from the end of that round: by less than a round too little.

    Parameters
    ----------
    arrivals
        The requests.
    memory
        Tokens that the device holds.
    round_ns
        Duration of a round in ns, at least 1.

    Raises
    ------
    InputError
        If a request fits nowhere, or arrives after more rounds than a problem may have.
    """
    return RoundProblem(memory, -(-arrivals.arrival // round_ns), arrivals.prompt, arrivals.gen)
