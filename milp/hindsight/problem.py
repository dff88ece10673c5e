"""What a hindsight bound is about: a trace, the devices that serve it, and the promised latencies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from fractions import Fraction

from instances.errors import InputError
from instances.exact import exact_text
from instances.serving import Arrivals, BatchDevice, RoundDevice
from instances.serving.service_level import ServiceLevel

MOST_DEVICES = 10**6


@dataclass(frozen=True, eq=False)
class HindsightProblem:
    """A trace on identical devices.

    Attributes
    ----------
    arrivals
        The requests.
    device
        One of the devices; its type says which machine model is meant.
    devices
        How many there are.
    service_level
        Promised latencies; None where violations are not asked for.

    Raises
    ------
    InputError
        If there is no device.
    """

    arrivals: Arrivals
    device: BatchDevice | RoundDevice
    devices: int = 1
    service_level: ServiceLevel | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.devices <= MOST_DEVICES:
            raise InputError(f"1 to {MOST_DEVICES} devices", self.devices, field="devices")

    def digest(self) -> str:
        """Return the SHA-256 of everything that the problem says, in hexadecimal."""
        parts = ["batchproof-hindsight-problem/1", type(self.device).__name__]
        for field in fields(self.device):
            parts.append(f"{field.name}={exact_text(Fraction(getattr(self.device, field.name)))}")
        latency = () if self.service_level is None else self.service_level.latency
        parts += [f"devices={self.devices}", f"latency={','.join(map(str, latency))}"]
        parts.append(self.arrivals.digest())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
