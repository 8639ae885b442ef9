from __future__ import annotations

import http.client
import io
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest

from contract_tests.support.mock_calls import Caller, picture
from mock_server.imaging import fetch
from mock_server.imaging.input_image import InputImageError

Make = Callable[..., Caller]


class Opener:
    """Takes the place of urllib's opener."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer

    def __call__(self, *_handlers: Any) -> Opener:
        return self

    def open(self, _address: str, timeout: float) -> io.BytesIO:
        assert timeout > 0
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BytesIO(self.answer)


def test_a_picture_is_fetched_where_that_is_allowed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "build_opener", Opener(picture()))
    caller = make(fetch_images=True)
    task = caller.service.tasks.task(caller.new_task(image="https://example.org/a.png"))
    assert task is not None
    assert (task.width, task.height) == (200, 160)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (TimeoutError("too slow"), "too slow"),
        (ValueError("odd"), "odd"),
        (http.client.InvalidURL("has a space"), "has a space"),
        (http.client.BadStatusLine("no HTTP"), "no HTTP"),
        (bytes((64 << 20) + 1), "too large"),
    ],
    ids=["time-out", "odd", "address", "answer", "large"],
)
def test_what_cannot_be_fetched_is_refused(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception, why: str
) -> None:
    monkeypatch.setattr(urllib.request, "build_opener", Opener(answer))
    with pytest.raises(InputImageError, match=why):
        fetch.fetch("https://example.org/a.png")


def test_an_address_that_is_none_is_a_400(make: Make) -> None:
    answer = make(fetch_images=True).create(image="https://localhost:1/a b")
    assert answer.status_code == 400
    assert answer.json["invalid_params"][0]["field"] == "body.image"


def test_a_redirect_stays_on_https() -> None:
    handler = fetch._HttpsOnly()
    request = urllib.request.Request("https://example.org/")
    followed = handler.redirect_request(
        request, io.BytesIO(), 302, "Found", Message(), "https://example.net/"
    )
    assert followed is not None
    assert followed.full_url == "https://example.net/"
    with pytest.raises(urllib.error.URLError, match="away from https"):
        handler.redirect_request(request, io.BytesIO(), 302, "Found", Message(), "http://example.net/")
