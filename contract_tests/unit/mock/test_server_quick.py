"""The server answers quick requests by itself, and nothing slow, large or odd holds them up."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from contract_tests.support.sockets import exchange, served

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMEOUT = 10
GET = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def quick(_method: str, path: str) -> bool:
    return path.startswith("/quick")


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with the thread's name and the body; ``/quick/broken`` breaks."""
    if environ["PATH_INFO"] == "/quick/broken":
        raise RuntimeError("a defect of the application")
    size = 1 << 20 if environ["PATH_INFO"] == "/quick/large" else 0
    body = threading.current_thread().name.encode() + b"|" + environ["wsgi.input"].read() + bytes(size)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def ask(sock: socket.socket, request: bytes = GET) -> bytes:
    sock.sendall(request)
    return sock.recv(1 << 16).partition(b"\r\n\r\n")[2]


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), TIMEOUT)


def test_quick_requests_share_the_accepting_thread() -> None:
    with served(echo, quick=quick) as port, connected(port) as one, connected(port) as other:
        names = {ask(sock) for sock in (one, other, one, other)}
        slow = ask(one, GET.replace(b"/quick", b"/other"))
    assert len(names) == 1
    assert slow not in names


def test_half_a_request_holds_nobody_up() -> None:
    with served(echo, quick=quick) as port, connected(port) as hesitant, connected(port) as other:
        hesitant.sendall(GET[:20])
        assert ask(other)
        assert ask(hesitant, GET[20:])
        assert ask(hesitant)


def test_a_request_that_waits_holds_nobody_up() -> None:
    let_go = threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/waits":
            assert let_go.wait(TIMEOUT)
        return echo(environ, start_response)

    with served(application, quick=quick) as port, connected(port) as waiting, connected(port) as other:
        waiting.sendall(GET.replace(b"/quick", b"/waits"))
        assert ask(other)
        let_go.set()
        assert waiting.recv(1 << 16)


def test_requests_sent_at_once_are_all_answered_in_order() -> None:
    with served(echo, quick=quick) as port:
        answers = exchange(port, GET + GET + LAST)
    assert answers.count(b"HTTP/1.1 200 OK") == 3


def test_a_body_arrives_whole_whatever_its_size() -> None:
    for size in (0, 1, 5000, 20_000, 300_000):
        body = b"b" * size
        request = b"POST /quick HTTP/1.1\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size + body
        with served(echo, quick=quick) as port:
            assert exchange(port, request).endswith(b"|" + body)


def test_a_chunked_body_arrives_whole() -> None:
    head = b"POST /quick HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    request = head + b"3\r\nabc\r\n0\r\n\r\n"
    with served(echo, quick=quick) as port:
        assert exchange(port, request).endswith(b"|abc")


def test_a_large_answer_to_a_client_that_does_not_read_holds_nobody_up() -> None:
    with served(echo, quick=quick) as port, connected(port) as lazy, connected(port) as other:
        lazy.sendall(GET.replace(b"/quick", b"/quick/large"))
        assert ask(other)
        got = 0
        while got < 1 << 20:
            got += len(lazy.recv(1 << 16))


def test_an_application_that_breaks_ends_its_connection_alone() -> None:
    with served(echo, quick=quick) as port, connected(port) as other:
        assert exchange(port, GET.replace(b"/quick", b"/quick/broken")) == b""
        assert ask(other)


def test_a_malformed_request_is_refused() -> None:
    with served(echo, quick=quick) as port:
        twice = b"GET /quick HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n"
        for request in (b"GET /quick\r\n\r\n", twice, b"GET /quick HTTP/1.1\r\nno colon\r\n\r\n"):
            assert exchange(port, request).startswith(b"HTTP/1.1 400 ")


def test_stopping_closes_waiting_connections() -> None:
    with served(echo, quick=quick) as port:
        sock = connected(port)
        assert ask(sock)
    with sock:
        assert sock.recv(1) == b""
