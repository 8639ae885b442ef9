"""The machine a figure was measured on: its processor, its versions, and how busy it was otherwise."""

from __future__ import annotations

import os
import platform
import re
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGES = ("flask", "werkzeug", "jsonschema-rs", "pillow", "httpx2")
_PROC_STAT = Path("/proc/stat")


def described() -> dict[str, str]:
    """Return what identifies the machine, as words."""
    return {
        "processor": f"{_model()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "system": f"{_system()}, Linux {platform.release().split('-')[0]}"
        if platform.system() == "Linux"
        else platform.platform(),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES),
    }


def _model() -> str:
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    if not hasattr(os, "sysconf"):
        return "unknown"
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.system()


def today() -> str:
    """Return the time now, as the report shows it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def busy_share(seconds: float = 1.0, sleep: Callable[[float], None] = time.sleep) -> float | None:
    """Return which share of all cores was busy for ``seconds``, 0 to 1; None where it cannot be known."""
    if not _PROC_STAT.exists():
        return None
    before = _jiffies()
    sleep(seconds)
    after = _jiffies()
    total = sum(after) - sum(before)
    idle = (after[3] + after[4]) - (before[3] + before[4])
    return 1 - idle / total if total else 0.0


def _jiffies() -> list[int]:
    return [int(number) for number in _PROC_STAT.read_text("ascii").splitlines()[0].split()[1:9]]


def wait_until_quiet(
    limit: float = 0.15,
    patience: float = 600.0,
    look: Callable[[float], float | None] = busy_share,
    say: Callable[[str], None] = print,
) -> float | None:
    """Wait until other programs use less than ``limit`` of the machine; return what they use then.

    After ``patience`` seconds it gives up waiting: the report shows how busy the machine was.
    """
    waited, told = 0.0, False
    while True:
        share = look(2.0)
        waited += 2.0
        if share is None or share <= limit or waited >= patience:
            return share
        if not told:
            say(f"    waiting for a quieter machine: others use {share:.0%} of it")
            told = True


class Patience:
    """The seconds that all benchmarks of a run together may wait for a quiet machine."""

    def __init__(
        self,
        seconds: float = 180.0,
        wait: Callable[..., float | None] = wait_until_quiet,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.left = seconds
        self._wait = wait
        self._clock = clock

    def wait(self) -> float | None:
        """Wait until the machine is quiet or no patience is left; return what other programs use then."""
        begin = self._clock()
        share = self._wait(patience=self.left)
        self.left = max(0.0, self.left - (self._clock() - begin))
        return share
