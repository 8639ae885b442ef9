"""The requests of the last minute, shared by all processes of a key so that they keep its limit together."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

from .clock import Clock
from .files import FileLock, open_private

_WINDOW = 60.0


class RequestLedger:
    """At most ``per_minute`` requests in any 60 seconds over all processes and jobs of a key.

    The ledger is a small file of monotonic times in ``folder``, named after a hash of the key. Times
    of an earlier boot look as if they came from the future, or are soon older than the window.
    """

    def __init__(self, folder: Path, key: str, per_minute: int, clock: Clock) -> None:
        name = hashlib.sha256(f"precision-upscaler ledger {key}".encode()).hexdigest()[:16]
        self._path = folder / f"requests-{name}"
        self._lock = FileLock(folder / f"requests-{name}.lock")
        self._threads = threading.Lock()
        self._limit = per_minute
        self._clock = clock

    def wait_for_slot(self, wake: threading.Event | None = None) -> None:
        """Return when one more request is within the limit, and count it; sleeps outside the lock.

        Returns early, uncounted, when ``wake`` is set.
        """
        while True:
            with self._threads, self._lock:
                now = self._clock.monotonic()
                recent = [at for at in self._read() if now - _WINDOW < at <= now]
                if len(recent) < self._limit:
                    self._write([*recent, now])
                    return
                pause = recent[-self._limit] + _WINDOW - now
            self._clock.sleep(pause, wake)
            if wake is not None and wake.is_set():
                return

    def _read(self) -> list[float]:
        try:
            return sorted(float(line) for line in self._path.read_text("ascii").split())
        except (OSError, ValueError):
            return []

    def _write(self, times: list[float]) -> None:
        # unsynced and in place: after a power cut nobody remembers the last minute anyway
        content = "\n".join(f"{at:.3f}" for at in times).encode()
        descriptor = open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
