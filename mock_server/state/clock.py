"""The mock's time: real, sped up, or moved by hand.

Two times are told apart. *Task time* decides how far a task has got; it runs ``speed`` times as fast
as the world, or stands still until it is advanced. *Wire time* is what two programs that talk to each
other must agree on: expiring links, rate limits, ``Retry-After``, the time stamp of a webhook. It is
the world's time, except when the clock stands still, because then the client under test has no other
clock either. It never goes back: a clock that was moved ahead by hand stays ahead when it runs again.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class ClockState(NamedTuple):
    """Task time was ``task`` seconds (Unix epoch) when real time was ``real``; it runs at ``speed``.

    Speed 0 is the manual clock: task time moves only when it is advanced. Wire time is ``ahead`` seconds
    ahead of task time then, and else of real time.
    """

    task: float
    real: float
    speed: float
    ahead: float = 0.0

    def at(self, real: float) -> float:
        """Return task time at real time ``real``; both in seconds. Never less than ``task``."""
        return self.task + max(0.0, real - self.real) * self.speed

    def wire(self, real: float) -> float:
        """Return wire time at real time ``real``; both in seconds."""
        return (real if self.speed else self.task) + self.ahead

    def moved(self, real: float, seconds: float) -> ClockState:
        """Return the state after jumping ``seconds`` forward; ValueError when that is backwards."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("a clock moves forward: seconds must be a number from 0 up")
        return self._replace(task=self.at(real) + seconds, real=real)

    def at_speed(self, real: float, speed: float) -> ClockState:
        """Return the state that goes on from now at ``speed``; ValueError unless it is 0 or more."""
        if not 0 <= speed < float("inf"):
            raise ValueError("speed must be 0 (moved by hand) or more (1 is real time)")
        state = ClockState(self.at(real), real, speed)
        return state._replace(ahead=max(0.0, self.wire(real) - state.wire(real)))


def steady_unix_time() -> Callable[[], float]:
    """Return a clock in Unix seconds that is never set back: ``time.time`` now, ``time.monotonic`` later."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


class Clock:
    """A :class:`ClockState` with the real time that drives it. Thread-safe."""

    def __init__(self, state: ClockState, real_time: Callable[[], float]) -> None:
        self._state = state
        self._real_time = real_time
        self._lock = threading.Lock()

    @property
    def state(self) -> ClockState:
        """What would have to be stored so that another process tells the same time."""
        return self._state

    @state.setter
    def state(self, state: ClockState) -> None:
        with self._lock:
            self._state = state

    @property
    def manual(self) -> bool:
        """Whether task time stands still until it is advanced."""
        return self._state.speed == 0

    def now(self) -> float:
        """Return task time in Unix seconds."""
        return self._state.at(self._real_time())

    def wire(self) -> float:
        """Return wire time in Unix seconds; see the module's docstring."""
        return self._state.wire(self._real_time())

    def real(self) -> float:
        """Return real time in Unix seconds."""
        return self._real_time()
