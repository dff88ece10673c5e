"""Ctrl-C while CP-SAT searches."""

from __future__ import annotations

import signal
import threading
import time

import pytest

import milp
from instances import catalog, read
from milp.engines.cpsat import cpsat


def test_interrupt_stops_the_search_and_leaves_pythons_handler() -> None:
    """SIGINT ends the search long before its time limit, as KeyboardInterrupt, and so would the next one."""
    formulation = milp.formulate(read(catalog.path("latency/completion-60")))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1.0, signal.raise_signal, (signal.SIGINT,))
    start = time.monotonic()
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            cpsat(formulation, time_limit=60)
        assert time.monotonic() - start < 20
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)
