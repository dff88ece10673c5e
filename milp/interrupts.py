"""Noticing Ctrl-C even where a search ends by it and keeps its best."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noticed_interrupts() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed within the block.

    What else Ctrl-C does stays as it was. Only the main thread is told of signals; elsewhere, and where
    Ctrl-C is ignored, nothing is noticed.
    """
    noticed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield noticed.is_set
        return
    handler = before

    def note(number: int, frame: FrameType | None) -> None:
        noticed.set()
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield noticed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def first_interrupt_noticed() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed; the first time nothing else happens.

    For searches that look now and then, and return their best. Pressed again, Ctrl-C does what it did before.
    """
    noticed = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield noticed.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        noticed.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield noticed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
