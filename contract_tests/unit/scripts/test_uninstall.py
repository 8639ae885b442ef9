"""Whatever the platform, the plug-in goes into every GIMP of a home and out again, with all that it left."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import install
import pytest
from installer import doctor, gimp_locations, plugin_bundle, uninstall
from installer.gimp_locations import Location, Machine

from contract_tests.support import homes
from contract_tests.support.homes import plugin_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from gimp_sandbox.gimp import Gimp

PARASITES = """# GIMP parasiterc

(parasite "somebody-else" 1 26 "a\\40\\42quoted\\42\\40\\134\\40text")

(parasite "precision-upscaler-service" 1 23 "https\\72\\57\\57api\\56freepik\\56com")

(parasite "zebra" 1 1 "x")


# end of parasiterc
"""
MACHINES = [homes.everything, homes.windows]
"""Every kind of GIMP of Linux on one machine, and Windows; test_gimp_locations.py has the others."""


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], Machine]], Machine]:
    """Lay out a home and live in it."""

    def begin(layout: Callable[[Path], Machine]) -> Machine:
        machine = layout(tmp_path)
        for name in list(os.environ):
            if name.startswith(("PRECISION_UPSCALER_", "XDG_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(machine.home))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        monkeypatch.setenv("PATH", f"{tmp_path / 'usr/bin'}:{os.environ['PATH']}")
        return machine

    return begin


@pytest.mark.parametrize("layout", MACHINES, ids=lambda layout: layout.__name__)
def test_it_goes_into_every_gimp_and_out_without_a_trace(
    layout: Callable[[Path], Machine],
    life: Callable[[Callable[[Path], Machine]], Machine],
    tmp_path: Path,
    plugin_gimp3: Path,
    plugin_gimp2: Path,
) -> None:
    machine = life(layout)
    locations = gimp_locations.locations(machine)
    for location in locations:
        location.plug_ins.mkdir(parents=True, exist_ok=True)
        (location.plug_ins.parent / "parasiterc").write_text(PARASITES, encoding="ascii")
    before = files(tmp_path)
    archives = [next(folder.parent.glob("*.zip")) for folder in (plugin_gimp3, plugin_gimp2)]
    install.install(locations, archives)
    for location in locations:
        folder = location.plug_ins / plugin_bundle.NAME
        assert plugin_bundle.damage(folder) == []
        assert (folder / f"upscaler_{location.front_end}").is_dir()
        presets = location.plug_ins.parent / "plug-in-settings/plug-in-precision-upscale.presets"
        presets.parent.mkdir()
        presets.write_text("", encoding="ascii")
        # each leaves its key where it would, and the doctor looks there
        stored = doctor.ask(location, "state")["data_folder"]
        Path(stored, "credentials.json").write_text(json.dumps({"freepik": "a-key"}), encoding="ascii")
        expected = location.data[0] if location.data else None
        assert expected is None or str(expected) == stored
    uninstall.uninstall(locations, gimp_locations.locations(machine), discard=False)
    assert files(tmp_path) == before
    for location in locations:
        kept = (location.plug_ins.parent / "parasiterc").read_text(encoding="ascii")
        assert "precision" not in kept
        assert 'zebra" 1 1 "x")\n\n\n# end' in kept
        assert '"somebody-else" 1 26 "a\\40\\42quoted' in kept


def answering(monkeypatch: pytest.MonkeyPatch, answers: dict[Path, dict[str, Any]]) -> list[str]:
    """Let the installed plug-ins in these plug-ins folders answer so; return what is asked."""
    asked = []

    def ask(location: Location, action: str) -> dict[str, Any]:
        asked.append(action)
        return {"removed": 1} if action == "forget" else answers[location.plug_ins]

    monkeypatch.setattr(doctor, "ask", ask)
    return asked


def test_what_was_paid_for_is_kept_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    location = Location("installed", "3.2", tmp_path / "plug-ins")
    answering(monkeypatch, {location.plug_ins: {"data_folder": str(data), "paid": 2}})
    for discard in (False, True):
        (data / "jobs").mkdir(parents=True, exist_ok=True)
        (data / "credentials.json").write_text("{}", encoding="ascii")
        plugin_folder(location.plug_ins, "any")
        uninstall.uninstall([location], [location], discard=discard)
        told = capsys.readouterr().out
        assert (data / "jobs").exists() is not discard
        assert not (data / "credentials.json").exists()
        assert ("2 paid results" in told) is not discard
        assert "Removed the API key" in told


def test_another_gimp_keeps_what_it_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared, apart = tmp_path / "shared", tmp_path / "apart"
    for folder in (shared, apart):
        (folder / "jobs").mkdir(parents=True)
    named = Location("as named", "3.0", tmp_path / "one/plug-ins")
    native = Location("installed", "3.2", tmp_path / "two/plug-ins")
    flatpak = Location("Flatpak", "3.2", tmp_path / "three/plug-ins")
    answers = {
        named.plug_ins: {"data_folder": str(shared), "paid": 0},
        native.plug_ins: {"data_folder": str(shared), "paid": 0},
        flatpak.plug_ins: {"data_folder": str(apart), "paid": 0},
    }
    asked = answering(monkeypatch, answers)
    for location in (named, native, flatpak):
        plugin_folder(location.plug_ins, "any")
    uninstall.uninstall([named], [native, flatpak], discard=False)
    assert (shared.exists(), "forget" in asked) == (True, False)
    assert "GIMP 3.2 (installed) and GIMP 3.2 (Flatpak) still use it" in capsys.readouterr().out
    uninstall.uninstall([flatpak], [native, flatpak], discard=False)
    assert (shared.exists(), apart.exists(), "forget" in asked) == (True, False, False)
    assert "GIMP 3.2 (installed) still uses it" in capsys.readouterr().out
    uninstall.uninstall([native], [native, flatpak], discard=False)
    assert (shared.exists(), "forget" in asked) == (False, True)


def test_what_is_not_the_plug_ins_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "Documents"
    (data / "jobs").mkdir(parents=True)
    (data / "requests-1a2b").write_text("", encoding="ascii")
    (data / "novel.txt").write_text("precious", encoding="ascii")
    location = Location("installed", "3.2", tmp_path / "plug-ins")
    plugin_folder(location.plug_ins, "any")
    answering(monkeypatch, {location.plug_ins: {"data_folder": str(data), "paid": 0}})
    uninstall.uninstall([location], [location], discard=True)
    assert files(data) == {"novel.txt"}
    assert "files in it that are not the plug-in's" in capsys.readouterr().out


def test_data_that_are_gone_already_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    location = Location("installed", "3.2", tmp_path / "plug-ins")
    plugin_folder(location.plug_ins, "any")
    answering(monkeypatch, {location.plug_ins: {"data_folder": str(tmp_path / "gone"), "paid": 0}})
    uninstall.uninstall([location], [location], discard=False)
    assert "There was nothing in" in capsys.readouterr().out


RING = """
import atexit, json, os, pathlib
import keyring.backend

