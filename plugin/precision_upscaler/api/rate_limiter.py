"""The requests of the last minute, shared by all processes of a key so that they keep its limit together."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from precision_upscaler.clock import Clock
from precision_upscaler.storage.files import FileLock, open_private
from precision_upscaler.storage.log import LOGGER

_WINDOW = 60.0
_HAIR = 1e-3  # the file keeps milliseconds
_Entry = tuple[float, float]
"""When a request asked for its slot, and when that is."""


def next_slot(taken: Sequence[float], now: float, per_minute: int, *, first: bool = False) -> float:
    """Return the first time, not before ``now``, at which one more request keeps the limit.

    ``taken`` are the sorted times of requests that were sent or have a slot. The first fifth of a
    minute's requests go at once; what is left after them is spread over the rest of the minute, and
    every slot lies behind the ones given before. So many jobs at once each get their turn, where a
    plain window would let them burn the minute's requests in seconds and then leave all of them
    waiting for the rest of it.

    A request that is to be ``first`` goes at once while the minute has room for it, whatever slots
    others have been given: a task that starts late ends late, while a look at one can wait.
    """
    recent = [at for at in taken if at > now - _WINDOW]
    if not recent:
        return now
    if first and len(recent) < per_minute:
        return now
    last = recent[-1]
    if len(recent) < per_minute // 5:
        return max(now, last)
    free = per_minute - len(recent)
    if free > 0:
        return max(now, last + max(0.0, recent[0] + _WINDOW - last) / (free + 1))
    return max(now, last, recent[-per_minute] + _WINDOW + _HAIR)


class RateLimiter:
    """At most ``per_minute`` requests in any 60 seconds over all processes and jobs of a key.

    The ledger is a small file in ``folder``, named after a hash of the key: one request a line, when
    it asked and when its slot is, in monotonic seconds. What has asked in the future did so before
    the computer was started anew, and counts no more.
    """

    def __init__(self, folder: Path, key: str, per_minute: int, clock: Clock) -> None:
        name = hashlib.sha256(f"precision-upscaler ledger {key}".encode()).hexdigest()[:16]
        self._path = folder / f"requests-{name}"
        self._lock = FileLock(folder / f"requests-{name}.lock")
        self._threads = threading.Lock()
        self._limit = per_minute
        self._clock = clock

    def wait_for_slot(self, wake: threading.Event | None = None, *, first: bool = False) -> None:
        """Take the next slot within the limit and return when it has come; sleeps outside the lock.

        ``first`` as in :func:`next_slot`. Returns early, and gives the slot back, when ``wake`` is set.
        """
        with self._threads, self._lock:
            now = self._clock.monotonic()
            taken = self._taken(now)
            slot = next_slot([at for _, at in taken], now, self._limit, first=first)
            self._write([*taken, (now, slot)])
        while (pause := slot - self._clock.monotonic()) > 0:
            self._clock.sleep(pause, wake)
            if wake is not None and wake.is_set():
                self._give_back(slot)
                return

    def _give_back(self, slot: float) -> None:
        with self._threads, self._lock:
            taken = self._taken(self._clock.monotonic())
            nearest = min(taken, key=lambda entry: abs(entry[1] - slot), default=None)
            if nearest is not None and abs(nearest[1] - slot) < _HAIR:
                taken.remove(nearest)
                self._write(taken)

    def _taken(self, now: float) -> list[_Entry]:
        """Return the entries that count, by their slots; none when the file is damaged."""
        try:
            lines = self._path.read_text("ascii").splitlines()
            entries = [(float(asked), float(slot)) for asked, slot in (line.split() for line in lines)]
        except (OSError, ValueError):
            return []
        counting = [entry for entry in entries if entry[0] <= now + _HAIR and entry[1] > now - _WINDOW]
        return sorted(counting, key=lambda entry: entry[1])

    def _write(self, entries: list[_Entry]) -> None:
        # unsynced and in place: after a power cut nobody remembers the last minute anyway
        content = "".join(f"{asked:.3f} {slot:.3f}\n" for asked, slot in entries).encode()
        try:
            descriptor = open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                os.write(descriptor, content)
            finally:
                os.close(descriptor)
        except OSError as error:
            # a disk that is full must not end a job that only wants to know how its paid task is
            LOGGER.warning("the requests of this minute cannot be written down: %s", error.strerror)
