"""Find an offline mock of the service on this computer, for practice at no cost.

It is asked with the standard library's HTTP client: one request to loopback, without a key and outside
the rate limit of the service.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from precision_upscaler.urls import is_loopback

KEY = "mock-key"
"""The API key that every mock accepts; it is no secret."""

_PORT = 8000
_CLOCK = "/__mock__/clock"
_MAX_BODY = 4096
_HTTP_OK = 200
_HIGHEST_PORT = 65535


def find_mock(environ: Mapping[str, str] | None = None, seconds: float = 0.5) -> str | None:
    """Return the address of a mock that listens on loopback, or None.

    Tries the port that ``PRECISION_MOCK_PORT`` names, and without that variable the mock's default port,
    for at most ``seconds``.
    """
    environ = os.environ if environ is None else environ
    port = environ.get("PRECISION_MOCK_PORT") or str(_PORT)
    if port.isdigit() and 0 < int(port) <= _HIGHEST_PORT and is_mock("127.0.0.1", int(port), seconds):
        return f"http://127.0.0.1:{int(port)}"
    return None


def is_mock_address(address: str, seconds: float = 0.5) -> bool:
    """Return whether a mock answers at a service address, so that nothing can be charged there.

    Only an address on this computer is asked. That alone proves nothing: a proxy to the real service may
    be on this computer too.
    """
    parts = urlsplit(address)
    try:
        port = parts.port or 80
    except ValueError:
        return False
    return (
        parts.scheme == "http" and is_loopback(parts.hostname) and is_mock(str(parts.hostname), port, seconds)
    )


def is_mock(host: str, port: int, seconds: float = 0.5) -> bool:
    """Return whether the server at ``host`` and ``port`` answers as a mock does within ``seconds``."""
    connection = HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", _CLOCK)
        response = connection.getresponse()
        clock = json.loads(response.read(_MAX_BODY))
        return response.status == _HTTP_OK and isinstance(clock, dict) and "speed" in clock
    except (HTTPException, OSError, ValueError):
        return False
    finally:
        connection.close()
