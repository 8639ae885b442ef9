"""The computer's own clock, which all other tests replace."""

from __future__ import annotations

import threading
import time

from precision_upscaler.clock import SystemClock


def test_it_tells_the_time_and_sleeps_until_woken() -> None:
    clock, woken = SystemClock(), threading.Event()
    before = time.time(), time.monotonic()
    clock.sleep(-1.0)
    clock.sleep(0.001)
    assert time.monotonic() - before[1] >= 0.001
    woken.set()
    clock.sleep(3600.0, woken)
    assert before[0] <= clock.time() <= time.time()
    assert before[1] <= clock.monotonic() <= time.monotonic()
