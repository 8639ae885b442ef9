"""A picture that is checked while it is still arriving, so that the verdict soon follows its last byte."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .base import NotAPicture, Picture, inspect, png_rows, verify


class Incoming:
    """The file at ``path`` while it is written from its beginning on.

    A PNG is read along by a thread, which may lag behind; another format is checked at the end alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._news = threading.Condition()
        self._size = 0
        self._over = False
        self._whole = False
        self._reader: threading.Thread | None = None

    def reach(self, size: int) -> None:
        """Hear that the first ``size`` bytes are in the file, and will stay as they are."""
        with self._news:
            self._size = size
            self._news.notify()
        if self._reader is None:
            self._reader = threading.Thread(target=self._check, name="checker", daemon=True)
            self._reader.start()

    def picture(self) -> Picture:
        """Return what the file, which is complete now, is; as :func:`.images.verify`, and raises the same."""
        self._end()
        return inspect(self._path) if self._whole else verify(self._path)

    def drop(self) -> None:
        """Check no further: nothing more will come, or something else."""
        with self._news:
            self._size = 0
        self._end()

    def _end(self) -> None:
        with self._news:
            self._over = True
            self._news.notify()
        if self._reader is not None:
            self._reader.join()

    def _left(self, at: int) -> int:
        """Wait until there is something after the first ``at`` bytes; return how much, 0 at the end."""
        with self._news:
            self._news.wait_for(lambda: self._over or self._size > at)
            return max(0, self._size - at)

    def _check(self) -> None:
        try:
            with self._path.open("rb", buffering=0) as file:
                for _ in png_rows(io.BufferedReader(Growing(file, self._left), 1 << 16)):
                    pass
            self._whole = True
        except (NotAPicture, OSError):
            pass  # what it is then, and what is wrong with it, picture() says


class Growing(io.RawIOBase):
    """A file read no further than it is written: ``left`` says how much there is after so many bytes."""

    def __init__(self, file: io.FileIO, left: Callable[[int], int]) -> None:
        self.name = file.name
        self._file = file
        self._left = left
        self._at = 0

    def readable(self) -> bool:
        """Say that this is a stream to read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what is there into ``buffer``, waiting for a first byte; return how many, 0 at the end."""
        count = self._file.readinto(memoryview(buffer)[: self._left(self._at)]) or 0
        self._at += count
        return count
