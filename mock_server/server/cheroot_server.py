"""cheroot as the mock needs it: strict about HTTP, never blocked by a slow client, quick to start and stop.

cheroot owns sockets, connections and worker threads. Added here: the request head and chunked bodies are
parsed as RFC 9112 demands (:mod:`.http_head`), errors are answered in JSON, a worker thread is added whenever
none is free, and the application gets the connection's socket, on which it plays wire faults.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import socket
import sys
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from cheroot import server as cheroot
from cheroot import wsgi
from cheroot.workers.threadpool import _SHUTDOWNREQUEST, ThreadPool, WorkerThread

from .http_head import LONGEST_LINE, BadRequestError, parse_chunk_size, parse_field, parse_head
from .socket_faults import PLAYED, SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)
IDLE_SECONDS = 75.0
"""How long a connection may be silent, in seconds."""
_MOST_LINES = 101
_MOST_THREADS = 1000
_GRACE_SECONDS = 0.25  # for requests in progress when the server stops
_CLOSE_SECONDS = 2.0  # for the rest of a request that was answered before it was read
_CLOSE_BYTES = 64 << 20
_PIECE = 256 << 10
_PAUSE_SECONDS = 0.05
_SMALL_REST = 1 << 20  # bytes of an unread body that are read so that the connection can go on


class _Body(io.RawIOBase):
    """The body of a request as a stream; asks for it first where the client waits for ``100 Continue``."""

    def __init__(self, connection: Connection, length: int | None, *, expects_continue: bool) -> None:
        self._connection = connection
        self._chunked = length is None
        self._left = length or 0  # bytes of the body, or of the present chunk
        self._asks = expects_continue
        self.ended = length == 0
        self.broken = False

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    @property
    def can_be_skipped(self) -> bool:
        """Whether what is unread is worth reading so that the connection can go on."""
        small = not self._chunked and self._left <= _SMALL_REST
        return self.ended or (small and not self._asks and not self.broken)

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; :class:`BadRequestError` when the body is malformed or breaks off."""
        if self.broken:
            raise BadRequestError(400, "The body is malformed or broke off")
        if self._asks:
            self._asks = False
            self._connection.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            return 0 if self.ended else self._read_some(buffer)
        except (OSError, BadRequestError):
            self.broken = True
            raise

    def _read_some(self, buffer: Any) -> int:
        stream = self._connection.rfile
        if self._chunked and not self._left:
            self._left = parse_chunk_size(stream.readline(LONGEST_LINE))
            if not self._left:
                self._read_trailer()
                return 0
        data = stream.read1(min(len(buffer), self._left))
        if not data:
            raise BadRequestError(400, "The body broke off")
        buffer[: len(data)] = data
        self._left -= len(data)
        if self._chunked and not self._left and stream.read(2) != b"\r\n":
            raise BadRequestError(400, "A chunk does not end where it should")
        self.ended = not self._chunked and not self._left
        return len(data)

    def _read_trailer(self) -> None:
        """Read the trailer and drop it."""
        for _ in range(_MOST_LINES):
            line = self._connection.rfile.readline(LONGEST_LINE + 1)
            if line == b"\r\n":
                self.ended = True
                return
            parse_field(line)
        raise BadRequestError(400, "The trailer is too long")


