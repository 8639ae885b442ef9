"""Talk to the mock's server below HTTP: bytes in, bytes out."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mock_server.server.cheroot_server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@contextmanager
def served(app: Callable[..., Iterable[bytes]], **more: Any) -> Iterator[int]:
    """Serve a WSGI application from a thread and give its port."""
    server = Server(app, "127.0.0.1", 0, **more)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.request_stop()
        thread.join()
        server.stop()


def exchange(port: int, sent: bytes, *, finish: bool = True) -> bytes:
    """Send bytes, and return all that comes back until the connection closes."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(sent)
        if finish:
            sock.shutdown(socket.SHUT_WR)
        pieces = []
        while piece := sock.recv(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)
