"""Install a plug-in folder into a GIMP's plug-ins folder, whole or not at all, or remove it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from dev.console import Failure

from installer import plugin_bundle


def install(folder: Path, plug_ins: Path) -> Path:
    """Copy the assembled ``folder`` into ``plug_ins`` in place of an older one; return where it is now.

    The copy is made beside ``plug_ins`` and moved in with one rename; when anything fails,
    what was there before is restored.
    """
    target = plug_ins / folder.name
    try:
        plug_ins.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=plug_ins.parent) as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            shutil.copytree(folder, new)
            if target.is_symlink():
                target.unlink()  # a developer's link: remove the link, keep what it points to
            if target.exists():
                target.rename(old)
            try:
                new.rename(target)
            except OSError:
                if old.exists():
                    old.rename(target)
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
    """Remove the plug-in from ``plug_ins``; return whether it was there."""
    target = plug_ins / plugin_bundle.NAME
    installed = target.is_symlink() or target.exists()
    delete(target)
    return installed


def delete(path: Path) -> None:
    """Delete a file, a link or a whole folder, if it is there; :class:`Failure` when it cannot be."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(
            f"{path} cannot be removed: {error.strerror or error}", "close GIMP and start again"
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
