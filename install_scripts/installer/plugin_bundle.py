"""Assemble the complete plug-in folder as GIMP wants it: front end, core, vendor/, licences.

precision-upscaler/
    precision-upscaler.py      what GIMP starts, executable
    upscaler_gimp3/            (GIMP 3) the front end
    precision_upscaler/        the core, without the command line
    vendor/                    its pure Python dependencies with their metadata and licences
    LICENSE, VERSION, FILES    ours; the release; every file with its hash, for --check and --uninstall
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

from dev.bootstrap import CLONE
from dev.console import Failure

from installer import packages

if TYPE_CHECKING:
    from pathlib import Path

NAME = "precision-upscaler"
EXECUTABLE = f"{NAME}.py"
FILES = "FILES"
FRONT_ENDS = ("gimp3", "gimp2")
_SKIPPED = ("__pycache__", "*.pyc", "*.po", "*.pot", ".*", "README.md")
# the command line: no front end starts it, and vendor/ does not carry what it needs
_NOT_IN_THE_CORE = ("cli",)


def version() -> str:
    """Return the release the clone is at."""
    text = (CLONE / "plugin/precision_upscaler/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise Failure("plugin/precision_upscaler/__init__.py states no __version__")
    return found[1]


def assemble(target: Path, front_end: str) -> Path:
    """Make the plug-in folder for ``front_end`` ("gimp3" or "gimp2") in ``target`` and return its path.

    ``target`` is a folder; the result is ``target/precision-upscaler``, which must not exist yet.
    """
    source = CLONE / "plugin" / front_end
    if not (source / EXECUTABLE).exists():
        raise Failure(f"{source / EXECUTABLE} is missing", "get a complete copy of the project")
    folder = target / NAME
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*_SKIPPED))
    core = CLONE / "plugin/precision_upscaler"
    skipped = shutil.ignore_patterns(*_SKIPPED, *_NOT_IN_THE_CORE)
    shutil.copytree(core, folder / "precision_upscaler", ignore=skipped)
    vendor = packages.fetch("requirements-vendor.lock", *packages.PURE_PYTHON)
    packages.copy_pure_python(vendor, folder / "vendor")
    shutil.copy(CLONE / "LICENSE", folder / "LICENSE")
    (folder / "VERSION").write_text(f"{version()}\n", encoding="ascii")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path == folder / EXECUTABLE else 0o644)
    folder.chmod(0o755)
    (folder / FILES).write_text(_listing(folder), encoding="utf-8")
    (folder / FILES).chmod(0o644)
    return folder


def _listing(folder: Path) -> str:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as ``sha256sum`` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def damage(folder: Path) -> list[str]:
    """Return what is missing or changed in an installed plug-in folder, one line each; empty when whole."""
    try:
        listing = (folder / FILES).read_text(encoding="utf-8")
    except OSError:
        return [f"{FILES} is missing"]
    found = []
    for line in listing.splitlines():
        expected, name = line.split("  ", 1)
        path = folder / name
        if not path.exists():
            found.append(f"{name} is missing")
        elif digest(path) != expected:
            found.append(f"{name} was changed")
    return found
