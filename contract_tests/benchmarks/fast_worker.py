"""The worker, with a clock that runs ``BENCHMARK_SPEED`` times as fast: for services whose clock does too."""

from __future__ import annotations

import os
import sys
import threading
import time

from precision_upscaler import clock, worker

SPEED = float(os.environ.get("BENCHMARK_SPEED", "1"))


def _time(_self: clock.SystemClock) -> float:
    return time.time() * SPEED


def _monotonic(_self: clock.SystemClock) -> float:
    return time.monotonic() * SPEED


def _sleep(_self: clock.SystemClock, seconds: float, wake: threading.Event | None = None) -> None:
    (wake or threading.Event()).wait(max(0.0, seconds / SPEED))


clock.SystemClock.time = _time  # type: ignore[method-assign]  # the whole point of this file
clock.SystemClock.monotonic = _monotonic  # type: ignore[method-assign]
clock.SystemClock.sleep = _sleep  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(worker.main())
