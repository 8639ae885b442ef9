"""Install a plug-in folder into a GIMP's plug-ins folder, whole or not at all, or remove it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dev.console import Failure

from installer import plugin_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ATTEMPTS = 100 if os.name == "nt" else 1
_PAUSE = 0.02
_BESIDE = f".{plugin_bundle.NAME}-"
"""How the names of our temporary folders beside the plug-ins folder begin."""


def when_unused(use: Callable[[], object]) -> None:
    """Call ``use``; on Windows again for up to two seconds while another program holds one of its files.

    An indexer or a virus scanner opens each new file for a moment; see ``storage.files`` of the plug-in.
    """
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(PermissionError):
            use()
            return
        time.sleep(_PAUSE)
    use()


def install(folder: Path, plug_ins: Path) -> Path:
    """Copy the assembled ``folder`` into ``plug_ins`` in place of an older one; return where it is now.

    The copy is made beside ``plug_ins`` and moved in with one rename; when anything fails,
    what was there before is restored.
    """
    target = plug_ins / folder.name
    try:
        plug_ins.mkdir(parents=True, exist_ok=True)
        # what cannot be removed of the old one must not undo the new one; uninstalling removes it
        with tempfile.TemporaryDirectory(
            prefix=_BESIDE, dir=plug_ins.parent, ignore_cleanup_errors=True
        ) as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            shutil.copytree(folder, new)
            if target.is_symlink():
                target.unlink()  # a developer's link: remove the link, keep what it points to
            if target.exists():
                when_unused(lambda: target.rename(old))
            try:
                when_unused(lambda: new.rename(target))
            except OSError:
                if old.exists():
                    when_unused(lambda: old.rename(target))
                raise
    except OSError as error:
        raise Failure(
            f"{target} cannot be written: {error.strerror or error}",
            "close GIMP, check that the folder belongs to you and that the disk is not full, and start again",
        ) from error
    damaged = plugin_bundle.damage(target)
    if damaged:
        raise Failure(f"{target} is not what was copied: {damaged[0]}", "check the disk, and start again")
    return target


def remove(plug_ins: Path) -> bool:
    """Remove the plug-in from ``plug_ins``; return whether it was there.

    A folder is renamed first: Windows refuses that while a file in it is open, and the plug-in stays whole.
    """
    target = plug_ins / plugin_bundle.NAME
    installed = target.is_symlink() or target.exists()
    if target.is_symlink():
        delete(target)
    elif installed:
        aside = plug_ins.parent / f"{_BESIDE}{os.getpid()}"
        with _removing(target):
            when_unused(lambda: target.rename(aside))
    for path in plug_ins.parent.glob(f"{_BESIDE}*"):
        delete(path)
    return installed


def delete(path: Path) -> None:
    """Delete a file, a link or a whole folder, if it is there; :class:`Failure` when it cannot be."""
    with _removing(path):
        if path.is_dir() and not path.is_symlink():
            when_unused(lambda: shutil.rmtree(path))
        else:
            when_unused(lambda: path.unlink(missing_ok=True))


@contextlib.contextmanager
def _removing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(
            f"{path} cannot be removed: {error.strerror or error}",
            "close GIMP and every other program that has a file of that folder open, and start again",
        ) from error


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a plug-in zip into the folder ``target`` with its modes; return the plug-in folder.

    :class:`Failure` when the file is no plug-in zip of ours.
    """
    problem = Failure(f"{archive} is not a zip of Precision Upscaler", "download it again")
    try:
        with zipfile.ZipFile(archive) as packed:
            tops = {PurePosixPath(name).parts[0] for name in packed.namelist()}
            if tops != {plugin_bundle.NAME}:
                raise problem
            for member in packed.infolist():
                written = Path(packed.extract(member, target))
                if written.is_file():
                    written.chmod(member.external_attr >> 16 & 0o777 or 0o644)
    except (OSError, zipfile.BadZipFile) as error:
        raise problem from error
    folder = target / plugin_bundle.NAME
    damaged = plugin_bundle.damage(folder)
    if damaged:
        raise Failure(f"{archive} is damaged: {damaged[0]}", "download it again")
    return folder
