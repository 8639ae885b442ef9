"""Faults on the wire: what a network or a broken gateway does to an answer, played on the socket itself.

They need the connection's socket, which a WSGI server may put into the environment: the mock's own does, and
Werkzeug and gunicorn do.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SOCKET = "precision_mock.socket"
"""Key of the WSGI environment under which the mock's own server gives the connection's socket."""
PLAYED = "precision_mock.fault_played"
"""Key of the WSGI environment that says that a fault was played: there is nothing left to send."""
SOCKETS = (SOCKET, "werkzeug.socket", "gunicorn.socket")
"""The keys under which servers give the connection's socket."""
GARBAGE = b"\x00\x16\x03\x01 this is no HTTP \xff\xfe\r\n\r\n"
_DRIBBLE_SECONDS = 0.15
_SLOW_PIECES = 20
_SLOW_SECONDS = 0.5


def _reset(sock: socket.socket, _answer: bytes, _sleep: Callable[[float], None]) -> None:
    # lingering for 0 seconds makes close() send RST instead of FIN
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # detached, because a file made from the socket would keep a plain close() from reaching the system
    socket.close(sock.detach())


def _empty_reply(_sock: socket.socket, _answer: bytes, _sleep: Callable[[float], None]) -> None:
    pass  # the connection is closed by the caller, and that is all


def _garbage(sock: socket.socket, _answer: bytes, _sleep: Callable[[float], None]) -> None:
    sock.sendall(GARBAGE)


def _short_body(sock: socket.socket, answer: bytes, _sleep: Callable[[float], None]) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    sock.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])


def _bad_chunk(sock: socket.socket, answer: bytes, _sleep: Callable[[float], None]) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    half = max(1, len(body) // 2)
    sock.sendall(
        b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""])
        + b"%x\r\n%b\r\n" % (half, body[:half])
        + b"xyz\r\n"
        + body[half:]
    )


def _dribble(sock: socket.socket, answer: bytes, sleep: Callable[[float], None]) -> None:
    for index in range(len(answer)):
        sock.sendall(answer[index : index + 1])
        sleep(_DRIBBLE_SECONDS)


def _slow(sock: socket.socket, answer: bytes, sleep: Callable[[float], None]) -> None:
    piece = max(1, -(-len(answer) // _SLOW_PIECES))
    for start in range(0, len(answer), piece):
        sock.sendall(answer[start : start + piece])
        sleep(_SLOW_SECONDS)


_FAULTS = {
    "reset": _reset,
    "empty_reply": _empty_reply,
    "empty_reply_accepted": _empty_reply,
    "garbage": _garbage,
    "short_body": _short_body,
    "bad_chunk": _bad_chunk,
    "dribble": _dribble,
    "slow": _slow,
}
FAULTS = frozenset(_FAULTS)
"""The names of the faults."""


def play(fault: str, sock: socket.socket, answer: bytes, sleep: Callable[[float], None]) -> None:
    """Send ``answer`` (a whole HTTP answer) as the fault would have it, and close the connection.

    ``sleep`` waits between pieces, in seconds. A client that has gone away is no error.
    """
    with contextlib.suppress(OSError):
        _FAULTS[fault](sock, answer, sleep)
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
