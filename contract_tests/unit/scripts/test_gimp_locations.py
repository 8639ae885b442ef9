"""Every GIMP of a user is found, on every platform, and each plug-ins folder once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from installer import gimp_locations

from contract_tests.support import homes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from installer.gimp_locations import Machine

FLATPAK = "home/ana/.var/app/org.gimp.GIMP/config/GIMP"
STORE = "Users/ana/AppData/Local/Packages/GIMP.43237F745622D_k3n1/LocalCache/Roaming/GIMP"
EXPECTED: dict[Callable[[Path], Machine], list[tuple[str, str, str]]] = {
    homes.debian: [
        ("GIMP 3.2 (installed)", "gimp3", "home/ana/.config/GIMP/3.2/plug-ins"),
        ("GIMP 2.10 (installed)", "gimp2", "home/ana/.config/GIMP/2.10/plug-ins"),
    ],
    homes.flatpak_user: [("GIMP 3.0 (Flatpak)", "gimp3", f"{FLATPAK}/3.0/plug-ins")],
    homes.snap_user: [("GIMP 3.0 (Snap)", "gimp3", "home/ana/snap/gimp/current/.config/GIMP/3.0/plug-ins")],
    homes.appimage_user: [("GIMP 3.0 (AppImage)", "gimp3", "home/ana/.config/GIMP/3.0/plug-ins")],
    homes.everything: [
        ("GIMP 3.2 (Flatpak)", "gimp3", f"{FLATPAK}/3.2/plug-ins"),
        ("GIMP 3.2 (AppImage)", "gimp3", "home/ana/.config/GIMP/3.2/plug-ins"),
        ("GIMP 3.0 (Snap)", "gimp3", "home/ana/snap/gimp/current/.config/GIMP/3.0/plug-ins"),
        ("GIMP 2.10 (installed)", "gimp2", "home/ana/.config/GIMP/2.10/plug-ins"),
    ],
    homes.mac: [
        ("GIMP 3.2 (application)", "gimp3", "Users/ana/Library/Application Support/GIMP/3.2/plug-ins"),
        ("GIMP 2.10 (application)", "gimp2", "Users/ana/Library/Application Support/GIMP/2.10/plug-ins"),
    ],
    homes.windows: [
        ("GIMP 3.2 (Microsoft Store)", "gimp3", f"{STORE}/3.2/plug-ins"),
        ("GIMP 3.0 (installed)", "gimp3", "Users/ana/AppData/Roaming/GIMP/3.0/plug-ins"),
        ("GIMP 2.10 (installed)", "gimp2", "Users/ana/AppData/Roaming/GIMP/2.10/plug-ins"),
    ],
    homes.empty: [],
}


@pytest.mark.parametrize("home", EXPECTED, ids=lambda home: home.__name__)
def test_every_gimp_is_found(home: Callable[[Path], Machine], tmp_path: Path) -> None:
    found = gimp_locations.locations(home(tmp_path))
    told = [
        (location.name, location.front_end, location.plug_ins.relative_to(tmp_path).as_posix())
        for location in found
    ]
    assert told == EXPECTED[home]


def test_two_gimps_with_one_settings_folder_are_one_place(tmp_path: Path) -> None:
    machine = homes.debian(tmp_path)
    homes.program(machine.home / "bin/GIMP-3.2.6-x86_64.AppImage")
    names = [location.name for location in gimp_locations.locations(machine)]
    assert names == ["GIMP 3.2 (installed, AppImage)", "GIMP 2.10 (installed)"]


def test_a_flatpak_that_shares_the_users_settings_is_not_installed_into_twice(tmp_path: Path) -> None:
    machine = homes.flatpak_user(tmp_path)
    private = machine.home / ".var/app/org.gimp.GIMP/config/GIMP"
    shared = machine.home / ".config/GIMP"
    (shared / "3.0").mkdir(parents=True)
    (private / "3.0").rmdir()
    private.rmdir()
    private.symlink_to(shared)
    assert len(gimp_locations.locations(machine)) == 1


def test_a_settings_folder_of_the_users_choice_is_used(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    machine = homes.linux(tmp_path, GIMP3_DIRECTORY=str(elsewhere))
    homes.program(tmp_path / "usr/bin/gimp-3.0")
    assert [location.plug_ins for location in gimp_locations.locations(machine)] == [elsewhere / "plug-ins"]


def test_xdg_config_home_is_respected(tmp_path: Path) -> None:
    machine = homes.linux(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "xdg"))
    (tmp_path / "xdg/GIMP/3.0").mkdir(parents=True)
    assert [location.plug_ins for location in gimp_locations.locations(machine)] == [
        tmp_path / "xdg/GIMP/3.0/plug-ins"
    ]


@pytest.mark.parametrize("name", ["2.8", "2.99x", "backup", "3", ".3.0"])
def test_what_is_no_supported_version_is_passed_over(name: str, tmp_path: Path) -> None:
    machine = homes.linux(tmp_path)
    (machine.home / ".config/GIMP" / name).mkdir(parents=True)
    assert gimp_locations.locations(machine) == []


def test_a_broken_bundle_does_not_hide_the_others(tmp_path: Path) -> None:
    machine = homes.mac(tmp_path)
    (tmp_path / "Applications/GIMP beta.app/Contents").mkdir(parents=True)
    (tmp_path / "Applications/GIMP beta.app/Contents/Info.plist").write_bytes(b"<plist>")
    assert len(gimp_locations.locations(machine)) == 2


def test_the_python_inside_gimp_is_known_where_it_can_be_called(tmp_path: Path) -> None:
    (newest, _) = gimp_locations.locations(homes.mac(tmp_path))
    assert newest.python == (str(tmp_path / "Applications/GIMP.app/Contents/MacOS/python3.13"),)
