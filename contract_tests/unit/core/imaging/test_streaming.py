"""A picture that is checked while it arrives is judged as one that is checked when it is there."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from precision_upscaler.imaging import streaming
from precision_upscaler.imaging.base import NotAPicture, Picture, verify
from precision_upscaler.imaging.streaming import Growing, Incoming

from contract_tests.support.image_files import FILES
from contract_tests.support.pictures import large_png

LARGE = large_png(400, 300)


def arrived(path: Path, content: bytes, pieces: int = 7) -> Incoming:
    """Write a file as a download does, each piece before it is told of."""
    coming = Incoming(path)
    step = len(content) // pieces + 1
    with path.open("wb", buffering=0) as stream:
        for start in range(0, len(content), step):
            stream.write(content[start : start + step])
            coming.reach(stream.tell())
    return coming


def verdict(coming: Incoming) -> Picture | str:
    try:
        return coming.picture()
    except NotAPicture as problem:
        return str(problem)


@pytest.mark.parametrize("name", [*FILES, "large"])
def test_a_whole_picture_is_taken_whatever_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    coming = arrived(path, FILES.get(name, LARGE))
    assert coming.picture() == verify(path)


def test_a_png_is_not_read_again_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coming = arrived(tmp_path / "picture", LARGE)
    monkeypatch.setattr(streaming, "verify", lambda _path: pytest.fail("it was read a second time"))
    assert (coming.picture().width, coming.picture().height) == (400, 300)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "large"])
def test_a_picture_cut_off_anywhere_is_refused_in_the_same_words(name: str, tmp_path: Path) -> None:
    content = FILES.get(name, LARGE)
    path = tmp_path / "picture"
    for end in {1, 8, 20, len(content) // 3, len(content) // 2, len(content) - 13, len(content) - 1}:
        said = verdict(arrived(path, content[:end]))
        with pytest.raises(NotAPicture) as plainly:
            verify(path)
        assert said == str(plainly.value)


@pytest.mark.parametrize("at", [20, 45, len(LARGE) // 2, len(LARGE) - 14])
def test_a_damaged_byte_is_found(at: int, tmp_path: Path) -> None:
    damaged = LARGE[:at] + bytes([LARGE[at] ^ 255]) + LARGE[at + 1 :]
    said = verdict(arrived(tmp_path / "picture", damaged))
    assert isinstance(said, str)
    assert said == verdict(Incoming(tmp_path / "picture"))


def test_a_download_that_goes_on_is_checked_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture"
    half = len(LARGE) // 2
    path.write_bytes(LARGE[:half])
    coming = Incoming(path)
    with path.open("ab") as stream:
        stream.write(LARGE[half:])
    coming.reach(len(LARGE))
    monkeypatch.setattr(streaming, "verify", lambda _path: pytest.fail("it was read a second time"))
    assert coming.picture().width == 400


def test_nothing_arrived_because_nothing_was_missing(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(LARGE)
    assert Incoming(path).picture() == verify(path)


def test_a_download_that_breaks_off_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    coming = arrived(tmp_path / "picture", LARGE[: len(LARGE) // 2])
    (reader,) = set(threading.enumerate()) - before
    coming.drop()
    assert not reader.is_alive()


def test_a_file_that_is_gone_is_an_oserror_as_without_reading_along(tmp_path: Path) -> None:
    coming = Incoming(tmp_path / "nowhere")
    coming.reach(100)
    with pytest.raises(FileNotFoundError):
        coming.picture()


def test_nothing_is_read_before_it_is_known_to_be_there(tmp_path: Path) -> None:
    """What lies behind may be of an older file, or be written at this moment."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" + b"old" * 1000)
    asked: list[int] = []

    def left(at: int) -> int:
        asked.append(at)
        return max(0, 10 - at)

    with path.open("rb", buffering=0) as file:
        assert io.BufferedReader(Growing(file, left), 1 << 16).read() == b"0123456789"
    assert asked[0] == 0
    assert asked[-1] == 10
