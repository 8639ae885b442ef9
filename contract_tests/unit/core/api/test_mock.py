"""A mock on this computer is found, and nothing else is taken for one."""

from __future__ import annotations

import http.server
import socket
import threading
from urllib.parse import urlsplit

import pytest
from precision_upscaler.api import mock

from mock_server.testing import PrecisionMock


def test_a_mock_on_this_computer_is_found() -> None:
    with PrecisionMock() as server:
        port = server.url.rsplit(":", 1)[1]
        assert mock.find_mock({"PRECISION_MOCK_PORT": port}) == server.url
        assert mock.is_mock("127.0.0.1", int(port))
        assert mock.is_mock_address(server.url)
        assert mock.is_mock_address(f"http://localhost:{port}")


def test_whatever_else_listens_there_is_no_mock() -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[1]")

        def log_message(self, *words: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert not mock.is_mock("127.0.0.1", server.server_port)
        # a proxy to the real service is on this computer too, and what goes through it is charged
        assert not mock.is_mock_address(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(
    "address",
    ["https://api.freepik.com", "http://example.com:8000", "https://127.0.0.1:8000", "http://[::1]:x"],
)
def test_no_other_computer_is_ever_asked_whether_it_is_a_mock(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mock, "is_mock", lambda *_: pytest.fail("it was asked"))
    assert not mock.is_mock_address(address)


def test_nobody_there_is_no_mock() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert not mock.is_mock("127.0.0.1", free.getsockname()[1])
    assert mock.find_mock({"PRECISION_MOCK_PORT": "no port"}) is None


def test_the_default_port_is_tried_only_when_no_other_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with PrecisionMock() as server, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # not listening: a connection is refused
        monkeypatch.setattr(mock, "_PORT", urlsplit(server.url).port)
        assert mock.find_mock({}) == server.url
        assert mock.find_mock({"PRECISION_MOCK_PORT": str(unused.getsockname()[1])}) is None
