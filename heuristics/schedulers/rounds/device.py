"""One device while it is simulated: what runs on it, and when its next decision is due."""

from __future__ import annotations

from bisect import bisect_left, insort

from heuristics.schedulers.rounds.log import Log
from heuristics.schedulers.rounds.memory import Memory
from heuristics.schedulers.rounds.requests import Requests
from instances.serving.round_device import RoundDevice


class Device:
    """Runs rounds in strides, from one decision to the next.

    Between decisions the same requests run, so that a stride's length in ns and the round that an arrival
    falls into are computed, not counted out. Policies read the attributes and call `earliest`, `generated`,
    `start`, `preempt`, `ask_after` and `ask_at`; the rest is for the simulator.

    Attributes
    ----------
    index
        From 0.
    model
        How long rounds take.
    running
        Requests that run, in the order in which they started; the values mean nothing.
    memory
        What they are believed to hold.
    clock
        Rounds run so far.
    now
        ns; when the last of them ended, or later if the device has been idle.
    stop, stop_time
        Rounds run, and ns, at the next decision. While nothing runs they mean nothing.
    """

    def __init__(self, index: int, model: RoundDevice, memory: Memory, requests: Requests, log: Log) -> None:
        self.index, self.model, self.memory = index, model, memory
        self.running: dict[int, None] = {}
        self.clock = self.now = self.stop = self.stop_time = 0
        self._requests, self._log = requests, log
        # Clock at which each running request began its stretch.
        self._began: dict[int, int] = {}
        # Sorted (clock, request): when each is done, or believed to be if that is earlier.
        self._due: list[tuple[int, int]] = []
        self._due_of: dict[int, int] = {}
        # Round t holds _base + len(running) · t.
        self._base = 0
        # Prompts of the first round after the last decision.
        self._prefill = 0
        # The stride that is being run: clock and ns of its start, tokens prefilled, requests, tokens held.
        self._from, self._from_time = 0, 0
        self._work = (0, 0, 0)
        self._asked: int | None = None
        self._asked_at: int | None = None

    # What policies use.

    def earliest(self, request: int, memory: Memory | None = None) -> int | None:
        """Return the clock at which a waiting request may start, None if not before somebody is done."""
        wanted = self._requests
        return (memory or self.memory).earliest(
            wanted.held(request), wanted.believed_rounds(request), self.clock
        )

    def generated(self, request: int) -> int:
        """Return the tokens that a running request has generated."""
        return self._requests.done[request] + self.clock - self._began[request]

    def start(self, request: int) -> None:
        """Let a waiting request run from the next round on."""
        self._close_stride()
        requests, clock = self._requests, self.clock
        done, held = requests.done[request], requests.held(request)
        self.running[request] = None
        self._began[request] = clock
        self._base += held - clock
        self._prefill += 0 if done else requests.prompt[request]
        self.memory.add(request, held, requests.believed_rounds(request), clock)
        self._set_due(request, clock - done + min(requests.gen[request], requests.believed[request]))

    def preempt(self, request: int) -> None:
        """Take a running request out of memory; what it generated is kept, to go on from anywhere."""
        if not self._requests.done[request] and self._began[request] == self.clock:
            self._prefill -= self._requests.prompt[request]
        self._take_out(request)

    def ask_after(self, clock: int) -> None:
        """Let the next decision be due at this clock, if not earlier."""
        self._asked = clock

    def ask_at(self, time: int) -> None:
        """Let the next decision be due at the end of the round that runs at this ns, if not earlier."""
        self._asked_at = time

    # What the simulator uses.

    def reach(self, time: int) -> list[int]:
        """Run until the stop, or wait if nothing runs; return the requests that are done."""
        if self.running:
            self.clock = self.stop
        self.now = time
        self._asked = self._asked_at = None
        done = []
        while self._due and self._due[0][0] == self.clock:
            request = self._due[0][1]
            if self.generated(request) == self._requests.gen[request]:
                self._take_out(request)
                done.append(request)
            else:
                self._believe_again(request)
        return done

    def overflowing(self) -> bool:
        """Return whether the next round would hold more than the memory."""
        return self._base + len(self.running) * (self.clock + 1) > self._requests.kv_tokens

    def plan(self) -> None:
        """Set the next stop: somebody is done, memory would overflow, or the policy wants to be asked."""
        running = len(self.running)
        if self._from == self.clock:
            self._from_time = self.now
            self._work = (self._prefill, running, self._base + running * (self.clock + 1))
            self._prefill = 0
        self.stop = min(self._due[0][0], (self._requests.kv_tokens - self._base) // running)
        if self._asked is not None and self._asked < self.stop:
            self.stop = self._asked
        self.stop_time = self._time_of(self.stop)
        if self._asked_at is not None:
            self.stop_by(self._asked_at)

    def stop_by(self, time: int) -> bool:
        """Stop at the end of the round that runs at `time`, if not before; return whether that is news."""
        if time >= self.stop_time:
            return False
        stop = self._from + self.model.rounds_until(time - self._from_time, *self._work)
        if stop >= self.stop:
            return False
        self.stop, self.stop_time = stop, self._time_of(stop)
        return True

    def _time_of(self, clock: int) -> int:
        return self._from_time + self.model.stride(clock - self._from, *self._work)

    def _set_due(self, request: int, clock: int) -> None:
        self._due_of[request] = clock
        insort(self._due, (clock, request))

    def _believe_again(self, request: int) -> None:
        """Revise the belief in a request that has generated all that it was believed to."""
        requests, generated = self._requests, self.generated(request)
        left = requests.outlived(request) - generated
        self.memory.remove(request)
        self.memory.add(request, requests.prompt[request] + generated, left, self.clock)
        del self._due[0]
        self._set_due(request, self.clock + min(requests.gen[request] - generated, left))

    def _take_out(self, request: int) -> None:
        self._close_stride()
        requests, began = self._requests, self._began.pop(request)
        del self.running[request]
        self.memory.remove(request)
        del self._due[bisect_left(self._due, (self._due_of.pop(request), request))]
        self._base -= requests.held(request) - began
        if self.clock > began:
            self._log.stretches.append((request, self.index, began, self.clock - began))
            requests.done[request] += self.clock - began

    def _close_stride(self) -> None:
        """Write down the stride that ends here, before other requests run."""
        if self.clock > self._from:
            row = (self.index, self._from_time, self.now, self._from, self.clock - self._from, *self._work)
            self._log.strides.append(row)
            self._from = self.clock
