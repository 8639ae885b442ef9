from __future__ import annotations

import http.client
import io
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.sockets import exchange, served
from mock_server import PrecisionMock
from mock_server.server.request_body import BodyError, ChunkedBody, SizedBody
from mock_server.server.server import Shares


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


def always(_method: str, _path: str) -> bool:
    return True


@pytest.fixture(scope="module", params=[{}, {"quick": always}], ids=["threads", "quick"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(echo, **request.param) as number:
        yield number


def ask(port: int, head: str, body: bytes = b"") -> dict[str, Any]:
    raw = exchange(port, head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
    found: dict[str, Any] = json.loads(raw.partition(b"\r\n\r\n")[2])
    return found


def status_of(port: int, raw: bytes) -> int:
    return int(exchange(port, raw).split(b" ", 2)[1])


def test_a_request_becomes_an_environment(port: int) -> None:
    head = "POST /a%20b/%C3%A9?c=%20d HTTP/1.1\nHost: h:1\nContent-Type: t/x\nX-Two:  1 \nX-Two: 2"
    seen = ask(port, f"{head}\nContent-Length: 4", b"body")
    expected = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": "c=%20d",
        "CONTENT_TYPE": "t/x",
        "HTTP_HOST": "h:1",
        "HTTP_X_TWO": "1,2",
        "body": "body",
    }
    assert {name: seen[name] for name in expected} == expected
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert (seen["REMOTE_ADDR"], seen["SERVER_PORT"]) == ("127.0.0.1", str(port))


def test_headers_with_an_underscore_are_dropped(port: int) -> None:
    assert "HTTP_A_B" not in ask(port, "GET / HTTP/1.1\nA_B: x")


@pytest.mark.parametrize(
    ("target", "path"), [("http://h/x?y", "/x"), ("http://h", "/"), ("http://h/a/b/c", "/a/b/c")]
)
def test_the_proxies_form_of_a_target(port: int, target: str, path: str) -> None:
    assert ask(port, f"GET {target} HTTP/1.1")["PATH_INFO"] == path


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / FTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n A: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", 200),
    ],
    ids=lambda value: value[:45] if isinstance(value, bytes) else None,
)
def test_what_is_malformed_is_answered_and_the_connection_closed(port: int, raw: bytes, status: int) -> None:
    assert status_of(port, raw) == status


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_are_answered_with_http_or_nothing(raw: bytes) -> None:
    with served(echo, quick=always) as number:
        answer = exchange(number, raw)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


def test_a_connection_serves_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number in range(5):
        connection.request("POST", f"/{number}", b"x" * number)
        answer = json.load(connection.getresponse())
        assert (answer["PATH_INFO"], len(answer["body"])) == (f"/{number}", number)
    connection.close()


def test_requests_may_be_sent_at_once(port: int) -> None:
    raw = b"".join(b"POST /%d HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" % number for number in range(3))
    assert exchange(port, raw).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_a_connection_is_closed_when_that_is_wanted(port: int, head: bytes, closes: bool) -> None:
    assert (b"Connection: close" in exchange(port, head)) is closes
    assert exchange(port, head * 2).count(b"200 OK") == (1 if closes else 2)


def test_chunks_are_put_together(port: int) -> None:
    body = b"4;name=value\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
    assert ask(port, "POST / HTTP/1.1\nTransfer-Encoding: chunked", body)["body"] == "Wikipedia"


