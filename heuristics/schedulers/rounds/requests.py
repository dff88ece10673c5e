"""The requests of a simulation, and how far each of them is."""

from __future__ import annotations

import numpy as np

from instances.errors import InputError
from instances.serving.arrivals import Arrivals, Ints


class Requests:
    """Plain lists, which single values are read from much faster than from arrays.

    Parameters
    ----------
    arrivals
        The requests.
    believed
        int64, shape (requests,): predicted gen lengths; None for the true ones. They are believed as far as
        they make sense: at least 1 token, and not more than fits beside the prompt.
    kv_tokens
        M, tokens.

    Attributes
    ----------
    arrival, prompt, gen, priority
        As in `Arrivals`.
    believed
        Tokens that each request is believed to generate.
    done
        Tokens that it generated before the stretch that it is in.

    Raises
    ------
    InputError
        If a request does not fit the memory even alone, or predictions are not one per request.
    """

    def __init__(self, arrivals: Arrivals, believed: Ints | None, kv_tokens: int) -> None:
        if oversized := int((arrivals.tokens > kv_tokens).sum()):
            found = f"{oversized:,} of {len(arrivals):,} with more, up to {int(arrivals.tokens.max()):,}"
            raise InputError(f"requests of at most {kv_tokens:,} tokens, the memory of a device", found)
        if believed is not None and len(believed) != len(arrivals):
            raise InputError(f"{len(arrivals)} predictions, one per request", len(believed))
        belief = np.clip(arrivals.gen if believed is None else believed, 1, kv_tokens - arrivals.prompt)
        self.kv_tokens = kv_tokens
        self.arrival: list[int] = arrivals.arrival.tolist()
        self.prompt: list[int] = arrivals.prompt.tolist()
        self.gen: list[int] = arrivals.gen.tolist()
        self.priority: list[int] = arrivals.priority.tolist()
        self.believed: list[int] = belief.tolist()
        self.done = [0] * len(arrivals)

    def __len__(self) -> int:
        return len(self.done)

    def held(self, request: int) -> int:
        """Return the tokens that it holds once it is back in memory, before its next round."""
        return self.prompt[request] + self.done[request]

    def believed_rounds(self, request: int) -> int:
        """Return how many rounds a waiting request is believed to need yet."""
        return self.believed[request] - self.done[request]

    def outlived(self, request: int) -> int:
        """Believe twice as much of a request that generates more than it was believed to; return it."""
        self.believed[request] = min(2 * self.believed[request], self.kv_tokens - self.prompt[request])
        return self.believed[request]
