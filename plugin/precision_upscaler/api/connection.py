"""The total timeout of one call: cuts its connection at the deadline or when the user cancels."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import Any


class ConnectionTimeout:
    """Cuts one call's connection, which :meth:`trace` is told of.

    On POSIX a blocking read in another thread notices only the shutdown of its socket: closing it would not
    wake the reader and could hit a descriptor that is in use again. On Windows only closing wakes it, and
    Python's sockets know that they are closed. Read timeouts do not bound a
    call, because a peer that sends a byte now and then never trips them.
    """

    def __init__(self, seconds: float) -> None:
        self.reason = ""
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = self._start(seconds)

    def _start(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self.cut, ("it took longer than allowed in total",))
        timer.daemon = True
        timer.start()
        return timer

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the socket when the HTTP library has connected or encrypted it (its ``trace`` extension)."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            found = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._socket = found
                reason = self.reason
            if reason:
                self.cut(reason)

    def cut(self, reason: str) -> None:
        """End the connection now; what waits on it fails."""
        with self._lock:
            self.reason = self.reason or reason
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # the plain method: SSLSocket's own would pull the TLS state from under the reader
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                if os.name == "nt":
                    socket.SocketType.close(self._socket)

    def allow(self, seconds: float) -> None:
        """Set the total deadline anew, counted from now."""
        self._timer.cancel()
        self._timer = self._start(seconds)

    def done(self) -> None:
        """Stop the timer: the call has ended."""
        self._timer.cancel()
        with self._lock:
            self._socket = None
