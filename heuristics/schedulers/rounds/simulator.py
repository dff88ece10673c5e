"""Model B over time: devices with a common queue, each working round by round."""

from __future__ import annotations

import heapq

from heuristics.schedulers.progress import ProgressCallback, Reporter
from heuristics.schedulers.rounds.device import Device
from heuristics.schedulers.rounds.log import Log
from heuristics.schedulers.rounds.policy import RoundPolicy, Session
from heuristics.schedulers.rounds.requests import Requests
from instances.errors import InputError
from instances.serving.arrivals import Arrivals, Ints
from instances.serving.round_device import RoundDevice
from instances.serving.round_schedule import RoundSchedule


def simulate(
    arrivals: Arrivals,
    device: RoundDevice,
    devices: int,
    policy: RoundPolicy,
    predicted: Ints | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> RoundSchedule:
    """Serve all requests on identical devices, and write down what every device did.

    Deterministic: at the same ns requests arrive before devices decide, and devices decide in the order of
    their index. A round in which more than the memory would be held is never run: the requests that started
    last are put back first, with what they have generated.

    Parameters
    ----------
    arrivals
        The requests.
    device, devices
        What the devices are like, and how many there are.
    policy
        Which requests run.
    predicted
        int64, shape (requests,): predicted gen lengths; None means the true ones.
    progress
        Told now and then.

    Raises
    ------
    InputError
        If there is no device, requests have more tokens than a device holds, or the policy cannot use its
        settings.
    RuntimeError
        If the policy starts nothing on an idle device though requests wait.
    """
    if devices < 1:
        raise InputError("at least 1 device", devices, field="devices")
    requests = Requests(arrivals, predicted, device.kv_tokens)
    session = policy(requests, device)
    return _Simulation(requests, device, devices, session).run(Reporter(progress, len(requests)))


class _Simulation:
    """The devices, and the events to come."""

    def __init__(self, requests: Requests, model: RoundDevice, devices: int, policy: Session) -> None:
        self.requests, self.policy, self.log = requests, policy, Log()
        self.devices = [
            Device(index, model, policy.memory(model.kv_tokens), requests, self.log)
            for index in range(devices)
        ]
        # (ns, device) at which somebody decides. A stop that was moved forward leaves its old event behind,
        # which is told by its time.
        self.events: list[tuple[int, int]] = []
        self.idle = set(range(devices))
        self.served = 0

    def run(self, reporter: Reporter) -> RoundSchedule:
        """Work through all events in order."""
        arrival, requests, arrived = self.requests.arrival, len(self.requests), 0
        while self.served < requests:
            now = self.events[0][0] if self.events else arrival[arrived]
            if arrived < requests and arrival[arrived] <= now:
                self._arrive(arrived)
                arrived += 1
                continue
            index = heapq.heappop(self.events)[1]
            device = self.devices[index]
            if index in self.idle:
                if self.policy.waiting:
                    self._decide(device, now)
            elif device.stop_time == now:
                self._decide(device, now)
            reporter.tell(self.served, now)
        return self.log.schedule()

    def _arrive(self, request: int) -> None:
        now = self.requests.arrival[request]
        self.policy.enqueue(request)
        self._wake(now)
        for device in self.devices:
            if device.running and self.policy.heeds(device, request) and device.stop_by(now):
                heapq.heappush(self.events, (device.stop_time, device.index))

    def _wake(self, now: int) -> None:
        """Let idle devices decide at once."""
        for index in self.idle:
            heapq.heappush(self.events, (now, index))

    def _decide(self, device: Device, now: int) -> None:
        policy = self.policy
        for request in device.reach(now):
            policy.completed(request, now)
            self.served += 1
        while device.overflowing():
            latest = next(reversed(device.running))
            device.preempt(latest)
            policy.enqueue(latest)
        if policy.waiting:
            policy.decide(device)
        if device.running:
            self.idle.discard(device.index)
            device.plan()
            heapq.heappush(self.events, (device.stop_time, device.index))
        elif policy.waiting:
            raise RuntimeError(f"{type(policy).__name__} leaves requests waiting for an idle device")
        else:
            self.idle.add(device.index)
        if policy.waiting and self.idle:
            self._wake(now)
