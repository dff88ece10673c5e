"""Telling that the user has interrupted, after a search has taken the interrupt as its own end."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """Context in which an interrupt is remembered, and then does what it always did."""

    def __init__(self) -> None:
        self.asked = False
        self._before: signal._HANDLER = None

    def __enter__(self) -> Interrupt:
        before = signal.getsignal(signal.SIGINT)
        # Only the main thread may handle signals.
        if callable(before) and threading.current_thread() is threading.main_thread():
            self._before = before
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def raise_again(self) -> None:
        """Raise KeyboardInterrupt if the user has interrupted before."""
        if self.asked:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if callable(self._before):
            self._before(number, frame)
