"""Take the plug-in out of GIMPs again with all it left: its folder, GIMP's memory of it, data and keys.

Data and keys stay while another GIMP of the user has the plug-in and shares them, and so do paid results
that never reached a picture, unless they are to be discarded.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dev.console import Failure, say

from installer import doctor, plugin_bundle
from installer import place as placing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from installer.gimp_locations import Place

OURS = (
    "jobs",
    "settings.json",
    "credentials.json",
    "accounts.json",
    "prices.json",
    "log",
    "requests-*",
    ".*.tmp",
)
"""The names of what the plug-in makes in its data folder."""
_KEPT_WITH_RESULTS = ("jobs", "settings.json")
# GIMP writes letters and digits as they are and all else as octal numbers, one parasite a line
_PARASITE = re.compile(rb'^\(parasite "precision-upscale[^"]*" \d+ \d+ "[^"]*"\)\n\n?', re.MULTILINE)


@dataclass(frozen=True)
class Data:
    """A data folder, and how many paid results in it never reached a picture."""

    folder: Path
    paid: int


def uninstall(places: Sequence[Place], others: Sequence[Place], *, discard: bool) -> None:
    """Remove the plug-in from ``places`` and what no installation in ``others`` still uses."""
    installed = [place for place in places if _is_in(place)]
    if not installed:
        say("Precision Upscaler is not installed.")
        return
    gone = {_real(place.plug_ins) for place in installed}
    staying = [place for place in others if _is_in(place) and _real(place.plug_ins) not in gone]
    used = {_real(data.folder) for place in staying for data in data_of(place)}
    found = {_real(data.folder): data for place in installed for data in data_of(place)}
    worlds = {(place.python, place.data): place for place in installed}
    removed = 0 if staying else sum(map(_forget_keys, worlds.values()))
    for place in installed:
        placing.remove(place.plug_ins)
        _forget_in_gimp(place.plug_ins.parent)
        say(f"Removed from {place.name}: {place.plug_ins / plugin_bundle.NAME}")
    if staying:
        verb = "uses" if len(staying) == 1 else "use"
        say(f"Kept the API key: {' and '.join(place.name for place in staying)} still {verb} it.")
    if removed:
        say("Removed the API key from the system's keyring.")
    if not found:
        say("The folder of jobs and settings was not found.")
    for real, data in found.items():
        if real in used:
            say(f"Kept {data.folder}: it is shared with another GIMP.")
        else:
            _remove_data(data, discard=discard)


def _is_in(place: Place) -> bool:
    return (place.plug_ins / plugin_bundle.NAME).exists()


def _real(path: Path) -> Path:
    return path.resolve()


def data_of(place: Place) -> list[Data]:
    """Return the data folders that the GIMPs of an installation use."""
    found: dict[Path, Data] = {}
    hidden = [replace(place, python=(), data=(folder,)) for folder in place.data if folder.is_dir()]
    for way in (place, *hidden):
        if way is not place and _real(way.data[0]) in found:
            continue
        told = doctor.ask(way, "state")
        folder = told.get("data_folder")
        if isinstance(folder, str):
            found[_real(Path(folder))] = Data(Path(folder), int(told.get("paid", 0)))
    return list(found.values())


def _forget_keys(place: Place) -> int:
    """Take the keys out of the keyring that the place's GIMP sees, or that we see; return how many."""
    told = doctor.ask(place, "forget")
    if "core_problem" in told:
        told = doctor.ask(replace(place, python=()), "forget")
    removed = told.get("removed", 0)
    return removed if isinstance(removed, int) else 0


def _forget_in_gimp(settings: Path) -> None:
    """Remove GIMP's memory of our dialogs (last values, presets) and of the service's address."""
    for path in settings.glob("plug-in-settings/plug-in-precision-upscale*"):
        discard_path(path)
    try:
        remembered = (settings / "parasiterc").read_bytes()
        kept = _PARASITE.sub(b"", remembered)
        if kept != remembered:
            (settings / "parasiterc").write_bytes(kept)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Failure(f"{settings / 'parasiterc'} cannot be changed: {error.strerror}") from error


def _remove_data(data: Data, *, discard: bool) -> None:
    keep = _KEPT_WITH_RESULTS if data.paid and not discard else ()
    for pattern in OURS:
        for path in data.folder.glob(pattern):
            if path.name not in keep:
                discard_path(path)
    if keep:
        say(f"Kept {data.folder}: {data.paid} paid results in it never reached a picture.")
        say("To throw them away as well, install again and run --uninstall --discard-results.")
    elif any(data.folder.iterdir()):
        say(f"Kept {data.folder}: there are files in it that are not the plug-in's.")
    else:
        data.folder.rmdir()
        say(f"Removed {data.folder}")


def discard_path(path: Path) -> None:
    """Delete a file or a whole folder; :class:`steps.Failure` when it cannot be."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"{path} cannot be removed: {error.strerror}", "close GIMP and start again") from error
