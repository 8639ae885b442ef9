from __future__ import annotations

import contextlib
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import encoded, picture
from contract_tests.support.sockets import exchange, served
from mock_server import PrecisionMock
from mock_server.server.cheroot_server import Connection, Server

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
PATIENCE = 10.0


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with what arrived."""
    body = environ["wsgi.input"].read()
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    answer = json.dumps({**seen, "body": body.decode("latin-1")}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def lazy(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer without reading the body."""
    start_response("413 Content Too Large", [("Content-Length", "2")])
    return [b"no"]


def large(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with more than any socket's buffer holds."""
    start_response("200 OK", [("Content-Length", str(64 << 20))])
    return [bytes(64 << 20)]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(echo) as number:
        yield number


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def test_a_request_becomes_an_environment(port: int) -> None:
    head = (
        b"POST /a%20b/%C3%A9?c=%20d HTTP/1.1\r\nHost: h:1\r\nContent-Type: t/x\r\nX-Two:  1 \r\nX-Two: 2\r\n"
    )
    raw = exchange(port, head + b"A_B: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody")
    seen = json.loads(raw.partition(b"\r\n\r\n")[2])
    expected = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": "c=%20d",
        "CONTENT_TYPE": "t/x",
        "CONTENT_LENGTH": "4",
        "HTTP_HOST": "h:1",
        "HTTP_X_TWO": "1, 2",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": "127.0.0.1",
        "body": "body",
    }
    assert {name: seen[name] for name in expected} == expected
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert "HTTP_A_B" not in seen


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_answered_with_http_or_nothing(port: int, raw: bytes) -> None:
    answer = exchange(port, raw)
    assert not answer or answer.startswith(b"HTTP/1.1 ")


def test_head_has_no_body(port: int) -> None:
    head, _, body = exchange(port, LAST.replace(b"GET", b"HEAD")).partition(b"\r\n\r\n")
    assert b"Content-Length" in head
    assert body == b""


def test_a_client_is_not_asked_for_a_body_that_nobody_reads() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    with served(lazy) as port:
        answer = exchange(port, head, finish=False)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer


@pytest.mark.parametrize("size", [5 << 20, 60 << 20])
def test_a_refusal_arrives_although_the_body_was_not_read(size: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size
    with served(lazy) as port:
        answer = exchange(port, head + bytes(size))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"no")


def test_a_small_unread_body_does_not_cost_the_connection() -> None:
    def refusing(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("401 Unauthorized", [("Content-Length", "2")])
        return [b"no"]

    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"
    with served(refusing) as port:
        assert exchange(port, head + b"GET / HTT" + LAST).count(b"HTTP/1.1 401") == 2


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a bug"), ValueError("a bug"), OSError("a bug"), ConnectionError("a bug")],
    ids=repr,
)
@pytest.mark.parametrize("late", [False, True])
def test_an_application_that_fails_is_answered_500_and_logged(
    error: Exception, late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def chunks() -> Iterator[bytes]:
            yield b"{"
            raise error

        if not late:
            raise error
        start_response("200 OK", [("Content-Length", "2")])
        return chunks()

    with served(broken) as port:
        answer = exchange(port, GET)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"message": "Internal Server Error"}
    assert "a bug" in caplog.text


# slow, silent and greedy clients


def ask(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


@pytest.mark.parametrize("clients", [30, 200])
@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nha", GET],
    ids=["silent", "half a head", "half a body", "idle"],
)
def test_clients_that_stall_hold_nobody_up(sent: bytes, clients: int) -> None:
    with served(echo) as port, ExitStack() as stack:
        for _ in range(clients):
            stack.enter_context(connected(port)).sendall(sent)
        assert ask(port) == 200


def test_clients_that_do_not_read_their_answers_hold_nobody_up() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return (large if environ["PATH_INFO"] == "/large" else echo)(environ, start_response)

    with served(application) as port, ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connected(port)).sendall(GET.replace(b"GET /", b"GET /large"))
        assert ask(port) == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET / HT", b"408"), (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nha", b"500")],
)
def test_a_client_that_stalls_is_answered_in_the_end(sent: bytes, status: bytes) -> None:
    with served(echo, idle_seconds=0.2) as port:
        assert exchange(port, sent, finish=False).split()[1] == status


