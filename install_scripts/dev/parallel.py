"""How pytest is called for a whole run: what keeps the cores busy, and the disk out of the way."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = Path("/dev/shm")  # noqa: S108  # where Linux has a file system in memory
_ROOM = 2 << 30
"""Bytes that must be free there; a whole run needs less than a third of them."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(*, real_gimps: bool) -> list[str]:
    """Return pytest's options that spread tests over processes.

    What is prepared in a real GIMP is prepared for a whole file, so files stay together. Without them tests
    go wherever a process is idle, and there are half as many processes again as cores: tests also wait.
    """
    if real_gimps:
        return [f"--numprocesses={cores()}", "--dist=loadfile"]
    return [f"--numprocesses={cores() + (cores() + 1) // 2}", "--dist=worksteal"]


@contextlib.contextmanager
def environment(*, real_gimps: bool) -> Iterator[dict[str, str]]:
    """Give the environment for pytest; temporary files are in memory, where there is room for them.

    Not for real GIMPs, whose private systems have a ``/dev`` of their own.
    """
    # every process that a test starts would compile every module anew
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if real_gimps or not _roomy(_MEMORY):
        yield env
        return
    with tempfile.TemporaryDirectory(prefix="precision-test-", dir=_MEMORY) as folder:
        yield {**env, "TMPDIR": folder}


def _roomy(folder: Path) -> bool:
    """Tell whether programs can be written to ``folder`` and run there, and there is room for a whole run."""
    if not hasattr(os, "statvfs") or not os.access(folder, os.W_OK):
        return False
    facts = os.statvfs(folder)
    return not facts.f_flag & os.ST_NOEXEC and facts.f_bavail * facts.f_frsize >= _ROOM
