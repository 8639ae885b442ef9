"""Results come from the hosts on the list alone, and over a safe connection."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.responses import ApiError
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import AddressNotAllowed
from precision_upscaler.storage.job_record import PartialDownload
from precision_upscaler.urls import is_loopback, link_problem

MOCK = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("link", "service"),
    [
        ("https://ai-statics.freepik.com/a.png?token=x", SERVERS[0]),
        ("https://cdn-magnific.freepik.com/a.png", SERVERS[1]),
        ("https://cdn.magnific.com:443/a.png", SERVERS[0]),
        ("https://cdn.example.org/a.png", SERVERS[0]),
        ("https://own.example:8443/a.png", "https://own.example:8443/api"),
        ("http://127.0.0.1:8001/a.png", MOCK),
        ("http://localhost/a.png", MOCK),
        ("https://ai-statics.freepik.com/a.png", MOCK),
    ],
)
def test_allowed(link: str, service: str) -> None:
    assert link_problem(link, service, ("cdn.example.org",)) is None


@pytest.mark.parametrize(
    ("link", "service"),
    [
        ("http://ai-statics.freepik.com/a.png", SERVERS[0]),
        ("https://ai-statics.freepik.com.example.org/a.png", SERVERS[0]),
        ("https://evilfreepik.com/a.png", SERVERS[0]),
        ("https://ai-statics.freepik.com:8443/a.png", SERVERS[0]),
        ("https://user:pw@ai-statics.freepik.com/a.png", SERVERS[0]),
        ("https://169.254.169.254/latest/meta-data", SERVERS[0]),
        ("http://127.0.0.1:8001/a.png", SERVERS[0]),
        ("https://127.0.0.1/a.png", SERVERS[0]),
        ("file:///etc/passwd", MOCK),
        ("ftp://127.0.0.1/a.png", MOCK),
        ("http://192.168.1.1/a.png", MOCK),
        ("https://own.example/a.png", "https://own.example:8443"),
        ("", SERVERS[0]),
        ("https://[broken", SERVERS[0]),
        ("https://ai-statics.freepik.com:port/", SERVERS[0]),
    ],
)
def test_refused_with_a_reason(link: str, service: str) -> None:
    assert link_problem(link, service, ("cdn.example.org",))


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("a.localhost", True),
        ("0.0.0.0", False), ("127.0.0.1.example.org", False), ("localhost.example.org", False), (None, False),
    ],
)  # fmt: skip
def test_loopback(host: str | None, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize("address", ["https://exam\x00ple.org", "http://["])
def test_a_client_for_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressNotAllowed, match="cannot be read"):
        UpscalerClient(address, "key")


def test_a_link_that_is_no_address_is_a_failed_download(tmp_path: Path) -> None:
    with UpscalerClient("http://127.0.0.1:1", "key") as client, pytest.raises(ApiError) as caught:
        client.download("http://127.0.0.1:1/\x00", tmp_path / "result", cap=10)
    assert "is no address" in str(caught.value.what)
    assert caught.value.failure.hopeless


def test_a_download_that_is_whole_already_ends_at_once(tmp_path: Path) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["range"] == "bytes=3-"
        return httpx2.Response(416, headers={"content-range": "bytes */3"})

    (tmp_path / "result").write_bytes(b"abc")
    address = "http://127.0.0.1:1"
    with UpscalerClient(address, "key", transport=httpx2.MockTransport(answer)) as client:
        partial = PartialDownload(f"{address}/result", "tag", 3)
        client.download(f"{address}/result", tmp_path / "result", cap=10, partial=partial)
    assert (tmp_path / "result").read_bytes() == b"abc"
