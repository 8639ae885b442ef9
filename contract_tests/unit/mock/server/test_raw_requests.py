"""Requests as bytes: each is answered as RFC 9112 wants, or refused, and what follows is never misread.

Every case is sent with a second request behind it. ``[200, 200]`` says that both were understood, ``[200]``
that the connection was closed after the first, ``[400]`` that the first was refused and the connection
closed: then nothing of what follows may be taken for a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.support.sockets import exchange, served
from mock_server.server.http_head import BadRequestError, parse_chunk_size, parse_field, parse_head

HOST = b"Host: h\r\n"
AFTER = b"GET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
BOTH, ONE = [200, 200], [200]


def get(*lines: bytes, target: bytes = b"/", version: bytes = b"HTTP/1.1", host: bytes = HOST) -> bytes:
    return (
        b"GET "
        + target
        + b" "
        + version
        + b"\r\n"
        + host
        + b"".join(line + b"\r\n" for line in lines)
        + b"\r\n"
    )


def post(*lines: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    head = b"POST / " + version + b"\r\n" + HOST + b"".join(line + b"\r\n" for line in lines)
    return head + b"\r\n" + body


def chunked(body: bytes, *lines: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", *lines, body=body)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
WIKI = b"4\r\nWiki\r\n0\r\n\r\n"
Case = tuple[bytes, list[int]]

LENGTHS: dict[str, Case] = {
    "a length": (post(b"Content-Length: 4", body=b"body"), BOTH),
    "length 0": (post(b"Content-Length: 0"), BOTH),
    "no length": (post(), BOTH),
    "leading zeros": (post(b"Content-Length: 0004", body=b"body"), BOTH),
    "GET with a body": (get(b"Content-Length: 4") + b"body", BOTH),
    "two lengths": (post(b"Content-Length: 4", b"Content-Length: 44", body=b"body"), [400]),
    "two equal lengths": (post(b"Content-Length: 4", b"Content-Length: 4", body=b"body"), [400]),
    "two lengths, the other order": (post(b"Content-Length: 44", b"Content-Length: 0", body=SMUGGLED), [400]),
    "lengths in a list": (post(b"Content-Length: 4, 4", body=b"body"), [400]),
    "length with a sign": (post(b"Content-Length: +4", body=b"body"), [400]),
    "negative length": (post(b"Content-Length: -4", body=b"body"), [400]),
    "length with an underscore": (post(b"Content-Length: 1_0", body=b"bodybodybo"), [400]),
    "hexadecimal length": (post(b"Content-Length: 0x4", body=b"body"), [400]),
    "length with a fraction": (post(b"Content-Length: 4.0", body=b"body"), [400]),
    "length in words": (post(b"Content-Length: four", body=b"body"), [400]),
    "empty length": (post(b"Content-Length:", body=b""), [400]),
    "huge length": (post(b"Content-Length: " + b"9" * 30), [400]),
    "length in other digits": (post("Content-Length: ٤".encode(), body=b"body"), [400]),
    "length with space before the colon": (post(b"Content-Length : 4", body=b"body"), [400]),
    "length with a tab before the colon": (post(b"Content-Length\t: 4", body=b"body"), [400]),
    "length with an underscore in its name": (post(b"Content_Length: 4"), BOTH),
    "length with space around": (post(b"Content-Length: \t 4 \t", body=b"body"), BOTH),
}

CODINGS: dict[str, Case] = {
    "chunked": (chunked(WIKI), BOTH),
    "chunked in capitals": (post(b"transfer-encoding: CHUNKED", body=WIKI), BOTH),
    "chunked and a length": (chunked(WIKI, b"Content-Length: 4"), [400]),
    "a length and chunked": (post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=WIKI), [400]),
    "chunked twice": (chunked(WIKI, b"Transfer-Encoding: chunked"), [400]),
    "chunked, chunked": (post(b"Transfer-Encoding: chunked, chunked", body=WIKI), [400]),
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked", body=WIKI), [501]),
    "chunked, gzip": (post(b"Transfer-Encoding: chunked, gzip", body=WIKI), [400]),
    "gzip": (post(b"Transfer-Encoding: gzip", body=WIKI), [400]),
    "identity": (post(b"Transfer-Encoding: identity", body=SMUGGLED), [400]),
    "chunked, identity": (post(b"Transfer-Encoding: chunked, identity", body=WIKI), [400]),
    "identity, chunked": (post(b"Transfer-Encoding: identity, chunked", body=WIKI), [501]),
    "xchunked": (post(b"Transfer-Encoding: xchunked", body=WIKI), [400]),
    "empty coding": (post(b"Transfer-Encoding:", body=WIKI), [400]),
    "quoted chunked": (post(b'Transfer-Encoding: "chunked"', body=WIKI), [400]),
    "chunked with a parameter": (post(b"Transfer-Encoding: chunked;q=1", body=WIKI), [400]),
    "chunked with vertical tab": (post(b"Transfer-Encoding: \x0bchunked", body=WIKI), [400]),
    "coding with space before the colon": (post(b"Transfer-Encoding : chunked", body=WIKI), [400]),
    "folded coding": (post(b"Transfer-Encoding:\r\n chunked", body=WIKI), [400]),
    "coding with an underscore in its name": (post(b"Transfer_Encoding: chunked"), BOTH),
    "chunked in HTTP/1.0": (
        post(b"Transfer-Encoding: chunked", b"Connection: keep-alive", body=WIKI, version=b"HTTP/1.0"), [400],
    ),
}  # fmt: skip

CHUNKS: dict[str, Case] = {
    "two chunks": (chunked(b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n"), BOTH),
    "no chunk": (chunked(b"0\r\n\r\n"), BOTH),
    "a chunk's extension": (chunked(b"4;name=value\r\nWiki\r\n0;last\r\n\r\n"), BOTH),
    "a quoted extension": (chunked(b'4;a="b c"\r\nWiki\r\n0\r\n\r\n'), BOTH),
    "capital digits": (chunked(b"A\r\n0123456789\r\n0\r\n\r\n"), BOTH),
    "leading zeros of a chunk": (chunked(b"004\r\nWiki\r\n000\r\n\r\n"), BOTH),
    "a trailer": (chunked(b"4\r\nWiki\r\n0\r\nChecksum: x\r\n\r\n"), BOTH),
    "a trailer that looks like a request": (chunked(b"0\r\nX: GET /smuggled HTTP/1.1\r\n\r\n"), BOTH),
    "size with 0x": (chunked(b"0x4\r\nWiki\r\n0\r\n\r\n"), [400]),
    "size with a sign": (chunked(b"+4\r\nWiki\r\n0\r\n\r\n"), [400]),
    "negative size": (chunked(b"-4\r\n" + SMUGGLED), [400]),
    "negative zero": (chunked(b"-0\r\n\r\n" + SMUGGLED), [400]),
    "size with an underscore": (chunked(b"1_0\r\n0123456789012345\r\n0\r\n\r\n"), [400]),
    "size in words": (chunked(b"four\r\nWiki\r\n0\r\n\r\n"), [400]),
    "empty size": (chunked(b"\r\nWiki\r\n0\r\n\r\n"), [400]),
    "space before the size": (chunked(b" 4\r\nWiki\r\n0\r\n\r\n"), [400]),
    "huge size": (chunked(b"f" * 17 + b"\r\nWiki\r\n0\r\n\r\n"), [400]),
    "size that overflows": (chunked(b"1" + b"0" * 15 + b"4\r\nWiki\r\n0\r\n\r\n"), [400]),
    "size line of 20,000 bytes": (chunked(b"4;" + b"x" * 20_000 + b"\r\nWiki\r\n0\r\n\r\n"), [400]),
    "a bare LF after the size": (chunked(b"4\nWiki\r\n0\r\n\r\n"), [400]),
    "a bare CR after the size": (chunked(b"4\rWiki\r\n0\r\n\r\n"), [400]),
    "a bare CR in an extension": (chunked(b"4;a\rb\r\nWiki\r\n0\r\n\r\n"), [400]),
    "chunk longer than its size": (chunked(b"3\r\nWiki\r\n0\r\n\r\n"), [400]),
    "chunk ends with LF": (chunked(b"4\r\nWiki\n0\r\n\r\n"), [400]),
    "chunk ends with other bytes": (chunked(b"4\r\nWikiXX0\r\n\r\n"), [400]),
    "trailer of 200 lines": (chunked(b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n"), [400]),
    "trailer line of 20,000 bytes": (chunked(b"0\r\nA: " + b"x" * 20_000 + b"\r\n\r\n"), [400]),
    "trailer without a colon": (chunked(b"0\r\n" + SMUGGLED), [400]),
    "folded trailer": (chunked(b"0\r\nA: b\r\n c\r\n\r\n"), [400]),
    "trailer with NUL": (chunked(b"0\r\nA: \x00\r\n\r\n"), [400]),
}

HOSTS: dict[str, Case] = {
    "a host": (get(host=b"Host: example.org\r\n"), BOTH),
    "host and port": (get(host=b"Host: example.org:8000\r\n"), BOTH),
    "host of Docker": (get(host=b"Host: my_mock:8000\r\n"), BOTH),
    "host of IPv6": (get(host=b"Host: [::1]:8000\r\n"), BOTH),
    "empty host": (get(host=b"Host:\r\n"), BOTH),
    "no host": (get(host=b""), [400]),
    "two hosts": (get(host=b"Host: a\r\nHost: b\r\n"), [400]),
    "two equal hosts": (get(host=b"Host: a\r\nHost: a\r\n"), [400]),
    "hosts in a list": (get(host=b"Host: a, b\r\n"), [400]),
    "host with a path": (get(host=b"Host: a/b\r\n"), [400]),
    "host with a user": (get(host=b"Host: me@a\r\n"), [400]),
    "host with a space": (get(host=b"Host: a b\r\n"), [400]),
    "host with a port in words": (get(host=b"Host: a:b\r\n"), [400]),
    "host with a scheme": (get(host=b"Host: http://a\r\n"), [400]),
    "host with an open bracket": (get(host=b"Host: [::1\r\n"), [400]),
    "host beyond ASCII": (get(host="Host: ü\r\n".encode()), [400]),
    "no host in HTTP/1.0": (get(host=b"", version=b"HTTP/1.0"), ONE),
    "space before the colon of host": (get(host=b"Host : a\r\n"), [400]),
}

TARGETS: dict[str, Case] = {
    "absolute form": (get(target=b"http://other:1/x?y"), BOTH),
    "absolute form without a path": (get(target=b"http://other"), BOTH),
    "absolute form with a query alone": (get(target=b"http://other?y"), BOTH),
    "absolute form in capitals": (get(target=b"HTTP://other/x"), BOTH),
    "absolute form without Host": (get(target=b"http://other/x", host=b""), BOTH),
    "absolute form with a user": (get(target=b"http://me:x@other/x"), [400]),
    "absolute form without an authority": (get(target=b"http:///x"), [400]),
    "absolute form of another scheme": (get(target=b"ftp://other/x"), [400]),
    "two slashes": (get(target=b"//other/x"), BOTH),
    "no slash": (get(target=b"x"), [400]),
    "fragment": (get(target=b"/x#y"), [400]),
    "asterisk": (get(target=b"*"), [400]),
    "OPTIONS with an asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", BOTH),
    "CONNECT": (b"CONNECT other:443 HTTP/1.1\r\n" + HOST + b"\r\n", [501]),
    "target beyond ASCII": (get(target="/ü".encode()), [400]),
    "target with a tab": (get(target=b"/a\tb"), [400]),
    "target with NUL": (get(target=b"/a\x00b"), [400]),
    "target with escaped NUL": (get(target=b"/a%00b"), BOTH),
    "target with escaped CRLF": (get(target=b"/a%0d%0aX: y"), [400]),
    "target with a broken escape": (get(target=b"/%zz%"), BOTH),
    "target of 20,000 bytes": (get(target=b"/" + b"x" * 20_000), [414]),
    "target of 10,000 bytes": (get(target=b"/" + b"x" * 10_000), BOTH),
}

LINES: dict[str, Case] = {
    "an empty line first": (b"\r\n" + get(), BOTH),
    "two empty lines first": (b"\r\n\r\n" + get(), []),
    "bare LF at the ends of lines": (b"GET / HTTP/1.1\nHost: h\n\n", [400]),
    "bare LF at the end of a header": (b"GET / HTTP/1.1\r\nHost: h\n\r\n", [400]),
    "bare CR in a value": (get(b"A: b\rc"), [400]),
    "bare CR before a name": (get(b"\rA: b"), [400]),
    "bare CR in the request line": (b"GET /\rx HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "NUL in a value": (get(b"A: b\x00c"), [400]),
    "NUL in a name": (get(b"A\x00: b"), [400]),
    "DEL in a value": (get(b"A: b\x7fc"), [400]),
    "escape in a value": (get(b"A: b\x1bc"), [400]),
    "bytes beyond ASCII in a value": (get(b"A: \xff\xfe"), BOTH),
    "a tab in a value": (get(b"A: b\tc"), BOTH),
    "an empty value": (get(b"A:"), BOTH),
    "no space after the colon": (get(b"A:b"), BOTH),
    "no colon": (get(b"no colon"), [400]),
    "no name": (get(b": b"), [400]),
    "space in a name": (get(b"A B: c"), [400]),
    "bracket in a name": (get(b"A[b]: c"), [400]),
    "folded line": (get(b"A: b", b" c"), [400]),
    "folded first line": (b"GET / HTTP/1.1\r\n Host: h\r\n\r\n", [400]),
    "line of 20,000 bytes": (get(b"A: " + b"x" * 20_000), [431]),
    "a hundred lines": (get(*(b"A%d: b" % number for number in range(99))), BOTH),
    "two hundred lines": (get(*(b"A%d: b" % number for number in range(200))), [431]),
    "a line twice": (get(b"A: b", b"A: c"), BOTH),
    "content types": (post(b"Content-Type: a/b", b"Content-Type: c/d"), [400]),
    "lower case method": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", BOTH),
    "unknown method": (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", BOTH),
    "method that is no token": (b"GE(T / HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "tab for a space": (b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "space first": (b" GET / HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "space last": (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", [400]),
    "four words": (b"GET / x HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "two words": (b"GET /\r\n" + HOST + b"\r\n", [400]),
    "a handshake of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [400]),
    "a preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505]),
}

VERSIONS: dict[str, Case] = {
    "HTTP/1.0": (get(version=b"HTTP/1.0"), ONE),
    "HTTP/1.0 with keep-alive": (get(b"Connection: keep-alive", version=b"HTTP/1.0"), BOTH),
    "HTTP/1.0 with Keep-Alive": (get(b"Connection: Keep-Alive", version=b"HTTP/1.0"), BOTH),
    "HTTP/1.0 with keep-alive in a list": (get(b"Connection: x, keep-alive", version=b"HTTP/1.0"), BOTH),
    "HTTP/1.0 with close": (get(b"Connection: close", version=b"HTTP/1.0"), ONE),
    "HTTP/1.0 with a body": (
        post(b"Content-Length: 4", b"Connection: keep-alive", body=b"body", version=b"HTTP/1.0"), BOTH,
    ),
    "HTTP/1.1 with close": (get(b"Connection: close"), ONE),
    "HTTP/1.1 with Close": (get(b"Connection: Close"), ONE),
    "HTTP/1.1 with close in a list": (get(b"Connection: x, close"), ONE),
    "HTTP/1.1 with two headers": (get(b"Connection: x", b"Connection: close"), ONE),
    "HTTP/1.1 with keep-alive": (get(b"Connection: keep-alive"), BOTH),
    "HTTP/1.2": (get(version=b"HTTP/1.2"), BOTH),
    "HTTP/2.0": (get(version=b"HTTP/2.0"), [505]),
    "HTTP/0.9": (get(version=b"HTTP/0.9"), [505]),
    "HTTP/1": (get(version=b"HTTP/1"), [400]),
    "HTTP/1.10": (get(version=b"HTTP/1.10"), [400]),
    "HTTP/+1.1": (get(version=b"HTTP/+1.1"), [400]),
    "http/1.1": (get(version=b"http/1.1"), [400]),
    "HTTP /1.1": (get(version=b"HTTP /1.1"), [400]),
    "HTTQ/1.1": (get(version=b"HTTQ/1.1"), [400]),
    "pipelined": (get() + get() + get(), [200, 200, 200, 200]),
    "pipelined with bodies": (post(b"Content-Length: 4", body=b"body") * 2 + chunked(WIKI), [200] * 4),
    "pipelined behind a refused one": (get() + get(host=b"") + get(), [200, 400]),
    "Expect": (post(b"Expect: 100-continue", b"Content-Length: 4", body=b"body"), [100, 200, 200]),
    "Expect in capitals": (post(b"Expect: 100-CONTINUE", b"Content-Length: 1", body=b"b"), [100, 200, 200]),
    "Expect of chunks": (chunked(WIKI, b"Expect: 100-continue"), [100, 200, 200]),
    "Expect of something else": (post(b"Expect: 200-maybe", b"Content-Length: 0"), [417]),
    "Expect in HTTP/1.0": (
        post(b"Expect: 100-continue", b"Content-Length: 4", body=b"body", version=b"HTTP/1.0"), ONE,
    ),
    "Upgrade": (get(b"Connection: Upgrade", b"Upgrade: h2c"), BOTH),
}  # fmt: skip

BROKEN_OFF: dict[str, Case] = {
    "nothing": (b"", []),
    "half a request line": (b"GET / HT", [400]),
    "half a head": (b"GET / HTTP/1.1\r\nHost: h\r\n", [400]),
    "half a header": (b"GET / HTTP/1.1\r\nHos", [400]),
    "half a body": (post(b"Content-Length: 50", body=b"body"), [400]),
    "half a chunk": (chunked(b"5\r\nab"), [400]),
    "half a chunk's size": (chunked(b"5"), [400]),
    "chunks without an end": (chunked(b"2\r\nab\r\n"), [400]),
    "half a trailer": (chunked(b"0\r\nA: b\r\n"), [400]),
}
"""The client closes its side after these, and sends nothing more."""

CASES = {**LENGTHS, **CODINGS, **CHUNKS, **HOSTS, **TARGETS, **LINES, **VERSIONS}


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with path and body; 400 where the body cannot be read, as the mock does."""
    try:
        body = environ["wsgi.input"].read()
    except (OSError, ValueError):
        start_response("400 Bad Request", [("Content-Length", "4")])
        return [b"null"]
    seen = {"path": environ["PATH_INFO"], "host": environ.get("HTTP_HOST"), "body": body.decode("latin-1")}
    answer = json.dumps(seen).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(echo) as number:
        yield number


