"""Model A once more, event by event and request by request: what the simulator has to agree with."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from math import ceil

from heuristics.schedulers.batches.policy import BatchPolicy, Finished
from instances.serving import Arrivals, BatchDevice

FINISH, ARRIVE = 0, 1


def plain(
    arrivals: Arrivals, device: BatchDevice, devices: int, policy: BatchPolicy, predicted: list[int]
) -> list[tuple[int, int, int, list[int]]]:
    """Return the batches in order of start: device, start, finish, requests."""
    edges = policy.edges(arrivals.gen * 0 + predicted)
    bin_of = [sum(length >= edge for edge in edges) for length in predicted]
    session = policy.session(device, len(edges) + 1)
    tokens, arrival = arrivals.tokens.tolist(), arrivals.arrival.tolist()
    queues = [deque() for _ in range(len(edges) + 1)]
    events = [(time, ARRIVE, request, None) for request, time in enumerate(arrival)]
    idle, batches = set(range(devices)), []
    while events:
        now = min(events)[0]
        for event in sorted((e for e in events if e[0] == now), key=lambda e: e[:3]):
            events.remove(event)
            if event[1] == FINISH:
                idle.add(event[2])
                session.observe(event[3])
            else:
                queues[bin_of[event[2]]].append(event[2])
        while idle and any(queues):
            chosen, target = session.choose([len(queue) for queue in queues])
            members = []
            for _ in range(min(max(target, 1), device.max_batch_size, len(queues[chosen]))):
                members.append(queues[chosen].popleft())
            # What the memory cannot hold goes back to the front, the last first.
            while sum(tokens[request] for request in members) > device.kv_tokens:
                queues[chosen].appendleft(members.pop())
            number = min(idle)
            idle.remove(number)
            finish = now + duration(device, len(members), max(tokens[request] for request in members))
            batches.append((number, now, finish, members))
            seen = Finished(
                chosen,
                len(members),
                sum(tokens[request] for request in members),
                sum(tokens[request] ** 2 for request in members),
                finish - now,
                sum(finish - arrival[request] for request in members),
            )
            events.append((finish, FINISH, number, seen))
    return batches


def duration(device: BatchDevice, size: int, longest: int) -> int:
    """Return ⌈α + βL(1 + γ(b − 1)/b)⌉ in ns, from the formula."""
    factor = 1 + device.sharing * Fraction(size - 1, size)
    return ceil((device.fixed + device.per_token * longest * factor) * 10**6)
