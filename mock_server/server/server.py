"""A small threaded WSGI server for HTTP/1.1 on which wire faults can be played.

Connections are kept alive, bodies streamed in, chunked bodies understood. It starts and stops in a
millisecond, and it hands its socket to the faults of :mod:`mock_server.server.socket_faults`, which
no general server does.

A small request that has arrived whole, and that the application says it answers without waiting, is
served by the one thread that also accepts: threads that take turns at Python's lock would halve the speed.
Everything else (large bodies, downloads, faults, slow clients) gets a thread for its connection.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import selectors
import socket
import struct
import sys
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .connection import Answer

log = logging.getLogger(__name__)
_COUNT = struct.Struct("=L")
_IDLE_SECONDS = 75.0
_PATIENCE_SECONDS = 0.5  # for a thread that is in the middle of a picture when the server stops
_SWEEP_SECONDS = 5.0
_LEFT_SECONDS = 0.005  # so long another process has time to take a connection


def _never(_method: str, _path: str) -> bool:
    return False


class Shares:
    """How many connections each of several processes has, in memory that they inherit."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._memory = mmap.mmap(-1, processes * _COUNT.size)

    def put(self, process: int, connections: int) -> None:
        """Write down how many connections the process of this number has."""
        _COUNT.pack_into(self._memory, process * _COUNT.size, connections)

    def most(self, process: int) -> bool:
        """Return whether a process has more connections than another."""
        counts = [
            _COUNT.unpack_from(self._memory, number * _COUNT.size)[0] for number in range(self._processes)
        ]
        return bool(counts[process] > min(counts))


class Server:
    """Serves a WSGI application on a listening socket.

    ``quick`` says of a method and a path whether the application answers without waiting for anything.
    ``share`` is set where several processes listen: all of them, and the number of this one.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        listener: socket.socket,
        *,
        multiprocess: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        quick: Callable[[str, str], bool] = _never,
        share: tuple[Shares, int] | None = None,
    ) -> None:
        self.app = app
        self._quick = quick
        self._share = share
        self._left_until: float | None = None
        self._waiting: dict[Connection, float] = {}
        self.sleep = sleep
        self._listener = listener
        self._connections: dict[Connection, threading.Thread] = {}
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._date = (0, "")
        host, port = listener.getsockname()[:2]
        self._base = {
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SCRIPT_NAME": "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            "precision_mock.server": True,
        }

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(str(self._base["SERVER_PORT"]))

    def environment(self, method: str, target: str, version: str, client: tuple[str, str]) -> dict[str, Any]:
        """Return the WSGI environment of a request, without its headers and body."""
        path, _, query = target.partition("?")
        if path.startswith(("http://", "https://")):  # the absolute form that proxies use
            path = "/" + path.split("//", 1)[1].partition("/")[2]
        environ: dict[str, Any] = {
            **self._base,
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": version,
            "REMOTE_ADDR": client[0],
            "REMOTE_PORT": client[1],
        }
        return environ

    def date(self) -> str:
        """Return the value of the ``Date`` header; made once a second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def serve_forever(self) -> None:
        """Accept connections until :meth:`stop`; then close them and the listening socket."""
        with self._listener, selectors.DefaultSelector() as selector:
            self._listener.setblocking(False)  # several processes may wait for the same connection
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            swept = time.monotonic()
            while True:
                self._listen_again(selector)
                patience = _SWEEP_SECONDS if self._waiting else None
                for key, _ in selector.select(patience if self._left_until is None else _LEFT_SECONDS):
                    if key.fileobj is self._woken:
                        self._close_connections()
                        return
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    else:
                        self._serve_here(selector, key.data)
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    swept = time.monotonic()
                    self._sweep(selector, swept)

    def _listen_again(self, selector: selectors.BaseSelector) -> None:
        """Take the connection that was left to other processes, if none of them has by now."""
        if self._left_until is not None and time.monotonic() >= self._left_until:
            self._left_until = None
            selector.register(self._listener, selectors.EVENT_READ)
            self._accept(selector, in_any_case=True)

    def _count(self) -> None:
        if self._share is not None:
            shares, number = self._share
            shares.put(number, len(self._waiting) + len(self._connections))

    def _accept(self, selector: selectors.BaseSelector, *, in_any_case: bool = False) -> None:
        if self._share is not None and not in_any_case and self._share[0].most(self._share[1]):
            # whoever woke up first would else take most of what comes at once, and serve it alone
            selector.unregister(self._listener)
            self._left_until = time.monotonic() + _LEFT_SECONDS
            return
        try:
            sock, address = self._listener.accept()
        except OSError:
            return  # another process took it, or the client gave up
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_IDLE_SECONDS)
        connection = Connection(self, sock, address)
        if self._quick is _never:
            self._serve_in_thread(connection, None)
        else:
            self._waiting[connection] = time.monotonic()
            selector.register(connection, selectors.EVENT_READ, connection)
        self._count()

    def _serve_here(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        """Serve a connection's request in this thread when it is quick, else give it a thread for good."""
        answer, going_on = None, True
        try:
            request = connection.quick_request(self._quick)
            if request is not None:
                answer = connection.answer(request)
                if not answer.may_wait:
                    connection.send(answer)
                    self._waiting[connection] = time.monotonic()
                    return
        except (OSError, ValueError):
            going_on = False  # the client is gone
        except Exception:
            going_on = False  # the application failed: that ends its connection and not the server
            log.exception("a request could not be answered")
        selector.unregister(connection)
        del self._waiting[connection]
        if going_on:
            self._serve_in_thread(connection, answer)
        else:
            connection.close()
            self._count()

    def _sweep(self, selector: selectors.BaseSelector, now: float) -> None:
        """Close the connections that have been idle for too long."""
        for connection, since in list(self._waiting.items()):
            if now - since > _IDLE_SECONDS:
                selector.unregister(connection)
                del self._waiting[connection]
                connection.close()
        self._count()

    def _serve_in_thread(self, connection: Connection, first: Answer | None) -> None:
        thread = threading.Thread(target=self._serve, args=(connection, first), daemon=True)
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _serve(self, connection: Connection, first: Answer | None) -> None:
        try:
            connection.run(first)
        finally:
            with self._lock:
                self._connections.pop(connection, None)
                self._count()

    def stop(self) -> None:
        """Make :meth:`serve_forever` return. Safe from any thread and from a signal handler."""
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def _close_connections(self) -> None:
        with self._lock:
            connections = list(self._connections.items())
        for connection in self._waiting:
            connection.close()
        for connection, _ in connections:
            connection.interrupt()
        for _, thread in connections:
            thread.join(_PATIENCE_SECONDS)
        self._wake.close()
        self._woken.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. OSError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


def address_of(listener: socket.socket) -> str:
    """Return the address that clients reach a listening socket at, without a last slash."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


__all__ = ["Server", "Shares", "address_of", "listen"]