def answers(raw: bytes) -> list[tuple[int, Any]]:
    """Return status and JSON of every answer in a row; what is no answer fails."""
    found = []
    while raw:
        head, end, raw = raw.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        assert first.startswith(b"HTTP/1.1 "), head
        assert end, head
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        length = int(headers.get(b"content-length", b"0"))
        assert len(raw) >= length
        found.append((status, json.loads(raw[:length]) if length else None))
        raw = raw[length:]
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_request_is_answered_or_refused(port: int, name: str) -> None:
    raw, expected = CASES[name]
    found = answers(exchange(port, raw + AFTER))
    assert [status for status, _ in found] == expected
    assert not any(body and body.get("path") == "/smuggled" for _, body in found)
    if len(expected) > 1 and expected[-1] == 200:
        assert found[-1][1]["path"] == "/after"


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_a_request_that_breaks_off_is_refused(port: int, name: str) -> None:
    raw, expected = BROKEN_OFF[name]
    assert [status for status, _ in answers(exchange(port, raw))] == expected


def test_there_are_enough_of_them() -> None:
    assert len(CASES) + len(BROKEN_OFF) >= 113


def test_a_target_in_absolute_form_replaces_host(port: int) -> None:
    raw = get(b"Connection: close", target=b"http://other:1/x?y")
    ((_, seen),) = answers(exchange(port, raw))
    assert (seen["host"], seen["path"]) == ("other:1", "/x")


