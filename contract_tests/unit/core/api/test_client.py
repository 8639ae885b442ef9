"""Verification is never off, proxies are the environment's, and no peer can hold a call for ever."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from precision_upscaler.api import client as client_module
from precision_upscaler.api.client import Timeouts, UpscalerClient
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import Cancelled, TlsFailed

from contract_tests.support.pictures import png

BRISK = Timeouts(connect=2.0, stall=2.0, call=0.4, upload=0.6, answer=0.4, download=0.4)


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run ``serve`` for each connection; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        try:
            with connection:
                serve(connection)
        except OSError:
            pass

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that nobody has signed."""
    path = tmp_path_factory.mktemp("tls") / "self.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run(
        [
            *command,
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            path,
            "-out",
            f"{path}.crt",
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_an_unknown_certificate_is_refused_and_nothing_is_sent(certificate: Path, tmp_path: Path) -> None:
    heard = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(1000))

    picture = tmp_path / "picture.png"
    picture.write_bytes(png(160, 160))
    with server(serve) as port, UpscalerClient(f"https://localhost:{port}", "secret-key") as client:
        for call in (client.list, lambda: client.create(UpscaleRequest(), picture)):
            with pytest.raises(ApiError) as caught:
                call()
            error = user_error(caught.value, "no")
            assert isinstance(error, TlsFailed)
            assert not caught.value.failure.reached
            assert caught.value.failure.hopeless
    assert not any(heard)


def test_certificates_are_read_once_however_many_clients_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    make = httpx2.create_ssl_context

    def counted(**options: Any) -> ssl.SSLContext:
        read.append(options)
        return make(**options)

    monkeypatch.setattr(httpx2, "create_ssl_context", counted)
    client_module._certificates.cache_clear()
    for _ in range(3):
        UpscalerClient("https://api.freepik.com", "secret-key").close()
    # what the environment says about them is not for this computer
    UpscalerClient("http://127.0.0.1:9", "secret-key").close()
    assert read == [{"trust_env": True}, {"trust_env": False}]


def test_headers_a_byte_at_a_time_do_not_hold_a_call() -> None:
    given_up, to_the_end = threading.Event(), threading.Event()

    def dribble(connection: socket.socket) -> None:
        connection.recv(1000)
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
            connection.sendall(bytes((byte,)))
            if given_up.wait(0.02):
                return
        to_the_end.set()

    with server(dribble) as port, UpscalerClient(f"http://127.0.0.1:{port}", "k", timeouts=BRISK) as client:
        with pytest.raises(ApiError, match="longer than allowed") as caught:
            client.list()
        assert not to_the_end.is_set()
        given_up.set()
        assert caught.value.failure.reached


def test_a_service_that_does_not_read_does_not_hold_an_upload(tmp_path: Path) -> None:
    done = threading.Event()
    picture = tmp_path / "large.bin"
    picture.write_bytes(bytes(12 << 20))
    committed = []

    def never_read(_connection: socket.socket) -> None:
        done.wait(10)

    with (
        server(never_read) as port,
        UpscalerClient(f"http://127.0.0.1:{port}", "k", timeouts=BRISK) as client,
    ):
        with pytest.raises(ApiError) as caught:
            client.create(UpscaleRequest(), picture, commit=lambda: committed.append(1))
        done.set()
    assert not committed
    assert not caught.value.failure.reached, "an incomplete request cannot have been accepted"


def test_a_cancel_ends_a_blocked_call_at_once() -> None:
    cancel = CancelToken()
    done, to_the_end = threading.Event(), threading.Event()
    patient = replace(BRISK, call=60.0, stall=60.0)

    def never_answers(connection: socket.socket) -> None:
        connection.recv(1000)
        cancel.set()
        if not done.wait(30):
            to_the_end.set()

    with (
        server(never_answers) as port,
        UpscalerClient(f"http://127.0.0.1:{port}", "k", timeouts=patient, cancel=cancel) as client,
    ):
        with pytest.raises(Cancelled):
            client.list()
        assert not to_the_end.is_set()
        done.set()


def test_the_proxy_of_the_environment_is_used_but_not_for_this_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        asked.append(connection.recv(1000))
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with server(proxy) as port:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with UpscalerClient("https://api.freepik.com", "secret-key") as client:
            with pytest.raises(ApiError) as caught:
                client.list()
            assert not caught.value.failure.reached
        assert asked[0].startswith(b"CONNECT api.freepik.com:443 ")
        assert b"secret-key" not in asked[0]
        with (
            UpscalerClient("http://127.0.0.1:9", "secret-key") as client,
            pytest.raises(ApiError, match="could not be reached"),
        ):
            client.list()
        assert len(asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_an_api_call_is_never_redirected(status: int) -> None:
    visited = []

    def serve(connection: socket.socket) -> None:
        visited.append(connection.recv(1000))
        connection.sendall(
            b"HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n" % status
        )

    with server(serve) as port, UpscalerClient(f"http://127.0.0.1:{port}", "secret-key") as client:
        with pytest.raises(ApiError) as caught:
            client.list()
        assert caught.value.failure.status == status
    assert len(visited) == 1
