"""The one place that reads the time and waits; everything else is handed a :class:`Clock`."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What a job needs of time."""

    def time(self) -> float:
        """Return unix seconds; may jump."""

    def monotonic(self) -> float:
        """Return seconds that only grow and are comparable between processes of one boot."""

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Wait ``seconds``, or until ``wake`` is set."""


class SystemClock:
    """The computer's clock.

    Linux, macOS and Windows all count ``time.monotonic`` from one point for the whole system, which
    is what lets several processes share one ledger of requests that no clock jump can upset.
    """

    def time(self) -> float:
        """Return unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds since some fixed point, the same for every process."""
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Wait ``seconds``, or until ``wake`` is set."""
        (wake or threading.Event()).wait(max(0.0, seconds))
