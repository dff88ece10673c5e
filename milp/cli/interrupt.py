"""Ctrl-C in a command that asks several questions: the one that runs ends early, and no other begins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never


@contextmanager
def noted_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether the user has interrupted since the block began.

    A search that is interrupted keeps what it has and returns, so its caller cannot tell by itself. Outside
    the main thread, where no interrupt arrives, the answer is always no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    noted = False

    def note(number: int, frame: FrameType | None) -> Never:
        nonlocal noted
        noted = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)
