"""One client's connection to the mock's server: requests in, the application called, answers out."""

from __future__ import annotations

import contextlib
import io
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from . import socket_faults
from .request_body import BodyError, ChunkedBody, SizedBody, WholeBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .server import Server

_Body = SizedBody | ChunkedBody | WholeBody
_MOST_HEADERS = 100
_LONGEST_LINE = 16 << 10
_LONGEST_NUMBER = 18  # digits
_QUICK_BYTES = 16 << 10  # the largest request that the accepting thread serves itself
_QUICK_ANSWER = 64 << 10  # the largest answer it sends itself: this much fits into any socket's buffer
_DRAINED = 64 << 20  # bytes of an unread body that are read away so that the answer arrives
_REASONS = {
    400: "Bad Request",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    501: "Not Implemented",
    505: "HTTP Version Not Supported",
}
"""What the server itself answers; everything else is the application's."""
_FAULT = "precision_mock.fault"
_DROPPED = "dropped"


class BadRequestError(Exception):
    """The request cannot be understood: answer ``status`` and close."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Answer:
    """An answer that is ready to be sent, and what is to become of the connection then."""

    data: bytes
    fault: str
    body: _Body
    keep_alive: bool

    @property
    def may_wait(self) -> bool:
        """Whether sending it may keep the sender waiting."""
        return bool(self.fault) or len(self.data) > _QUICK_ANSWER or not self.keep_alive


class Request(NamedTuple):
    """An understood request: its WSGI environment, its body, whether the connection may go on."""

    environ: dict[str, Any]
    body: _Body
    keep_alive: bool


class Connection:
    """One client's connection: reads requests, calls the application, writes answers."""

    def __init__(self, server: Server, sock: socket.socket, address: tuple[Any, ...]) -> None:
        self._server = server
        self._sock = sock
        self._client = str(address[0]), str(address[1])
        self._reader: io.BufferedReader = sock.makefile("rb", 64 << 10)  # type: ignore[assignment]  # typeshed says IOBase

    def run(self, first: Answer | None = None) -> None:
        """Send ``first``, then serve requests until the client goes away, misbehaves, or asks to close."""
        try:
            going_on = first is None or self.send(first)
            while going_on:
                answer = self._answer_next(self._reader)
                going_on = answer is not None and self.send(answer)
        except (OSError, ValueError):
            pass  # the client is gone, or the server stopped and shut the socket down under us
        finally:
            self.close()

    def fileno(self) -> int:
        """Return the socket's number, for a selector."""
        return self._sock.fileno()

    def quick_request(self, quick: Callable[[str, str], bool]) -> Request | None:
        """Take the request that lies ready in the socket, when it is small, whole, alone and ``quick``.

        Else return None and leave in the socket what is there.
        """
        waiting = self._sock.recv(_QUICK_BYTES, socket.MSG_PEEK)
        head, end, body = waiting.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if not end or len(words) != 3 or not quick(words[0], words[1].partition("?")[0]):  # noqa: PLR2004 - method, target, version
            return None
        if len(lines) >= _MOST_HEADERS or head.count(b"\n") != len(lines):
            return None
        try:
            request = self._understood(first, lines, io.BytesIO(body))
        except BadRequestError:
            return None  # the thread that it gets answers so
        environ = request.environ
        unusual = "HTTP_TRANSFER_ENCODING" in environ or "HTTP_EXPECT" in environ
        if unusual or len(body) != int(environ.get("CONTENT_LENGTH") or 0):
            return None
        self._sock.recv(len(waiting))  # all of it is there; what has come since is the next request
        environ["wsgi.input"] = whole = WholeBody(body)
        return Request(environ, whole, request.keep_alive)

    def interrupt(self) -> None:
        """Wake up whoever reads from the socket or writes to it. Safe from any thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._reader.close()  # holds the system's socket open for as long as it is open itself
        with contextlib.suppress(OSError):
            self._sock.close()

    def _answer_next(self, reader: io.BufferedReader | io.BytesIO) -> Answer | None:
        """Read one request and have it answered; None when no answer is left to be sent."""
        line = reader.readline(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):  # a stray line end before the request line is to be tolerated
            line = reader.readline(_LONGEST_LINE)
        if not line:
            return None
        if not line.endswith(b"\n"):
            self._send_plain(414)
            return None
        try:
            request = self._understood(line.decode("latin-1"), _header_lines(reader), reader)
        except BadRequestError as error:
            self._send_plain(error.status)
            return None
        return self.answer(request)

    def answer(self, request: Request) -> Answer:
        """Have a request answered by the application."""
        environ, body, keep_alive = request
        status, headers, chunks = self._call(environ)
        head_only = environ["REQUEST_METHOD"] == "HEAD"
        fault = environ.get(_FAULT, "")
        keep_alive = keep_alive and not fault and body.left_is_small
        data = self._head(status, headers, keep_alive=keep_alive) + (b"" if head_only else chunks)
        return Answer(data, fault, body, keep_alive)

    def send(self, answer: Answer) -> bool:
        """Send an answer; return whether another request may follow."""
        if answer.fault:
            self._reader.close()
            socket_faults.play(answer.fault, self._sock, answer.data, self._server.sleep)
            return False
        self._sock.sendall(answer.data)
        if answer.keep_alive:
            answer.body.drain(_DRAINED)
        else:
            self._linger(answer.body)
        return answer.keep_alive

    def _understood(
        self, first: str, header_lines: Iterable[str], reader: io.BufferedReader | io.BytesIO
    ) -> Request:
        """Return a request from its first line and its headers; its body is still to be read."""
        try:
            method, target, version = first.split()
        except ValueError:
            raise BadRequestError(400) from None
        if version not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequestError(505 if version.startswith("HTTP/") else 400)
        environ = self._server.environment(method, target, version, self._client)
        for line in header_lines:
            _add_header(environ, line)
        connection = environ.get("HTTP_CONNECTION", "").lower()
        keep_alive = "close" not in connection and (version == "HTTP/1.1" or "keep-alive" in connection)
        go_on = None
        if version == "HTTP/1.1" and environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            go_on = self._go_on
        body = self._body(reader, environ, go_on)
        environ["wsgi.input"] = body
        return Request(environ, body, keep_alive)

    def _body(
        self,
        reader: io.BufferedReader | io.BytesIO,
        environ: dict[str, Any],
        go_on: Callable[[], None] | None,
    ) -> SizedBody | ChunkedBody:
        coding = environ.get("HTTP_TRANSFER_ENCODING", "")
        length = environ.get("CONTENT_LENGTH")
        if coding:
            if coding.lower() != "chunked" or length is not None:
                raise BadRequestError(501 if length is None else 400)
            environ["wsgi.input_terminated"] = True
            return ChunkedBody(reader, go_on)
        if length is not None and not (
            length.isascii() and length.isdecimal() and len(length) <= _LONGEST_NUMBER
        ):
            raise BadRequestError(400)
        return SizedBody(reader, int(length or 0), go_on)

    def _go_on(self) -> None:
        self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _call(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        """Call the application; return status line, headers, body. An exception becomes a plain 500."""
        started: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _exc_info: Any = None
        ) -> Callable[..., None]:
            started[:] = [status, headers]
            return started.append  # PEP 3333's write(), which nothing here calls

        try:
            result = self._server.app(environ, start_response)
            try:
                body = b"".join(result)
            finally:
                close = getattr(result, "close", None)
                if close is not None:
                    close()
        except BodyError:
            return _plain(400)
        return started[0], started[1], body

    def _head(self, status: str, headers: list[tuple[str, str]], *, keep_alive: bool) -> bytes:
        lines = [f"HTTP/1.1 {status}", f"Date: {self._server.date()}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if not keep_alive:
            lines.append("Connection: close")
        lines += ["", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _send_plain(self, status: int) -> None:
        line, headers, body = _plain(status)
        self._sock.sendall(self._head(line, headers, keep_alive=False) + body)

    def _linger(self, body: _Body) -> None:
        """Let the answer arrive: a close with unread input would reset the connection before it is read."""
        if not body.exhausted:
            self._sock.shutdown(socket.SHUT_WR)
            self._sock.settimeout(2.0)
            with contextlib.suppress(BodyError, OSError):
                body.drain(_DRAINED)


def _header_lines(reader: io.BufferedReader | io.BytesIO) -> Iterator[str]:
    """Yield the lines of a request's headers up to the empty one that ends them."""
    for _ in range(_MOST_HEADERS):
        line = reader.readline(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return
        if not line.endswith(b"\n") and line:
            raise BadRequestError(431)
        yield line.decode("latin-1")
    raise BadRequestError(431)


def _add_header(environ: dict[str, Any], line: str) -> None:
    name, colon, value = line.partition(":")
    key = _key_of(name) if colon else ""
    if not key:
        raise BadRequestError(400)
    if key == _DROPPED:
        return
    value = value.strip()
    if key in environ:
        if key in ("CONTENT_LENGTH", "HTTP_HOST"):
            raise BadRequestError(400)
        value = f"{environ[key]},{value}"
    environ[key] = value


@lru_cache(1000)
def _key_of(name: str) -> str:
    """Return what the WSGI environment calls a header; empty when it has no proper name."""
    if not name or name != name.strip():
        return ""
    if "_" in name:
        return _DROPPED  # "a_b" and "a-b" would be one variable: drop it, as other servers do
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key


def _plain(status: int) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status line, headers and body of an answer that the server gives by itself."""
    body = b'{"message":"%s"}' % _REASONS[status].encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return f"{status} {_REASONS[status]}", headers, body
