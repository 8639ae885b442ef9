"""Where a user's GIMPs keep their plug-ins: native, Flatpak, Snap, AppImage, macOS bundle, Windows.

Everything is read from the file system, no GIMP is started. A :class:`Machine` says where to look, so
that tests can lay out a home of any platform in a temporary folder.
"""

from __future__ import annotations

import os
import platform
import plistlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from xml.parsers.expat import ExpatError

from installer import plugin_bundle

OLDEST = (2, 10)
_PROGRAM = re.compile(r"^gimp(?:-console)?-(\d+\.\d+)(?:\.exe)?$")
_FOLDER = re.compile(r"^\d+\.\d+$")
_APPIMAGE = re.compile(r"^GIMP-(\d+\.\d+)[^/]*\.AppImage$", re.IGNORECASE)
_FLATPAK = "org.gimp.GIMP"


@dataclass(frozen=True)
class Machine:
    """A user's machine. ``root`` stands before every absolute path that is not the user's own."""

    system: str
    home: Path
    environ: Mapping[str, str]
    root: Path = Path("/")

    def at(self, path: str) -> Path:
        """Return an absolute POSIX path of this machine."""
        return self.root / path.lstrip("/")

    def variable(self, name: str, default: Path) -> Path:
        """Return the folder an environment variable names, or ``default``."""
        value = self.environ.get(name)
        return Path(value) if value else default


def this_machine() -> Machine:
    """Return the machine and the user this runs on and as."""
    return Machine(platform.system().lower(), Path.home(), os.environ)


@dataclass(frozen=True)
class Program:
    """An installed GIMP: ``kind`` for people, ``version`` as in "3.2", the Python it runs plug-ins with.

    ``python`` is the command, as a tuple of words, or empty where it cannot be called from outside.
    """

    kind: str
    version: str
    python: tuple[str, ...] = ()


@dataclass(frozen=True)
class Location:
    """A plug-ins folder that a GIMP reads; ``kind`` names the GIMPs that do.

    ``data`` are the plug-in's data folders for those of them that do not share the user's: a sandbox has
    its own.
    """

    kind: str
    version: str
    plug_ins: Path
    python: tuple[str, ...] = ()
    data: tuple[Path, ...] = ()

    @property
    def front_end(self) -> str:
        """Which of our front ends belongs in there."""
        return "gimp3" if number(self.version) >= (3, 0) else "gimp2"

    @property
    def name(self) -> str:
        """The GIMP for people, such as "GIMP 3.2 (Flatpak)"."""
        return f"GIMP {self.version} ({self.kind})"


