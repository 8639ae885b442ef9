"""The requests of the last minute, shared by all processes of a key so that they keep its limit together."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from precision_upscaler.clock import Clock
from precision_upscaler.storage.files import FileLock, open_private
from precision_upscaler.storage.log import LOGGER

from .retry import RateLimitStatus

_WINDOW = 60.0
_HEAD = "limit "
_HAIR = 1e-3  # the file keeps milliseconds
_Entry = tuple[float, float]
"""When a request asked for its slot, and when that is."""


@dataclass(frozen=True)
class _State:
    stated_limit: int = 0
    blocked_until: float = 0.0
    taken: tuple[_Entry, ...] = ()


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

    ``per_minute`` is the start value: what the service says about its limit (:meth:`observe`) replaces it.
    A user's own lower limit (``at_most``) is kept.

    The state is a small file in ``folder``, named after a hash of the key. Its first line is the limit that
    the service stated (0: none) and the time before which it wants no request; each further line is one
    request: when it asked and when its slot is. Times are monotonic seconds. What has asked in the future
    did so before the computer was restarted, and counts no more.
    """

    def __init__(
        self, folder: Path, key: str, per_minute: int, clock: Clock, *, at_most: int | None = None
    ) -> None:
        name = hashlib.sha256(f"precision-upscaler ledger {key}".encode()).hexdigest()[:16]
        self._path = folder / f"requests-{name}"
        self._lock = FileLock(folder / f"requests-{name}.lock")
        self._threads = threading.Lock()
        self._limit = per_minute
        self._at_most = at_most
        self._clock = clock

    def wait_for_slot(self, wake: threading.Event | None = None, *, first: bool = False) -> None:
        """Take the next slot within the limit and return when it has come; sleeps outside the lock.

        ``first`` as in :func:`next_slot`. Returns early, and gives the slot back, when ``wake`` is set.
        """
        with self._threads, self._lock:
            now = self._clock.monotonic()
            state = self._read(now)
            slot = next_slot([at for _, at in state.taken], now, self._per_minute(state), first=first)
            slot = max(slot, state.blocked_until)
            self._write(replace(state, taken=(*state.taken, (now, slot))))
        while (pause := slot - self._clock.monotonic()) > 0:
            self._clock.sleep(pause, wake)
            if wake is not None and wake.is_set():
                self._give_back(slot)
                return

    def observe(self, status: RateLimitStatus) -> None:
        """Obey what an answer says about the limit, in all processes from now on."""
        if status.per_minute is None and not status.wait:
            return
        with self._threads, self._lock:
            now = self._clock.monotonic()
            state = self._read(now)
            limit = state.stated_limit if status.per_minute is None else status.per_minute
            blocked = max(state.blocked_until, now + min(status.wait, _WINDOW)) if status.wait else 0.0
            new = replace(state, stated_limit=limit, blocked_until=max(blocked, state.blocked_until))
            if new != state:
                self._write(new)

    def _per_minute(self, state: _State) -> int:
        limit = state.stated_limit or self._limit
        return limit if self._at_most is None else min(limit, self._at_most)

    def _give_back(self, slot: float) -> None:
        with self._threads, self._lock:
            state = self._read(self._clock.monotonic())
            taken = list(state.taken)
            nearest = min(taken, key=lambda entry: abs(entry[1] - slot), default=None)
            if nearest is not None and abs(nearest[1] - slot) < _HAIR:
                taken.remove(nearest)
                self._write(replace(state, taken=tuple(taken)))

    def _read(self, now: float) -> _State:
        """Return the state with the entries that count, by their slots; empty when the file is damaged."""
        try:
            lines = self._path.read_text("ascii").splitlines()
            head = lines.pop(0).split()[1:] if lines and lines[0].startswith(_HEAD) else (0, 0)
            limit, blocked = map(float, head)
            entries = [(float(asked), float(slot)) for asked, slot in (line.split() for line in lines)]
        except (OSError, ValueError):
            return _State()
        counting = [entry for entry in entries if entry[0] <= now + _HAIR and entry[1] > now - _WINDOW]
        stands = now < blocked <= now + _WINDOW + _HAIR
        stated = int(limit) if 0 < limit < 1e9 else 0  # noqa: PLR2004 - as many digits as are read
        return _State(stated, blocked if stands else 0.0, tuple(sorted(counting, key=lambda item: item[1])))

    def _write(self, state: _State) -> None:
        # unsynced and in place: after a power cut the last minute does not matter
        lines = [f"{_HEAD}{state.stated_limit} {state.blocked_until:.3f}\n"]
        lines += [f"{asked:.3f} {slot:.3f}\n" for asked, slot in state.taken]
        try:
            descriptor = open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                os.write(descriptor, "".join(lines).encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            # a full disk must not end a job that only polls its paid task
            LOGGER.warning("the requests of this minute cannot be written down: %s", error.strerror)
