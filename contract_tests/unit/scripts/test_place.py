"""Installing replaces an older plug-in whole or not at all, and uninstalling leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dev.bootstrap import CLONE
from dev.console import Failure
from installer import place, plugin_bundle

from contract_tests.support.homes import plugin_folder


def test_an_upgrade_leaves_nothing_of_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    plug_ins = tmp_path / "GIMP/3.2/plug-ins"
    old = place.install(plugin_folder(tmp_path / "old", "old"), plug_ins)
    (old / "module_that_is_gone.py").write_text("", encoding="ascii")
    place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert (old / plugin_bundle.EXECUTABLE).read_text(encoding="ascii") == "new"
    assert not (old / "module_that_is_gone.py").exists()
    assert [path.name for path in plug_ins.iterdir()] == [plugin_bundle.NAME]
    assert [path.name for path in plug_ins.parent.iterdir()] == ["plug-ins"]


def test_a_failed_upgrade_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_ins = tmp_path / "plug-ins"
    target = place.install(plugin_folder(tmp_path / "old", "old"), plug_ins)
    rename = Path.rename

    def refuse(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "in use")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Failure, match="in use") as caught:
        place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert "close GIMP" in caught.value.advice
    assert (target / plugin_bundle.EXECUTABLE).read_text(encoding="ascii") == "old"


class Held:
    """Refuses to rename the plug-in, as Windows does while another program holds a file in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.left = times
        self.pauses: list[float] = []
        self._rename = Path.rename
        held = self
        monkeypatch.setattr(Path, "rename", lambda path, to: held.rename(path, to))  # noqa: PLW0108 - binds the path
        monkeypatch.setattr(place, "_ATTEMPTS", 100)
        monkeypatch.setattr("time.sleep", self.pauses.append)

    def rename(self, path: Path, to: Path) -> Path:
        if path.name == plugin_bundle.NAME and self.left:
            self.left -= 1
            raise PermissionError(13, "in use")
        return self._rename(path, to)


def test_a_file_that_another_program_holds_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_ins = tmp_path / "GIMP/plug-ins"
    place.install(plugin_folder(tmp_path / "old", "old"), plug_ins)
    held = Held(monkeypatch, times=3)
    target = place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert (target / plugin_bundle.EXECUTABLE).read_text(encoding="ascii") == "new"
    held.left = 2
    assert place.remove(plug_ins) is True
    assert len(held.pauses) == 5
    assert [path.name for path in plug_ins.parent.iterdir()] == ["plug-ins"]


def test_a_plug_in_that_another_program_goes_on_holding_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_ins = tmp_path / "GIMP/plug-ins"
    target = place.install(plugin_folder(tmp_path / "old", "old"), plug_ins)
    held = Held(monkeypatch, times=1000)
    with pytest.raises(Failure, match="cannot be removed: in use") as caught:
        place.remove(plug_ins)
    assert "every other program" in caught.value.advice
    with pytest.raises(Failure, match="cannot be written: in use"):
        place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert plugin_bundle.damage(target) == []
    assert 1 < sum(held.pauses) < 10


def test_what_an_upgrade_could_not_remove_is_removed_with_the_plug_in(tmp_path: Path) -> None:
    plug_ins = tmp_path / "GIMP/plug-ins"
    place.install(plugin_folder(tmp_path / "old", "old"), plug_ins)
    (plug_ins.parent / f".{plugin_bundle.NAME}-x/old").mkdir(parents=True)
    assert place.remove(plug_ins) is True
    assert [path.name for path in plug_ins.parent.iterdir()] == ["plug-ins"]


def test_a_developers_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    source = plugin_folder(tmp_path / "clone", "source")
    plug_ins = tmp_path / "plug-ins"
    plug_ins.mkdir()
    (plug_ins / plugin_bundle.NAME).symlink_to(source)
    target = place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert not target.is_symlink()
    assert (source / plugin_bundle.EXECUTABLE).read_text(encoding="ascii") == "source"


def test_removing_takes_ours_and_leaves_others(tmp_path: Path) -> None:
    plug_ins = tmp_path / "plug-ins"
    other = plug_ins / "somebody-elses"
    other.mkdir(parents=True)
    place.install(plugin_folder(tmp_path / "new", "new"), plug_ins)
    assert place.remove(plug_ins) is True
    assert place.remove(plug_ins) is False
    assert [path.name for path in plug_ins.iterdir()] == [other.name]


def test_the_command_installs_a_whole_plug_in(tmp_path: Path) -> None:
    plug_ins = tmp_path / "plug-ins"
    script = CLONE / "install_scripts/install.py"
    argv = [sys.executable, str(script), "--plug-ins", str(plug_ins)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    folder = plug_ins / plugin_bundle.NAME
    assert plugin_bundle.damage(folder) == []
    assert (folder / plugin_bundle.EXECUTABLE).stat().st_mode & 0o777 == 0o755
    assert str(folder) in done.stdout