def number(version: str) -> tuple[int, int]:
    """Return "2.10" as (2, 10), for comparing."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def programs(machine: Machine) -> list[Program]:
    """Return every GIMP installed for this user that the plug-in has a front end for."""
    find = {"windows": _windows, "darwin": _macos}.get(machine.system, _linux)
    found = {program: None for program in find(machine) if number(program.version) >= OLDEST}
    return list(found)


def locations(machine: Machine) -> list[Location]:
    """Return every plug-ins folder to install into, each once, the newest GIMP first.

    A settings folder counts even when its GIMP is not found (an AppImage may lie anywhere); a GIMP
    counts even when it was never started and has no settings folder yet.
    """
    found: dict[Path, Location] = {}
    installed = programs(machine)
    for program in installed:
        for plug_ins in _folders(machine, program.kind, program.version):
            known = found.get(_real(plug_ins))
            kind = program.kind if known is None else f"{known.kind}, {program.kind}"
            if known is None or program.kind not in known.kind.split(", "):
                python = known.python if known is not None and known.python else program.python
                found[_real(plug_ins)] = Location(kind, program.version, plug_ins, python)
    for kind, settings in _settings(machine):
        for folder in sorted(settings.iterdir()) if settings.is_dir() else ():
            if _FOLDER.match(folder.name) and number(folder.name) >= OLDEST:
                found.setdefault(_real(folder / "plug-ins"), Location(kind, folder.name, folder / "plug-ins"))
    apart = [replace(location, data=_own_data(machine, location)) for location in found.values()]
    return sorted(apart, key=lambda location: number(location.version), reverse=True)


def _own_data(machine: Machine, location: Location) -> tuple[Path, ...]:
    """Return the data folders that sandboxes give to the plug-in in ``location``."""
    bases = {
        "Flatpak": machine.home / f".var/app/{_FLATPAK}/data",
        "Snap": machine.home / "snap/gimp/current/.local/share",
    }
    for cache in (above for above in location.plug_ins.parents if above.name == "LocalCache"):
        if (cache / "Local" / plugin_bundle.NAME).is_dir():  # Windows keeps some of its applications apart
            bases["Microsoft Store"] = cache / "Local"
    kinds = location.kind.split(", ")
    return tuple(base / plugin_bundle.NAME for kind, base in bases.items() if kind in kinds)


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _settings(machine: Machine) -> list[tuple[str, Path]]:
    """Return the folders that hold one settings folder for each version, with who uses them."""
    if machine.system == "windows":
        return [("installed", _roaming(machine)), *(("Microsoft Store", each) for each in _store(machine))]
    if machine.system == "darwin":
        return [("application", machine.home / "Library/Application Support/GIMP")]
    return [
        ("installed", machine.variable("XDG_CONFIG_HOME", machine.home / ".config") / "GIMP"),
        ("Flatpak", machine.home / f".var/app/{_FLATPAK}/config/GIMP"),
        ("Snap", machine.home / "snap/gimp/current/.config/GIMP"),
    ]


def _folders(machine: Machine, kind: str, version: str) -> list[Path]:
    """Return the plug-ins folders that the GIMP of ``kind`` and ``version`` reads."""
    variable = "GIMP3_DIRECTORY" if number(version) >= (3, 0) else "GIMP2_DIRECTORY"
    if kind in {"installed", "application", "AppImage"} and machine.environ.get(variable):
        return [Path(machine.environ[variable], "plug-ins")]
    by_kind = dict(_settings(machine))
    if kind == "Flatpak":
        # It may see the user's own ~/.config/GIMP in place of its private folder, depending on its
        # release and the permissions the user gave: both, unless one is known to be in use.
        both = [by_kind["Flatpak"] / version, by_kind["installed"] / version]
        used = [folder for folder in both if folder.is_dir()]
        return [folder / "plug-ins" for folder in used or both]
    own = by_kind.get(kind, next(iter(by_kind.values())))
    return [own / version / "plug-ins"]


def _versions(folder: Path) -> Iterator[str]:
    """Yield the versions that the names of programs in ``folder`` tell."""
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    found = {match[1] for name in names if (match := _PROGRAM.match(name))}
    yield from sorted(found, key=number)


def _linux(machine: Machine) -> Iterator[Program]:
    on_path = [Path(each) for each in machine.environ.get("PATH", "").split(os.pathsep) if each]
    for folder in dict.fromkeys([*on_path, machine.at("/usr/bin"), machine.at("/usr/local/bin")]):
        for version in _versions(folder):
            yield Program("installed", version, ("python3",))
    for base in (machine.at("/var/lib/flatpak"), machine.home / ".local/share/flatpak"):
        for version in _versions(base / f"app/{_FLATPAK}/current/active/files/bin"):
            yield Program("Flatpak", version, ("flatpak", "run", "--command=python3", _FLATPAK))
    for base in (machine.at("/snap/gimp/current"), machine.at("/var/lib/snapd/snap/gimp/current")):
        for version in _versions(base / "usr/bin"):
            yield Program("Snap", version)
    for name in ("", "Applications", "AppImages", "Downloads", "Desktop", ".local/bin", "bin", "opt"):
        location = machine.home / name
        for path in sorted(location.iterdir()) if location.is_dir() else ():
            if match := _APPIMAGE.match(path.name):
                yield Program("AppImage", match[1])


def _macos(machine: Machine) -> Iterator[Program]:
    for base in (machine.at("/Applications"), machine.home / "Applications"):
        for bundle in sorted(base.glob("GIMP*.app")):
            try:
                facts = plistlib.loads((bundle / "Contents/Info.plist").read_bytes())
                version = ".".join(str(facts["CFBundleShortVersionString"]).split(".")[:2])
                number(version)
            except (OSError, KeyError, ValueError, ExpatError):
                continue
            pythons = sorted((bundle / "Contents/MacOS").glob("python3*"))
            python = (str(pythons[0]),) if pythons and number(version) >= (3, 0) else ()
            yield Program("application", version, python)


def _windows(machine: Machine) -> Iterator[Program]:
    local = machine.variable("LOCALAPPDATA", machine.home / "AppData/Local")
    bases = [local / "Programs"]
    bases += [
        Path(machine.environ[name]) for name in ("ProgramFiles", "ProgramW6432") if machine.environ.get(name)
    ]
    for base in dict.fromkeys(bases):
        for folder in sorted(base.glob("GIMP*")):
            pythons = sorted((folder / "bin").glob("python.exe")) or sorted(
                (folder / "bin").glob("python3*.exe")
            )
            for version in _versions(folder / "bin"):
                python = (str(pythons[0]),) if pythons and number(version) >= (3, 0) else ()
                yield Program("installed", version, python)


def _roaming(machine: Machine) -> Path:
    return machine.variable("APPDATA", machine.home / "AppData/Roaming") / "GIMP"


def _store(machine: Machine) -> list[Path]:
    """Return where Windows may keep for itself what the Store's GIMP writes to the roaming folder."""
    packages = machine.variable("LOCALAPPDATA", machine.home / "AppData/Local") / "Packages"
    return sorted(packages.glob("GIMP.*/LocalCache/Roaming/GIMP"))
