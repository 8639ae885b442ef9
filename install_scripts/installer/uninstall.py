"""Remove the plug-in from GIMPs: its folder, what GIMP stored for it, its data and its keys.

Data and keys are kept while another GIMP of the user has the plug-in and shares them. Paid results that were
never placed in an image are kept unless they are to be discarded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dev.console import Failure, say

from installer import doctor, place, plugin_bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from installer.gimp_locations import Location

OURS = (
    "jobs",
    "spending",
    "settings.json",
    "credentials.json",
    "accounts.json",
    "*-damaged.json",
    "prices.json",
    "log",
    "requests-*",
    ".*.tmp",
)
"""The names of what the plug-in makes in its data folder."""
_KEPT_WITH_RESULTS = ("jobs", "settings.json", "spending")
# one parasite a line; GIMP writes letters and digits as they are and all else as octal numbers
_PARASITE = re.compile(rb'^\(parasite "precision-upscale[^"]*" \d+ \d+ "[^"]*"\)\n\n?', re.MULTILINE)


@dataclass(frozen=True)
class Data:
    """A data folder, and how many paid results in it were never placed."""

    folder: Path
    paid: int


def uninstall(locations: Sequence[Location], others: Sequence[Location], *, discard: bool) -> None:
    """Remove the plug-in from ``locations`` and what no installation in ``others`` still uses."""
    installed = [location for location in locations if _installed(location)]
    if not installed:
        say("Precision Upscaler is not installed.")
        return
    removing = {_real(location.plug_ins) for location in installed}
    staying = [each for each in others if _installed(each) and _real(each.plug_ins) not in removing]
    used = {_real(data.folder) for location in staying for data in data_of(location)}
    found = {_real(data.folder): data for location in installed for data in data_of(location)}
    apart = {(location.python, location.data): location for location in installed}
    removed = 0 if staying else sum(map(_remove_keys, apart.values()))
    for location in installed:
        place.remove(location.plug_ins)
        _remove_from_settings(location.plug_ins.parent)
        say(f"Removed from {location.name}: {location.plug_ins / plugin_bundle.NAME}")
    if staying:
        verb = "uses" if len(staying) == 1 else "use"
        say(f"Kept the API key: {' and '.join(location.name for location in staying)} still {verb} it.")
    if removed:
        say("Removed the API key from the system's keyring.")
    if not found:
        say("The folder of jobs and settings was not found.")
    for real, data in found.items():
        if real in used:
            say(f"Kept {data.folder}: it is shared with another GIMP.")
        else:
            _remove_data(data, discard=discard)


def _installed(location: Location) -> bool:
    return (location.plug_ins / plugin_bundle.NAME).exists()


def _real(path: Path) -> Path:
    return path.resolve()


def data_of(location: Location) -> list[Data]:
    """Return the data folders that the GIMPs of an installation use."""
    found: dict[Path, Data] = {}
    sandboxed = [replace(location, python=(), data=(folder,)) for folder in location.data if folder.is_dir()]
    for way in (location, *sandboxed):
        if way is not location and _real(way.data[0]) in found:
            continue
        answer = doctor.ask(way, "state")
        folder = answer.get("data_folder")
        if isinstance(folder, str):
            found[_real(Path(folder))] = Data(Path(folder), int(answer.get("paid", 0)))
    return list(found.values())


def _remove_keys(location: Location) -> int:
    """Remove the keys from the keyring that this GIMP sees, else from ours; return how many."""
    answer = doctor.ask(location, "forget")
    if "core_problem" in answer:
        answer = doctor.ask(replace(location, python=()), "forget")
    removed = answer.get("removed", 0)
    return removed if isinstance(removed, int) else 0


def _remove_from_settings(settings: Path) -> None:
    """Remove what GIMP stored for us: last values and presets of the dialogs, the service's address."""
    for path in settings.glob("plug-in-settings/plug-in-precision-upscale*"):
        place.delete(path)
    try:
        stored = (settings / "parasiterc").read_bytes()
        kept = _PARASITE.sub(b"", stored)
        if kept != stored:
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
                place.delete(path)
    if keep:
        say(f"Kept {data.folder}: {data.paid} paid results in it were never placed in an image.")
        say("To delete them as well, install again and run --uninstall --discard-results.")
    elif not data.folder.exists():
        say(f"There was nothing in {data.folder}.")
    elif any(data.folder.iterdir()):
        say(f"Kept {data.folder}: there are files in it that are not the plug-in's.")
    else:
        data.folder.rmdir()
        say(f"Removed {data.folder}")