def test_two_slashes_are_a_path_and_no_authority(port: int) -> None:
    ((_, seen),) = answers(exchange(port, get(b"Connection: close", target=b"//other/x")))
    assert (seen["host"], seen["path"]) == ("h", "//other/x")


def test_chunks_are_put_together(port: int) -> None:
    raw = chunked(b"4;a=b\r\nWiki\r\n5\r\npedia\r\n0\r\nA: b\r\n\r\n", b"Connection: close")
    ((_, seen),) = answers(exchange(port, raw))
    assert seen["body"] == "Wikipedia"


# the parser alone


@given(st.binary(max_size=200), st.lists(st.binary(max_size=100), max_size=5))
def test_any_head_is_parsed_or_refused(line: bytes, lines: list[bytes]) -> None:
    try:
        head = parse_head(line, lines)
    except BadRequestError as error:
        refused = error.status
        assert refused in (400, 414, 417, 431, 501, 505)
    else:
        assert head.length is None or head.length >= 0


@given(st.integers(0, 1 << 59), st.sampled_from([b"", b";a=b", b" ;a"]))
def test_a_chunk_size_is_read_back(size: int, extension: bytes) -> None:
    assert parse_chunk_size(b"%x" % size + extension + b"\r\n") == size


@given(st.binary(max_size=60))
def test_any_line_is_a_field_or_refused(line: bytes) -> None:
    try:
        name, value = parse_field(line + b"\r\n")
    except BadRequestError:
        return
    assert name == name.lower().strip()
    assert not {0, 10, 13} & set(name + value)
