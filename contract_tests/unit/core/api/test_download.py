"""A download goes on where it broke off, starts anew when it must, and never mixes two files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.api.download import Download, Step, content_range
from precision_upscaler.api.responses import ApiError
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import Cancelled, ResultTooLarge
from precision_upscaler.storage.job_record import PartialDownload

from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan
from contract_tests.support.jobs.job_environment import JobEnvironment

LINK = "https://ai-statics.freepik.com/a/upscaler_result.png?token=exp=1~hmac=2"
SOURCE = LINK.partition("?")[0]


def download(
    target: Path, partial: PartialDownload | None = None, cap: int = 1000
) -> tuple[Download, list[PartialDownload]]:
    started: list[PartialDownload] = []
    return (
        Download(LINK, target, cap=cap, partial=partial, started=started.append, progress=lambda *_: None),
        started,
    )


@pytest.fixture
def half(tmp_path: Path) -> Path:
    path = tmp_path / "part"
    path.write_bytes(b"01234")
    return path


def test_the_rest_is_asked_for_and_appended(half: Path) -> None:
    fetch, started = download(half, PartialDownload(SOURCE, '"tag"', 10))
    assert fetch.headers() == {"Range": "bytes=5-", "If-Range": '"tag"'}
    answer = {"content-range": "bytes 5-9/10", "content-length": "5", "etag": '"tag"'}
    assert fetch.judge(206, answer) is Step.STORE
    fetch.store([b"56", b"789"], CancelToken())
    assert half.read_bytes() == b"0123456789"
    assert started == [PartialDownload(SOURCE, '"tag"', 10)]


@pytest.mark.parametrize(
    ("status", "headers", "step"),
    [
        (206, {"content-range": "bytes 4-9/10", "content-length": "6"}, Step.AGAIN),
        (206, {"content-range": "nonsense"}, Step.AGAIN),
        (206, {"content-range": "bytes 5-11/12", "content-length": "7"}, Step.AGAIN),
        (416, {"content-range": "bytes */5"}, Step.COMPLETE),
        (416, {"content-range": "bytes */4"}, Step.AGAIN),
        (416, {}, Step.AGAIN),
        (302, {"location": "/b"}, Step.REDIRECT),
        (302, {}, Step.REFUSED),
        (403, {}, Step.REFUSED),
        (204, {}, Step.REFUSED),
        (200, {"content-length": "10"}, Step.STORE),
    ],
)
def test_what_an_answer_to_a_range_means(
    status: int, headers: dict[str, str], step: Step, half: Path
) -> None:
    fetch, _ = download(half, PartialDownload(SOURCE, None, 10))
    assert fetch.judge(status, headers) is step
    if step is Step.AGAIN:
        assert fetch.headers() == {}


def test_a_whole_file_replaces_the_half_one(half: Path) -> None:
    fetch, _ = download(half, PartialDownload(SOURCE, None, 10))
    assert fetch.judge(200, {"content-length": "3"}) is Step.STORE
    fetch.store([b"new"], CancelToken())
    assert half.read_bytes() == b"new"


@pytest.mark.parametrize(
    "partial", [None, PartialDownload("https://elsewhere.example/other.png", '"tag"', 10)]
)
def test_the_half_of_another_file_is_not_continued(partial: PartialDownload | None, half: Path) -> None:
    fetch, _ = download(half, partial)
    assert fetch.headers() == {}
    assert fetch.judge(206, {"content-range": "bytes 5-9/10"}) is Step.REFUSED, "a part nobody asked for"


def test_more_than_the_cap_is_refused_announced_or_not(tmp_path: Path) -> None:
    fetch, _ = download(tmp_path / "part", cap=10)
    with pytest.raises(ResultTooLarge):
        fetch.judge(200, {"content-length": "11"})
    fetch, _ = download(tmp_path / "part", cap=10)
    assert fetch.judge(200, {}) is Step.STORE
    with pytest.raises(ResultTooLarge):
        fetch.store([b"x" * 6, b"x" * 6], CancelToken())


def test_a_body_that_ends_early_is_a_failure_that_can_be_continued(tmp_path: Path) -> None:
    fetch, started = download(tmp_path / "part")
    fetch.judge(200, {"content-length": "10", "etag": 'W/"weak"'})
    with pytest.raises(ApiError, match="5 of 10"):
        fetch.store([b"01234"], CancelToken())
    assert (tmp_path / "part").read_bytes() == b"01234"
    assert started == [PartialDownload(SOURCE, None, 10)], "a weak tag does not promise the same bytes"


def test_a_cancel_stops_between_two_pieces(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.set()
    fetch, _ = download(tmp_path / "part")
    fetch.judge(200, {})
    with pytest.raises(Cancelled):
        fetch.store([b"x"], cancel)


@given(st.text(max_size=40))
def test_any_content_range_is_read_or_ignored(header: str) -> None:
    content_range(header)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes 5-9/*", (5, None)),
        ("bytes */10", (None, 10)),
        ("bytes \uff15-9/10", (None, None)),
        ("", (None, None)),
    ],
)
def test_content_range(header: str, found: tuple[int | None, int | None]) -> None:
    assert content_range(header) == found


def test_a_broken_download_is_continued_over_the_wire(tmp_path: Path) -> None:
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("download", "cut_download")) as line,
    ):
        environment.base_url = line.url
        environment.upscale()
        assert line.struck
        asked = [item for item in environment.mock.requests if item["step"] == "download"]
        assert len(asked) == 2
        assert asked[1]["request"]["headers"].get("Range", "").startswith("bytes=")
        assert asked[1]["status"] == 206


def test_the_key_stays_at_home(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        environment.upscale()
        for item in environment.mock.requests:
            carries = any("api-key" in name.lower() for name in item["request"]["headers"])
            assert carries is (item["step"] != "download"), item["step"]