class _Request(cheroot.HTTPRequest):  # type: ignore[misc]  # cheroot has no types
    """One request and its answer."""

    body: _Body

    def parse_request(self) -> None:
        """Read the head and set what cheroot goes by; answer a head that is refused."""
        try:
            lines = self._read_lines()
            if not lines:
                return
            head = parse_head(lines[0], lines[1:])
        except BadRequestError as error:
            self.conn.unread = True
            self.simple_response(f"{error.status} {HTTPStatus(error.status).phrase}", str(error))
            return
        self.uri, self.method, self.qs, self.scheme = head.target, head.method, head.query, b"http"
        self.path = unquote_to_bytes(head.path)
        self.authority = head.headers.get(b"host", b"")
        self.request_protocol, self.response_protocol = head.version, head.version.decode()
        self.inheaders = head.headers
        self.close_connection = not head.keep_alive
        self.chunked_read = head.length is None
        self.body = _Body(self.conn, head.length, expects_continue=head.expects_continue)
        self.rfile = io.BufferedReader(self.body, self.conn.rbufsize)
        self.ready = True

    def _read_lines(self) -> list[bytes]:
        """Return the lines of the head without the empty one at its end; none when the client has left."""
        stream = self.conn.rfile
        line = stream.readline(LONGEST_LINE + 1)
        if line == b"\r\n":  # RFC 9112, 2.2: an empty line before the request line is ignored
            line = stream.readline(LONGEST_LINE + 1)
        self.started_request = bool(line)
        lines: list[bytes] = []
        while line not in (b"", b"\r\n") and line.endswith(b"\r\n") and len(lines) <= _MOST_LINES:
            lines.append(line)
            line = stream.readline(LONGEST_LINE + 1)
        if line and line != b"\r\n":
            lines.append(line)  # too long, too many, or without CRLF: parse_head says which
        elif lines and not line:
            raise BadRequestError(400, "The request broke off")
        return lines

    def respond(self) -> None:
        """Have the request answered by the application, and send the answer."""
        self.server.gateway(self).respond()
        if self.ready and self.body.broken:
            self.close_connection = True
        if self.ready and not self.body.ended:
            if self.close_connection:
                self.conn.unread = True
            else:
                self.rfile.read()

    def write(self, chunk: bytes) -> None:
        """Send bytes; cheroot's own file would copy all that is left for each piece."""
        view = memoryview(chunk)
        while view:
            view = view[self.conn.socket.send(view[:_PIECE]) :]

    def simple_response(self, status: str, msg: str = "") -> None:
        """Answer in JSON, and close: what the server itself refuses leaves no sound connection."""
        self.sent_headers = self.close_connection = True
        body = json.dumps({"message": msg or status[4:]}, separators=(",", ":")).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            self.conn.wfile.write(head.encode("latin-1") + body)


class _Gateway(wsgi.Gateway_10):  # type: ignore[misc]  # cheroot has no types
    """Calls the application."""

    def get_environ(self) -> dict[str, Any]:
        """Return the WSGI environment, with the socket and the address that the client reached."""
        environ: dict[str, Any] = super().get_environ()
        sock = self.req.conn.socket
        host, port = sock.getsockname()[:2]
        server = {"SERVER_NAME": f"[{host}]" if ":" in host else host, "SERVER_PORT": str(port), SOCKET: sock}
        return {**environ, **server}

    def respond(self) -> None:
        """Call the application; a failure of its is logged and answered 500, whatever its class."""
        req = self.req
        try:
            chunks = req.server.wsgi_app(self.env, self.start_response)
            try:
                body = b"".join(chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close:
                    close()
        except Exception:
            log.exception("the application failed")
            req.conn.unread = True
            req.simple_response("500 Internal Server Error")
            return
        if PLAYED in self.env:
            req.ready, req.close_connection = False, True
            return
        req.close_connection = req.close_connection or not req.body.can_be_skipped
        if self.remaining_bytes_out is None and body:
            req.outheaders.append((b"Content-Length", str(len(body)).encode()))
        req.ensure_headers_sent()
        if req.method != b"HEAD":
            req.write(body)


class Connection(cheroot.HTTPConnection):  # type: ignore[misc]  # cheroot has no types
    """One client's connection. ``unread`` says that the client may still be sending."""

    RequestHandlerClass = _Request
    rbufsize = 64 << 10
    unread = False

    def close(self) -> None:
        """Close the connection, after what the client still sends: else the answer could be lost."""
        with contextlib.suppress(OSError, ValueError):
            if self.unread:
                self._read_rest()
            super().close()
        self.socket.close()

    def _read_rest(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)
        deadline, left = time.monotonic() + _CLOSE_SECONDS, _CLOSE_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.socket.settimeout(seconds)
            data = self.socket.recv(self.rbufsize)
            if not data:
                return
            left -= len(data)


class _Threads(ThreadPool):  # type: ignore[misc]  # cheroot has no types
    """Worker threads, one more whenever a connection would have to wait: slow clients block nobody."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, min=1)
        self._lock = threading.Lock()
        self._free = 0  # workers that wait or are about to, less the connections that wait for them
        self.get = self._get

    def _get(self) -> Any:
        with self._lock:
            self._free += 1
        return self._queue.get()

    def put(self, obj: Any) -> None:
        """Hand a connection to a worker."""
        with self._lock:
            self._free -= 1
            if self._free < 0 and len(self._threads) < _MOST_THREADS:
                self.grow(1)
        self._queue.put(obj)

    def grow(self, amount: int) -> None:
        """Start more workers, without cheroot's wait of a tenth of a second for each."""
        self._threads.extend(self._spawn_worker() for _ in range(amount))

    def _spawn_worker(self) -> WorkerThread:
        worker = WorkerThread(self.server)
        worker.daemon = True
        worker.start()
        return worker

    def stop(self, timeout: float = _GRACE_SECONDS) -> None:
        """End the workers; connections that are still busy after ``timeout`` seconds are cut."""
        workers = list(self._clear_threads())
        for _ in workers:
            self._queue.put(_SHUTDOWNREQUEST)
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        for worker in workers:
            conn = worker.conn
            if worker.is_alive() and conn is not None:
                with contextlib.suppress(OSError):
                    conn.socket.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))


