"""Assemble the complete plug-in folder as GIMP wants it: front end, core, vendor/, licences.

precision-upscaler/
    precision-upscaler.py      what GIMP starts, executable
    upscaler_gimp3/            (GIMP 3) the front end
    precision_upscaler/        the core, without the command line
    vendor/                    its pure Python dependencies with their metadata and licences
    LICENSE, VERSION, FILES    ours; the release; every file with its hash, for --check and --uninstall
    FOR GIMP ….txt             the GIMP versions this is for, and where to put it
    ….metainfo.xml             (GIMP 3) what software centers and GIMP's own list of extensions show
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
FRONT_ENDS = {"gimp3": "GIMP 3.0 or newer", "gimp2": "GIMP 2.10"}
"""Our front ends, and the GIMP versions each is for."""
_NOTE = """\
Precision Upscaler {version} for {gimp}

This folder, precision-upscaler, belongs into the plug-ins folder of {gimp}: in GIMP, Edit, Preferences,
Folders, Plug-ins names it. The file precision-upscaler.py must lie in it directly and, on Linux and macOS,
be executable. Start GIMP anew, open an image, and choose Filters, Enhance, Precision Upscale.

No such entry? Help, About names your GIMP's version: there is one zip for {others}.
"""
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
    (folder / "VERSION").write_text(f"{version()}\n", encoding="ascii", newline="\n")
    gimp, others = FRONT_ENDS[front_end], " and one for ".join(FRONT_ENDS.values())
    note = _NOTE.format(version=version(), gimp=gimp, others=others)
    (folder / f"FOR {gimp}.txt").write_text(note, encoding="ascii", newline="\n")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path == folder / EXECUTABLE else 0o644)
    folder.chmod(0o755)
    (folder / FILES).write_text(_listing(folder), encoding="utf-8", newline="\n")
    (folder / FILES).chmod(0o644)
    return folder


def zip_name(front_end: str) -> str:
    """Return the name of the zip for ``front_end``: it says which GIMP it is for."""
    return f"{NAME}-{version()}-{FRONT_ENDS[front_end].lower().replace(' ', '-')}.zip"


def _listing(folder: Path) -> str:
    # sorted as text: Windows' paths compare without regard to case
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return "".join(f"{digest(path)}  {name}\n" for name, path in sorted(paths.items()))


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
