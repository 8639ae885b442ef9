"""Check an image file while it is still being downloaded, so that little is left to do at its end."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import png
from .base import ImageFile, InvalidImage, inspect
from .metadata import verify


class StreamingCheck:
    """The check of the file at ``path`` while it is written from its beginning on.

    A thread reads a PNG meanwhile; another format is checked at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._size = 0
        self._ended = False
        self._whole = False
        self._reader: threading.Thread | None = None

    def advance(self, size: int) -> None:
        """Go on with the first ``size`` bytes of the file, which will not change any more."""
        with self._changed:
            self._size = size
            self._changed.notify()
        if self._reader is None:
            self._reader = threading.Thread(target=self._check, name="checker", daemon=True)
            self._reader.start()

    def result(self) -> ImageFile:
        """Return what the file, which is complete now, is; raises what :func:`.metadata.verify` raises."""
        self._end()
        return inspect(self._path) if self._whole else verify(self._path)

    def stop(self) -> None:
        """Check no further: nothing more will come, or another file."""
        with self._changed:
            self._size = 0
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._reader is not None:
            self._reader.join()

    def _left(self, at: int) -> int:
        """Wait until there is something after the first ``at`` bytes; return how much, 0 at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._size > at)
            return max(0, self._size - at)

    def _check(self) -> None:
        try:
            with self._path.open("rb", buffering=0) as file:
                for _ in png.rows(io.BufferedReader(Growing(file, self._left), 1 << 16)):
                    pass
            self._whole = True
        except (InvalidImage, OSError):
            pass  # result() reads the file again and says what is wrong with it


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
