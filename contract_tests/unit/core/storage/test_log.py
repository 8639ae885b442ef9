"""The log is small, its owner's alone, and free of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from precision_upscaler.storage import log
from precision_upscaler.storage.log import LOGGER, open_log, scrub


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key is 12345 here", "key is (key) here"),
        (
            "GET https://a.example/x.png?token=exp=1~hmac=ab done",
            "GET https://a.example/x.png?(removed) done",
        ),
        ("x-freepik-api-key: abc", "x-freepik-api-key: (removed)"),
        ("Authorization=Bearer", "Authorization=(removed)"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_scrubbed(text: str, clean: str) -> None:
    assert scrub(text, "12345") == clean


def test_records_are_written_and_the_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_LARGEST", 2000)
    for start in range(6):
        path = open_log(tmp_path, "12345")
        for number in range(40):
            LOGGER.info("line %d of start %d with 12345", number, start)
    files = sorted(file.name for file in path.parent.iterdir())
    assert files == [
        "precision-upscaler.1.log",
        "precision-upscaler.2.log",
        "precision-upscaler.3.log",
        "precision-upscaler.log",
    ]
    assert all(file.stat().st_size < 6000 for file in path.parent.iterdir())
    assert "12345" not in "".join(file.read_text() for file in path.parent.iterdir())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    open_log(tmp_path)
    LOGGER.info("unheard")


def test_an_exception_is_logged_without_the_key(tmp_path: Path) -> None:
    path = open_log(tmp_path, "12345")
    try:
        int("refused 12345 at https://a.example/?token=abc")
    except ValueError:
        LOGGER.exception("unexpected")
    text = path.read_text()
    assert "ValueError" in text
    assert "12345" not in text
    assert "abc" not in text


@pytest.fixture(autouse=True)
def quiet() -> object:
    yield
    for handler in LOGGER.handlers[:]:
        LOGGER.removeHandler(handler)
        handler.close()
