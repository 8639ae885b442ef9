"""A picture that is checked while it arrives is judged as one that is checked when it is there."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from precision_upscaler.imaging import streaming
from precision_upscaler.imaging.base import ImageFile, InvalidImage
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.imaging.streaming import Growing, StreamingCheck

from contract_tests.support.image_files import FILES
from contract_tests.support.pictures import large_png

LARGE = large_png(400, 300)


def arrived(path: Path, content: bytes, pieces: int = 7) -> StreamingCheck:
    """Write a file as a download does, each piece before it is told of."""
    coming = StreamingCheck(path)
    step = len(content) // pieces + 1
    with path.open("wb", buffering=0) as stream:
        for start in range(0, len(content), step):
            stream.write(content[start : start + step])
            coming.advance(stream.tell())
    return coming


def verdict(coming: StreamingCheck) -> ImageFile | str:
    try:
        return coming.result()
    except InvalidImage as problem:
        return str(problem)


@pytest.mark.parametrize("name", [*FILES, "large"])
def test_a_whole_picture_is_taken_whatever_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    coming = arrived(path, FILES.get(name, LARGE))
    assert coming.result() == verify(path)


def test_a_png_is_not_read_again_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coming = arrived(tmp_path / "picture", LARGE)
    monkeypatch.setattr(streaming, "verify", lambda _path: pytest.fail("it was read a second time"))
    assert (coming.result().width, coming.result().height) == (400, 300)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "large"])
def test_a_picture_cut_off_anywhere_is_refused_in_the_same_words(name: str, tmp_path: Path) -> None:
    content = FILES.get(name, LARGE)
    path = tmp_path / "picture"
    for end in {1, 8, 20, len(content) // 3, len(content) // 2, len(content) - 13, len(content) - 1}:
        said = verdict(arrived(path, content[:end]))
        with pytest.raises(InvalidImage) as plainly:
            verify(path)
        assert said == str(plainly.value)


@pytest.mark.parametrize("at", [20, 45, len(LARGE) // 2, len(LARGE) - 14])
def test_a_damaged_byte_is_found(at: int, tmp_path: Path) -> None:
    damaged = LARGE[:at] + bytes([LARGE[at] ^ 255]) + LARGE[at + 1 :]
    said = verdict(arrived(tmp_path / "picture", damaged))
    assert isinstance(said, str)
    assert said == verdict(StreamingCheck(tmp_path / "picture"))


def test_a_download_that_goes_on_is_checked_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "picture"
    half = len(LARGE) // 2
    path.write_bytes(LARGE[:half])
    coming = StreamingCheck(path)
    with path.open("ab") as stream:
        stream.write(LARGE[half:])
    coming.advance(len(LARGE))
    monkeypatch.setattr(streaming, "verify", lambda _path: pytest.fail("it was read a second time"))
    assert coming.result().width == 400


def test_nothing_arrived_because_nothing_was_missing(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(LARGE)
    assert StreamingCheck(path).result() == verify(path)


def test_a_download_that_breaks_off_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    coming = arrived(tmp_path / "picture", LARGE[: len(LARGE) // 2])
    (reader,) = set(threading.enumerate()) - before
    coming.stop()
    assert not reader.is_alive()


def test_a_file_that_is_gone_is_an_oserror_as_without_reading_along(tmp_path: Path) -> None:
    coming = StreamingCheck(tmp_path / "nowhere")
    coming.advance(100)
    with pytest.raises(FileNotFoundError):
        coming.result()


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
