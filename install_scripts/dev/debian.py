"""Packages of the system's own, installed with apt where this runs as root on Debian."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from dev.console import Failure, command, step

if TYPE_CHECKING:
    from pathlib import Path


def can_install() -> bool:
    """Whether packages can be installed here without asking anybody."""
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str, log: Path | None = None) -> None:
    """Install ``packages`` and what they need; :class:`Failure` when that is impossible."""
    if not can_install():
        raise Failure(
            f"{packages[0]} is not here, and cannot be installed", "run as root on Debian or Ubuntu"
        )
    with step(f"installing {packages[0]} with apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command(["apt-get", "-q", "update"], log=log, env=env)
        command(["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages], log=log, env=env)