class Ring(keyring.backend.KeyringBackend):
    priority = 5
    path = pathlib.Path(os.environ["HOME"], "ring")

    def _kept(self):
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self._kept().get(username)

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps({**self._kept(), username: password}))

    def delete_password(self, service, username):
        kept = self._kept()
        del kept[username]
        self.path.write_text(json.dumps(kept))
"""


def test_every_key_leaves_the_keyring_also_those_for_practice(
    life: Callable[[Callable[[Path], Machine]], Machine],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plugin_gimp3: Path,
) -> None:
    machine = life(homes.debian)
    (tmp_path / "ring_of_test.py").write_text(RING, encoding="ascii")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "ring_of_test.Ring")
    # the plug-in starts its worker with a PYTHONPATH of its own
    location = next(
        location for location in gimp_locations.locations(machine) if location.front_end == "gimp3"
    )
    install.install([location], [next(plugin_gimp3.parent.glob("*.zip"))])
    folder = location.plug_ins / plugin_bundle.NAME
    (folder / "vendor/ring_of_test.py").write_text(RING, encoding="ascii")
    data = machine.home / ".local/share/precision-upscaler"
    store = (
        "import sys; from pathlib import Path; from precision_upscaler.storage.credentials import store_key; "
        "assert store_key(Path(sys.argv[1]), sys.argv[2], 'a-key') == 'keyring'"
    )
    data.mkdir(parents=True)
    for address in ("https://api.freepik.com", "http://127.0.0.1:8000", "http://127.0.0.1:8123"):
        path = os.pathsep.join([str(folder), str(folder / "vendor")])
        monkeypatch.setenv("PYTHONPATH", path)
        assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", store, str(data), address]) == 0
    monkeypatch.delenv("PYTHONPATH")
    ring = machine.home / "ring"
    assert len(json.loads(ring.read_text(encoding="ascii"))) == 3
    uninstall.uninstall([location], [location], discard=False)
    assert json.loads(ring.read_text(encoding="ascii")) == {}
    assert not data.exists()


def test_a_real_gimp_forgets_the_address_and_nothing_else(gimp3: Gimp) -> None:
    code = (
        "from gi.repository import Gimp\n"
        "for name, data in (('somebody-else', b'a \"quoted\" (text)'), ('precision-upscaler-service', b'https://x')):\n"
        "    Gimp.attach_parasite(Gimp.Parasite.new(name, Gimp.PARASITE_PERSISTENT, data))\n"
    )
    ask = (
        "import os; from gi.repository import Gimp; "
        "open(os.environ['HOME'] + '/answer', 'w').write(repr([n for n in Gimp.get_parasite_list()]))"
    )
    with gimp3.fresh_home() as home:
        gimp3.batch(code, home=home)
        settings = home / gimp3.settings
        assert b"precision-upscaler-service" in (settings / "parasiterc").read_bytes()
        uninstall._remove_from_settings(settings)
        gimp3.batch(ask, home=home)
        assert (home / "answer").read_text(encoding="ascii") == "['somebody-else']"