def test_a_picture_that_unpacks_to_many_pixels_holds_nobody_up() -> None:
    bomb = json.dumps({"image": encoded(picture(5000, 5000, "WEBP")), "scale_factor": 2}).encode()
    headers = {"x-freepik-api-key": "mock-key", "Content-Type": "application/json"}
    with PrecisionMock() as mock:
        port = int(mock.url.rpartition(":")[2])
        done = threading.Event()

        def create() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with contextlib.closing(connection):
                connection.request("POST", CREATE_PATH, bomb, headers)
                assert connection.getresponse().status == 200
            done.set()

        thread = threading.Thread(target=create)
        thread.start()
        answered = 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            while not done.is_set():
                connection.request("GET", CREATE_PATH, headers=headers)
                connection.getresponse().read()
                answered += 1
        thread.join()
    assert answered > 5


def test_a_list_of_very_many_tasks_holds_nobody_up() -> None:
    headers = {"x-freepik-api-key": "mock-key", "Content-Type": "application/json"}
    with PrecisionMock() as mock:
        create = mock.app.service.create
        task = create("mock-key", {"image": encoded(picture())}, "", {}, mock.url)
        with mock.app.service.database.writing() as database:
            columns = (
                "owner, created_at, starts_at, ends_at, outcome, parameters, picture, width, height, scenario"
            )
            database.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                f" INSERT INTO tasks (task_id, {columns}, webhook_url, base, polls, megapixels)"
                f" SELECT printf('%08x-0000-4000-8000-000000000000', i), {columns}, '', '', 0, 0"
                " FROM n, tasks WHERE task_id = ?",
                (task.task_id,),
            )
        port = int(mock.url.rpartition(":")[2])
        listed: list[int] = []

        def read_list() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with contextlib.closing(connection):
                connection.request("GET", CREATE_PATH, headers=headers)
                listed.append(len(json.loads(connection.getresponse().read())["data"]))

        thread = threading.Thread(target=read_list)
        thread.start()
        answered = 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            while thread.is_alive():
                connection.request("GET", f"{CREATE_PATH}/{task.task_id}", headers=headers)
                assert connection.getresponse().read()
                answered += 1
        thread.join()
    assert listed == [20_001]
    assert answered > 5


# start and stop


@pytest.mark.parametrize("sent", [b"", GET, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nha"])
def test_stopping_closes_every_connection(sent: bytes) -> None:
    with ExitStack() as stack:
        with served(echo) as port:
            sock = stack.enter_context(connected(port))
            sock.sendall(sent)
            if sent == GET:
                assert sock.recv(1 << 16)
            started = time.monotonic()
        assert time.monotonic() - started < 5
        with contextlib.suppress(ConnectionError):
            while sock.recv(1 << 16):
                pass
        with pytest.raises(ConnectionRefusedError):
            connected(port)


def test_a_connection_that_begins_to_wait_while_the_server_stops_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(echo, "127.0.0.1", 0)
    server.prepare()
    put = server._connections.put
    stopper = threading.Thread(target=server.stop)
    waited = []

    def stop_meanwhile(conn: Any) -> None:
        stopper.start()
        stopper.join(0.1)
        waited.append(stopper.is_alive())
        put(conn)

    monkeypatch.setattr(server._connections, "put", stop_meanwhile)
    for _ in range(2):  # the second one comes when the server has stopped
        ours, theirs = socket.socketpair()
        server.put_conn(Connection(server, ours))
        stopper.join()
        with theirs:
            assert theirs.recv(1) == b""
    assert waited == [True]


def test_no_thread_and_no_statistics_are_left(port: int) -> None:
    def left() -> tuple[int, int]:
        return threading.active_count(), len(logging.statistics)  # type: ignore[attr-defined]  # cheroot adds it

    before = left()
    with served(echo) as own:
        assert ask(own) == 200
    assert left() == before


def test_a_server_may_be_stopped_before_it_serves_and_twice() -> None:
    server = Server(echo, "127.0.0.1", 0)
    server.prepare()
    server.request_stop()
    server.serve()
    server.stop()
    server.stop()


def test_an_address_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Server(echo, "127.0.0.1", taken.getsockname()[1]).prepare()


def test_a_connection_that_cannot_be_accepted_does_not_end_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(echo, "127.0.0.1", 0)
    server.prepare()
    accept, failures = server._connections._from_server_socket, [OSError("too many open files")]

    def fail_once(sock: socket.socket) -> Any:
        if failures:
            raise failures.pop()
        return accept(sock)

    monkeypatch.setattr(server._connections, "_from_server_socket", fail_once)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        assert ask(server.bind_addr[1]) == 200
    finally:
        server.request_stop()
        thread.join()
        server.stop()
    assert "too many open files" in caplog.text