class _StoppedError(Exception):
    """The server's loop is to end."""


class _Waker:
    """A socket that ends the server's loop when a byte arrives; to cheroot it is an idle connection."""

    def __init__(self) -> None:
        self.socket, self._sender = socket.socketpair()
        self.rfile = self

    @property
    def last_used(self) -> float:
        """When it was used: it never expires."""
        return math.inf

    @last_used.setter
    def last_used(self, _seconds: float) -> None:
        pass

    def has_data(self) -> bool:
        """Return whether something was read and not used."""
        return False

    def wake(self) -> None:
        """End the loop."""
        with contextlib.suppress(OSError):
            self._sender.send(b".")

    def close(self) -> None:
        """Close both ends."""
        self.socket.close()
        self._sender.close()


class Server(wsgi.Server):  # type: ignore[misc]  # cheroot has no types
    """Serves a WSGI application: :meth:`prepare` binds, :meth:`serve` works until :meth:`request_stop`.

    Call :meth:`stop` after that in any case. ``idle_seconds`` is how long a connection may be silent.
    """

    ConnectionClass = Connection
    gateway = _Gateway
    keep_alive_conn_limit = None
    ready = False
    expiration_interval = 5.0

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        host: str,
        port: int,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(
            (host, port), app, server_name="precision-mock", request_queue_size=128, timeout=idle_seconds
        )
        self.gateway = _Gateway
        self.requests = _Threads(self)
        self._parking = threading.Lock()  # held while a connection begins to wait, or all waiting ends
        self._bind_error = OSError("the address cannot be resolved")
        self._waker = _Waker()

    @property
    def url(self) -> str:
        """The address clients reach the server at, without a last slash."""
        host, port = self.bind_addr
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def bind_socket(self, sock: socket.socket, address: tuple[str, int]) -> socket.socket:
        """Bind a socket; keep the reason where that fails, which cheroot buries in a text."""
        try:
            sock.bind(address)
        except OSError as error:
            sock.close()
            self._bind_error = error
            raise
        # cheroot leaves it out for a free port, where set earlier it could take another program's; without it
        # a port stays occupied for a minute by the connections of a mock that was killed
        if sys.platform != "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return sock

    def prepare(self) -> None:
        """Bind and listen, start the first worker. OSError when the address cannot be had."""
        try:
            super().prepare()
        except OSError:
            self._release()
            raise self._bind_error from None
        self._connections.put(self._waker)

    def serve(self) -> None:
        """Accept connections until :meth:`request_stop`."""
        while True:
            try:
                self._connections.run(self.expiration_interval)
            except _StoppedError:
                return
            except Exception:  # such as too many open files: the next connection may be accepted
                log.exception("a connection could not be accepted")
                time.sleep(_PAUSE_SECONDS)

    def process_conn(self, conn: Any) -> None:
        """Hand a connection with a request to a worker."""
        if conn is self._waker:
            raise _StoppedError
        self.requests.put(conn)

    def put_conn(self, conn: Any) -> None:
        """Let a connection wait for its next request; close it when the server has been stopped meanwhile."""
        with self._parking:
            if self.ready:
                self._connections.put(conn)
                return
        conn.close()

    def request_stop(self) -> None:
        """Make :meth:`serve` return, or not begin. Safe from any thread and from a signal handler."""
        self._waker.wake()

    def stop(self) -> None:
        """Cut the connections and close the socket. For after :meth:`serve`; safe to call twice."""
        with self._parking:
            running, self.ready = self.ready, False
        if running:
            self.requests.stop()
            self._connections.close()
            self.socket.close()
        self._release()

    def _release(self) -> None:
        self._waker.close()
        logging.statistics.pop(f"Cheroot HTTPServer {id(self)}", None)  # type: ignore[attr-defined]  # cheroot adds it

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Write what cheroot has to say to our log."""
        log.log(level, "%s", msg, exc_info=traceback)
