"""Let one process at a time build a thing of the cache; the others wait for it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from dev.console import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def building(target: Path, name: str) -> Iterator[None]:
    """Hold the lock for building ``target``, whose ``name`` is shown while this waits."""
    import fcntl  # noqa: PLC0415  # only Linux builds anything that takes long

    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"==> waiting for another process that builds {name}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
