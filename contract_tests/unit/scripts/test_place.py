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
