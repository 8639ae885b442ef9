"""Fabricated homes: a machine of any platform with its GIMPs, laid out in a temporary folder."""

from __future__ import annotations

import plistlib
import sys
from typing import TYPE_CHECKING

from installer import plugin_bundle
from installer.gimp_locations import Machine

if TYPE_CHECKING:
    from pathlib import Path


def plugin_folder(folder: Path, content: str) -> Path:
    """Make the smallest plug-in folder that counts as whole, in ``folder``."""
    plugin = folder / plugin_bundle.NAME
    plugin.mkdir(parents=True)
    (plugin / plugin_bundle.EXECUTABLE).write_text(content, encoding="ascii")
    listing = f"{plugin_bundle.digest(plugin / plugin_bundle.EXECUTABLE)}  {plugin_bundle.EXECUTABLE}\n"
    (plugin / plugin_bundle.FILES).write_text(listing, encoding="ascii")
    return plugin


def program(path: Path, does: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o755)


def python(path: Path, before: str = "") -> None:
    """Write a program that is a Python, as the one inside a GIMP; ``before`` is shell code."""
    program(path, f'{before}\nexec "{sys.executable}" "$@"')


def flatpak(path: Path) -> None:
    """Write the ``flatpak`` that runs a Python inside the sandbox of GIMP."""
    python(path, 'shift 3\nexport XDG_DATA_HOME="$HOME/.var/app/org.gimp.GIMP/data"')


def bundle(applications: Path, name: str, version: str, its_python: str = "") -> None:
    contents = applications / name / "Contents"
    program(contents / "MacOS/gimp")
    if its_python:
        python(contents / "MacOS" / its_python)
    (contents / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}))


def linux(root: Path, **environ: str) -> Machine:
    home = root / "home/ana"
    home.mkdir(parents=True)
    return Machine("linux", home, {"PATH": str(root / "usr/bin"), **environ}, root)


def debian(root: Path) -> Machine:
    """Lay out GIMP 3.2 of the distribution, with the settings of an older 2.10 still there."""
    machine = linux(root)
    program(root / "usr/bin/gimp-3.2")
    program(root / "usr/bin/gimp-console-3.2")
    (machine.home / ".config/GIMP/2.10").mkdir(parents=True)
    (machine.home / ".config/GIMP/3.2").mkdir(parents=True)
    return machine


def flatpak_user(root: Path) -> Machine:
    machine = linux(root)
    program(root / "var/lib/flatpak/app/org.gimp.GIMP/current/active/files/bin/gimp-3.0")
    flatpak(root / "usr/bin/flatpak")
    (machine.home / ".var/app/org.gimp.GIMP/config/GIMP/3.0").mkdir(parents=True)
    return machine


def snap_user(root: Path) -> Machine:
    machine = linux(root)
    program(root / "snap/gimp/current/usr/bin/gimp-3.0")
    (machine.home / "snap/gimp/current/.config/GIMP/3.0").mkdir(parents=True)
    return machine


def appimage_user(root: Path) -> Machine:
    """Lay out an AppImage that was never started."""
    machine = linux(root)
    program(machine.home / "Downloads/GIMP-3.0.4-x86_64.AppImage")
    return machine


def everything(root: Path) -> Machine:
    """Lay out the distribution's 2.10, Flatpak 3.2, Snap 3.0, and an AppImage 3.2."""
    machine = linux(root)
    program(root / "usr/bin/gimp-2.10")
    program(machine.home / ".local/share/flatpak/app/org.gimp.GIMP/current/active/files/bin/gimp-3.2")
    flatpak(root / "usr/bin/flatpak")
    (machine.home / ".var/app/org.gimp.GIMP/config/GIMP/3.2").mkdir(parents=True)
    program(root / "snap/gimp/current/usr/bin/gimp-3.0")
    program(machine.home / "Applications/GIMP-3.2.6-x86_64.AppImage")
    return machine


def mac(root: Path) -> Machine:
    home = root / "Users/ana"
    home.mkdir(parents=True)
    bundle(root / "Applications", "GIMP.app", "3.2.6", "python3.13")
    bundle(root / "Applications", "GIMP-2.10.app", "2.10.38")
    return Machine("darwin", home, {}, root)


def windows(root: Path) -> Machine:
    home = root / "Users/ana"
    local, roaming, files = home / "AppData/Local", home / "AppData/Roaming", root / "Program Files"
    program(local / "Programs/GIMP 3/bin/gimp-3.0.exe")
    python(local / "Programs/GIMP 3/bin/python.exe")
    program(files / "GIMP 2/bin/gimp-2.10.exe")
    (roaming / "GIMP/3.0").mkdir(parents=True)
    (local / "Packages/GIMP.43237F745622D_k3n1/LocalCache/Roaming/GIMP/3.2").mkdir(parents=True)
    environ = {"LOCALAPPDATA": str(local), "APPDATA": str(roaming), "ProgramFiles": str(files)}
    return Machine("windows", home, environ, root)


def empty(root: Path) -> Machine:
    return linux(root)
