"""The head of an HTTP/1.1 request: parsed and judged as RFC 9112 demands, without any input or output.

cheroot's own parser lets through what different readers understand differently: repeated lengths, a length
beside a transfer coding, names with spaces, control characters. Here every such head is refused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mock_server.config import AUTHORITY

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%b) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])\r\n" % _TOKEN)
_FIELD = re.compile(rb"(%b):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n" % _TOKEN)
_ABSOLUTE = re.compile(rb"https?://([^/?]*)(/?.*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_MOST_FIELDS = 100
_ONCE = frozenset((b"content-length", b"content-type", b"host"))
LONGEST_LINE = 16 << 10
"""Bytes of the request line, and of each header line."""


class BadRequestError(ValueError):
    """The request is refused with ``status``; the message says why. The connection cannot go on."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Head(NamedTuple):
    """A request's line and headers. Names are lower case; ``length`` in bytes, None for a chunked body."""

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    version: bytes
    headers: dict[bytes, bytes]
    length: int | None
    keep_alive: bool
    expects_continue: bool


def parse_field(line: bytes) -> tuple[bytes, bytes]:
    """Return lower-case name and value of a header or trailer line, or raise :class:`BadRequestError`."""
    if len(line) > LONGEST_LINE:
        raise BadRequestError(431, "A header line is too long")
    match = _FIELD.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "A header line is malformed")
    return match[1].lower(), match[2]


def parse_chunk_size(line: bytes) -> int:
    """Return the size in bytes that a chunk's first line states; :class:`BadRequestError` when malformed."""
    match = _CHUNK.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "The size of a chunk is malformed")
    return int(match[1], 16)


def parse_head(request_line: bytes, lines: list[bytes]) -> Head:
    """Return a request's head from its lines with their ends; :class:`BadRequestError` when it is refused."""
    method, target, version = _parse_request_line(request_line)
    headers = _parse_fields(lines)
    path, query, authority = _parse_target(method, target)
    if authority is not None:
        headers[b"host"] = authority  # RFC 9112, 3.2.2: the target's authority replaces the header
    elif b"host" not in headers and version == b"HTTP/1.1":
        raise BadRequestError(400, "Host is required")
    host = headers.get(b"host", b"").decode("latin-1")
    if host and not AUTHORITY.fullmatch(host):
        raise BadRequestError(400, "Host is malformed")
    connection = [word.strip() for word in headers.get(b"connection", b"").lower().split(b",")]
    modern = version == b"HTTP/1.1"
    expectation = headers.get(b"expect", b"").lower() if modern else b""
    if expectation not in (b"", b"100-continue"):
        raise BadRequestError(417, "Only 100-continue can be expected")
    return Head(
        method=method,
        target=target,
        path=path,
        query=query,
        version=version,
        headers=headers,
        length=_length(headers, modern=modern),
        keep_alive=b"close" not in connection and (modern or b"keep-alive" in connection),
        expects_continue=bool(expectation),
    )


def _parse_request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    if len(line) > LONGEST_LINE:
        raise BadRequestError(414, "The request line is too long")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequestError(400, "The request line is malformed")
    if match[3] != b"1":
        raise BadRequestError(505, "Only HTTP/1.0 and HTTP/1.1 are understood")
    # a higher minor version is understood as the highest one we know
    return match[1], match[2], b"HTTP/1.0" if match[4] == b"0" else b"HTTP/1.1"


def _parse_fields(lines: list[bytes]) -> dict[bytes, bytes]:
    if len(lines) > _MOST_FIELDS:
        raise BadRequestError(431, "There are too many header lines")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, value = parse_field(line)
        if b"_" in name:
            continue  # in a WSGI environment a_b and a-b would be one variable
        if name in headers:
            if name in _ONCE:
                raise BadRequestError(400, f"{name.decode().title()} is repeated")
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value
    return headers


def _parse_target(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Return path, query and, of a target in absolute form, the authority."""
    if method == b"CONNECT":
        raise BadRequestError(501, "CONNECT is for proxies")
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    authority = None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        authority, target = absolute[1], absolute[2]
        if not authority:
            raise BadRequestError(400, "The request's target is malformed")
        target = target if target.startswith(b"/") else b"/" + target
    if not target.startswith(b"/") or b"#" in target:
        raise BadRequestError(400, "The request's target is malformed")
    path, _, query = target.partition(b"?")
    return path, query, authority


def _length(headers: dict[bytes, bytes], *, modern: bool) -> int | None:
    """Return the length of a request's body in bytes, None when it comes in chunks."""
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if coding is not None:
        codings = [word.strip() for word in coding.lower().split(b",")]
        if not modern or length is not None or codings.count(b"chunked") > 1 or codings[-1] != b"chunked":
            raise BadRequestError(400, "The length of the body cannot be known")
        if codings != [b"chunked"]:
            raise BadRequestError(501, "Only the transfer coding chunked is understood")
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise BadRequestError(400, "Content-Length is malformed")
    return int(length)
