"""Find an offline mock of the service on this very computer, to practise with for nothing."""

from __future__ import absolute_import

import json
import os

try:
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit
except ImportError:  # Python 2.7
    from httplib import HTTPConnection, HTTPException  # type: ignore[no-redef,import-not-found]  # its name there
    from urlparse import urlsplit  # type: ignore[no-redef,import-not-found]  # its name there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "mock-key"
"""The API key every mock accepts; it opens nothing else."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PORT = 8000
_SIGN = "/__mock__/clock"
_LONGEST_ANSWER = 4096
_HTTP_OK = 200
_HIGHEST_PORT = 65535


def find_mock(environ=None, seconds=0.5):
    # type: (Mapping[str, str] | None, float) -> str | None
    """Return the address of a mock that listens on loopback, or None.

    Looks at the mock's usual port and at the one ``PRECISION_MOCK_PORT`` names. Call it on a thread:
    it may take ``seconds`` for each.
    """
    environ = os.environ if environ is None else environ
    ports = [environ.get("PRECISION_MOCK_PORT", ""), str(_PORT)]
    for port in ports:
        if port.isdigit() and 0 < int(port) <= _HIGHEST_PORT and is_mock("127.0.0.1", int(port), seconds):
            return "http://127.0.0.1:%s" % int(port)
    return None


def leads_here(address):
    # type: (str) -> bool
    """Return whether a service address leads to this computer: to a mock, or to a proxy, say."""
    return urlsplit(address).hostname in _LOOPBACK


def is_mocks_address(address, seconds=0.5):
    # type: (str, float) -> bool
    """Return whether a mock answers at a service address, so that nothing can be charged there.

    Call it on a thread: it may take ``seconds``. No other computer is ever asked.
    """
    parts = urlsplit(address)
    try:
        port = parts.port or 80
    except ValueError:
        return False
    return parts.scheme == "http" and leads_here(address) and is_mock(str(parts.hostname), port, seconds)


def is_mock(host, port, seconds=0.5):
    # type: (str, int, float) -> bool
    """Return whether what listens there calls itself a mock; no key is sent."""
    connection = HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", _SIGN)
        answer = connection.getresponse()
        body = answer.read(_LONGEST_ANSWER)
        clock = json.loads(body.decode("utf-8"))
        return bool(answer.status == _HTTP_OK and isinstance(clock, dict) and "speed" in clock)
    except (HTTPException, EnvironmentError, ValueError):
        return False
    finally:
        connection.close()
