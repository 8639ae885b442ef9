"""A cancel that reaches a blocked call at once: a flag with an event to wait on and callbacks to fire."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from .errors import Cancelled


class CancelToken:
    """Set once, from any thread, when the user wants to stop."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._holding = False
        self._abandoned = False

    @property
    def is_set(self) -> bool:
        """Whether the user cancelled."""
        return self.event.is_set()

    def abandon(self) -> None:
        """Nobody waits for the result any more: cancel what is still free, let finish what is paid for."""
        with self._lock:
            self._abandoned = True
            stop = not self._holding
        if stop:
            self.set()

    def hold(self, holding: bool) -> None:
        """Say whether money is at stake now, so that :meth:`abandon` has no effect."""
        with self._lock:
            self._holding = holding
            stop = self._abandoned and not holding
        if stop:
            self.set()

    def set(self) -> None:
        """Cancel: wake every sleeper and call every watcher."""
        with self._lock:
            self.event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raise Cancelled when the user cancelled."""
        if self.event.is_set():
            raise Cancelled

    @contextlib.contextmanager
    def watch(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call ``callback`` if the user cancels inside the block (at once if that already happened)."""
        with self._lock:
            already = self.event.is_set()
            self._callbacks.append(callback)
        try:
            if already:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
