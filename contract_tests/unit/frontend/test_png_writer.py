"""The PNG writer: every reader gets the very pixels back, however the strips fall."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from precision_upscaler.frontend import png_writer

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def strips(data: bytes, stride: int, rows: int) -> Iterator[bytes]:
    for start in range(0, len(data), stride * rows):
        yield data[start : start + stride * rows]


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    channels=st.sampled_from(sorted(MODES)),
    rows=st.integers(1, 50),
    threads=st.integers(1, 3),
    data=st.data(),
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    width: int,
    height: int,
    channels: int,
    rows: int,
    threads: int,
    data: st.DataObject,
) -> None:
    raw = data.draw(st.binary(min_size=width * channels, max_size=width * channels)) * height
    path = tmp_path_factory.getbasetemp() / "written.png"
    size = png_writer.write(
        str(path), width, height, strips(raw, width * channels, rows), channels, 1, threads
    )
    assert size == path.stat().st_size
    with Image.open(path) as picture:
        assert (picture.mode, picture.size) == (MODES[channels], (width, height))
        assert picture.tobytes() == raw


@pytest.mark.parametrize(("cores", "threads"), [(None, 2), (1, 1), (2, 2), (4, 4), (64, 6)])
def test_every_core_that_can_be_fed_deflates(cores: int | None, threads: int) -> None:
    assert png_writer.threads_for(cores) == threads


def test_the_machine_says_how_many_threads_deflate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[int] = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, threads: int) -> None:
            pools.append(threads)
            super().__init__(threads)

    monkeypatch.setattr(png_writer, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    png_writer.write(str(tmp_path / "five.png"), 2, 4, [bytes(6)] * 4)
    assert pools == [5]


def test_a_large_picture_passes_an_independent_check_of_every_sum(tmp_path: Path) -> None:
    width, height = 700, 500
    raw = os.urandom(width * 3) * (height // 2) + bytes(width * 3 * (height // 2))
    path = tmp_path / "large.png"
    png_writer.write(str(path), width, height, strips(raw, width * 3, png_writer.STRIP_ROWS))
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        picture.verify()
    with Image.open(path) as picture:
        assert picture.tobytes() == raw
        assert "srgb" in picture.info


@pytest.mark.parametrize("rows", [3, 5])
def test_strips_that_do_not_hold_the_picture_are_an_error(tmp_path: Path, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{rows} rows of the picture's 4"):
        png_writer.write(str(tmp_path / "short.png"), 2, 4, [bytes(6)] * rows)


def test_half_a_row_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="whole rows"):
        png_writer.write(str(tmp_path / "half.png"), 2, 4, [bytes(7)])


@given(st.binary(min_size=1, max_size=300), st.data())
def test_bytes_are_subtracted_one_by_one(left: bytes, data: st.DataObject) -> None:
    right = data.draw(st.binary(min_size=len(left), max_size=len(left)))
    expected = bytes((a - b) & 255 for a, b in zip(left, right, strict=True))
    assert png_writer._subtracted(left, right) == expected


def test_pieces_of_the_subtraction_join(tmp_path: Path) -> None:
    size = 3 * png_writer._CHUNK + 77
    left, right = os.urandom(size), os.urandom(size)
    expected = bytes((a - b) & 255 for a, b in zip(left, right, strict=True))
    assert png_writer._subtracted(left, right) == expected


def test_the_query_of_a_plug_in_does_not_pay_for_threads() -> None:
    code = "import sys; import precision_upscaler.frontend.texts; print('concurrent.futures' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
