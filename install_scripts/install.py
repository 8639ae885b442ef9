"""Install, upgrade, examine or remove the plug-in, in every GIMP of this user.

    python3 install_scripts/install.py                   into every GIMP found: 2.10, 3.0, 3.2 and later
    python3 install_scripts/install.py --check           examine: every line that needs it says what to do
    python3 install_scripts/install.py --uninstall       remove it, its settings, its data and the stored key
    python3 install_scripts/install.py --plug-ins DIR    into this plug-ins folder alone
    python3 install_scripts/install.py --zip FILE        install this zip instead of what the clone holds

Found are the distribution's GIMP, Flatpak, Snap, AppImages, the macOS application, and on Windows both
installers and the Microsoft Store.
"""

from dev import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import argparse
import sys
import tempfile
from pathlib import Path

from dev.console import Failure, exit_on_failure, say, step
from installer import doctor, gimp_locations, place, plugin_bundle, uninstall
from installer.gimp_locations import Location, Machine

# what upscaler_gimp2.worker reads; it searches the machine when the note leads nowhere
NOTE = "python3.path"
NO_GIMP = "no GIMP 2.10, 3.0 or later was found for this user"
GET_GIMP = (
    "install GIMP from https://www.gimp.org/downloads/ and start it once; or name its plug-ins folder with "
    "--plug-ins (in GIMP: Edit, Preferences, Folders, Plug-ins)"
)


def wanted_locations(options: argparse.Namespace, machine: Machine) -> list[Location]:
    """Return the locations that the command line names, else all; :class:`Failure` when there is none."""
    if options.plug_ins:
        folder = options.plug_ins.expanduser().absolute()
        version = "2.10" if options.front_end == "gimp2" else "3.0"
        return [Location("as named", version, folder)]
    found = gimp_locations.locations(machine)
    if not found:
        raise Failure(NO_GIMP, GET_GIMP)
    return found


def install(locations: list[Location], archives: list[Path]) -> None:
    """Put the plug-in into every location; the first failure stops it and says where."""
    with tempfile.TemporaryDirectory() as temporary:
        folders: dict[str, Path] = {}
        for location in locations:
            front_end = location.front_end
            if front_end not in folders:
                draft = Path(temporary, front_end)
                draft.mkdir()
                folders[front_end] = _source(archives, front_end, draft)
            older = _version(location.plug_ins / plugin_bundle.NAME)
            target = place.install(folders[front_end], location.plug_ins)
            if front_end == "gimp2":
                note_python(target)
            now = _version(target)
            what = {None: "Installed", now: "Installed again:"}.get(older, f"Upgraded from {older} to")
            say(f"{what} Precision Upscaler {now} for {location.name}: {target}")
    say("Start GIMP anew, open a picture, and choose Filters, Enhance, Precision Upscale.")


def note_python(target: Path) -> None:
    """Record for GIMP 2.10, whose own Python is 2.7, that this Python can run the worker."""
    (target / NOTE).write_text(f"{sys.executable}\n", encoding="utf-8")


def _source(archives: list[Path], front_end: str, draft: Path) -> Path:
    if not archives:
        with step(f"assembling the plug-in for {front_end}"):
            return plugin_bundle.assemble(draft, front_end)
    for index, archive in enumerate(archives):
        folder = place.unpack(archive, draft / str(index))
        if (folder / f"upscaler_{front_end}").is_dir():
            return folder
    raise Failure(
        f"none of the given zips is for {plugin_bundle.FRONT_ENDS[front_end]}",
        f"download {plugin_bundle.zip_name(front_end)} as well, and give both with --zip",
    )


def _version(folder: Path) -> str | None:
    try:
        return (folder / "VERSION").read_text(encoding="ascii").strip()
    except OSError:
        return "an unknown version" if folder.exists() else None


def check(locations: list[Location]) -> bool:
    """Print what the doctor finds; return whether nothing needs to be done."""
    well = True
    for location in locations:
        say(f"{location.name}: {location.plug_ins}")
        for finding in doctor.findings(location):
            say(str(finding))
            well = well and not finding.do
    return well


def main() -> int:
    """Read the command line and do it; 0 when all went well and nothing is left to do."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="examine, change nothing")
    action.add_argument("--uninstall", action="store_true", help="remove it without a trace")
    parser.add_argument("--discard-results", action="store_true", help="with --uninstall: paid results too")
    parser.add_argument("--plug-ins", metavar="DIR", type=Path, help="this plug-ins folder, not those found")
    parser.add_argument(
        "--front-end", choices=plugin_bundle.FRONT_ENDS, default="gimp3", help="with --plug-ins"
    )
    parser.add_argument(
        "--zip",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="install this zip; may be repeated",
    )
    options = parser.parse_args()
    machine = gimp_locations.this_machine()
    locations = wanted_locations(options, machine)
    if options.check:
        return 0 if check(locations) else 1
    if options.uninstall:
        uninstall.uninstall(locations, gimp_locations.locations(machine), discard=options.discard_results)
    else:
        install(locations, options.zip)
    return 0


if __name__ == "__main__":
    with exit_on_failure():
        sys.exit(main())