def test_a_client_is_told_to_go_on_when_the_body_is_wanted(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.sendall(head)
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert b'"body": "ok"' in sock.recv(10_000)


def test_a_client_is_not_told_to_go_on_when_it_is_not() -> None:
    with served(lazy) as number:
        raw = b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        assert exchange(number, raw, finish=False).startswith(b"HTTP/1.1 413 ")


def test_a_refusal_arrives_although_the_body_was_not_read() -> None:
    with served(lazy) as number, socket.create_connection(("127.0.0.1", number), 10) as sock:
        size = 8 << 20
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
        sender = threading.Thread(target=sock.sendall, args=(bytes(size),))
        sender.start()
        sender.join()
        assert sock.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_small_unread_body_does_not_cost_the_connection() -> None:
    with served(lazy) as number:
        raw = b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" * 2
        assert exchange(number, raw).count(b"413 ") == 2


def test_head_has_no_body(port: int) -> None:
    raw = exchange(port, b"HEAD / HTTP/1.1\r\n\r\n")
    assert raw.endswith(b"\r\n\r\n")
    assert b"Content-Length: " in raw


@pytest.mark.parametrize("more", [{}, {"quick": always}], ids=["threads", "quick"])
def test_stopping_closes_every_connection(more: dict[str, Any]) -> None:
    with served(echo, **more) as number:
        sock = socket.create_connection(("127.0.0.1", number), 10)
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert sock.recv(10_000)
    with sock:
        assert sock.recv(1) == b""
    with pytest.raises(OSError, match=r"(?i)refused"):
        socket.create_connection(("127.0.0.1", number), 10)


BROKEN = [
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n",
    b"Content-Length: 50\r\n\r\n{}",
]


@pytest.mark.parametrize("raw", BROKEN, ids=["size", "broken off", "end", "short"])
@pytest.mark.parametrize(
    ("target", "shape"),
    [
        (f"POST {CREATE_PATH}", "invalid_params"),
        ("PUT /__mock__/snapshot", "message"),
        ("POST /nope", "message"),
    ],
)
def test_a_broken_body_is_a_400_in_json_and_written_down(target: str, shape: str, raw: bytes) -> None:
    with PrecisionMock() as mock:
        head = f"{target} HTTP/1.1\r\nHost: localhost\r\nx-freepik-api-key: mock-key\r\n"
        head += "Content-Type: application/json\r\n"
        port = int(mock.url.rpartition(":")[2])
        answer = exchange(port, head.encode() + raw)
        status, _, body = answer.partition(b"\r\n\r\n")
        assert status.split(b" ")[1] == (b"404" if target.endswith("nope") else b"400")
        assert shape in json.loads(body)
        assert b"HTTP/1.1" not in body, "what is left of the body is no second request"
        seen = [(entry["path"], entry["status"]) for entry in mock.requests]
    assert seen == ([] if "__mock__" in target else [(target.split()[1], int(status.split()[1]))])


# bodies as streams


@given(st.binary(max_size=2000), st.lists(st.integers(1, 200), max_size=20), st.integers(1, 300))
def test_a_body_in_chunks_is_the_same_body(data: bytes, sizes: list[int], step: int) -> None:
    chunks, rest = [], data
    for size in sizes:
        if rest:
            chunks.append(rest[:size])
            rest = rest[size:]
    if rest:
        chunks.append(rest)
    raw = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\nnext"
    reader: io.BufferedReader = io.BufferedReader(io.BytesIO(raw))
    body = ChunkedBody(reader)
    pieces = []
    while piece := body.read(step):
        pieces.append(piece)
    assert b"".join(pieces) == data
    assert body.exhausted
    assert reader.read() == b"next"


@given(st.binary(max_size=500))
def test_lines_are_those_of_python(data: bytes) -> None:
    def body() -> SizedBody:
        return SizedBody(io.BufferedReader(io.BytesIO(data)), len(data))

    assert list(body()) == body().readlines() == io.BytesIO(data).readlines()
    assert body().readline(3) == io.BytesIO(data).readline(3)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"5\r\nab",
        b"2\r\nabX\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"2\r\nab\r\n",
        b"0\r\n" + b"a: b\r\n" * 200,
    ],
)
def test_broken_chunks_are_an_error(raw: bytes) -> None:
    with pytest.raises(BodyError):
        ChunkedBody(io.BufferedReader(io.BytesIO(raw))).read()


def test_of_several_processes_the_one_with_fewest_connections_takes_the_next() -> None:
    shares = Shares(2)
    shares.put(1, 1)  # the other process has one connection, and takes no other
    with served(echo, share=(shares, 0), quick=always) as port, ExitStack() as stack:
        for _ in range(3):  # the first is ours to take; the others are left to the other for a moment
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert shares.most(0)
        assert not shares.most(1)
    alone = Shares(1)
    alone.put(0, 7)
    assert not alone.most(0)


def test_a_share_is_given_back() -> None:
    shares = Shares(2)
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with served(echo, share=(shares, 0)) as port:
        assert exchange(port, request).startswith(b"HTTP/1.1 200")
    assert not shares.most(0)
