"""Death at any line of the core: what a kill leaves behind, without the cost of a process.

``kill -9`` runs nothing more of the program. Here the line raises :class:`Killed`, which nothing in
the core catches; the few ``finally`` blocks it passes only give back what the system would take from
a dead process anyway (locks, files, sockets), or remove a scratch file.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import precision_upscaler
from precision_upscaler.storage import files

_CORE = Path(precision_upscaler.__file__).parent
_PATTERNS = ("jobs/*.py", "storage/journal.py", "storage/files.py", "api/client.py", "api/download.py")
MODULES = frozenset(str(path) for pattern in _PATTERNS for path in _CORE.glob(pattern))
"""The files whose every line is a place to die."""


class Killed(BaseException):
    """The process is gone."""


class LineTracer:
    """Counts the core's lines as they are run, and kills at number ``kill_at``."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.count = 0
        self.place = ""
        self.first_times: list[int] = []
        """The numbers at which a line was run that had not been run before."""
        self._seen: set[tuple[str, int]] = set()
        self._kill_at = kill_at

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "call":
            return self._trace if frame.f_code.co_filename in MODULES else None
        if event == "line":
            self.count += 1
            where = (frame.f_code.co_filename, frame.f_lineno)
            if where not in self._seen:
                self._seen.add(where)
                self.first_times.append(self.count)
            if self.count == self._kill_at:
                self.place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                raise Killed(self.place)
        return self._trace

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Count, and perhaps kill, inside the block."""
        before = sys.gettrace()
        opened: list[tuple[int, int, int]] = []
        plain_open = files.open_private

        def noting_open(path: Path, flags: int) -> int:
            descriptor = plain_open(path, flags)
            opened.append((descriptor, *_identity(descriptor)))
            return descriptor

        files.open_private = noting_open
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)
            files.open_private = plain_open
            if self.place:
                # what the system does for a dead process, and with it gives back its locks
                for descriptor, *identity in opened:
                    with contextlib.suppress(OSError):
                        if _identity(descriptor) == tuple(identity):
                            os.close(descriptor)


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
