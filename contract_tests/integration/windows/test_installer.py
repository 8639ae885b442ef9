"""The installer on Windows, for a user whose name has an umlaut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev.bootstrap import CLONE
from installer import plugin_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from contract_tests.support.windows_plugin import Shell


class Installer:
    """``install.py`` run as a Windows user whose name has an umlaut."""

    def __init__(self, shell: Shell) -> None:
        self.windows = shell.windows
        self.shell = shell
        self.home = shell.folder / "users/Jörg Weiß"
        self.plug_ins = self.home / "AppData/Roaming/GIMP/3.0/plug-ins"
        programs = self.home / "AppData/Local/Programs"
        programs.parent.mkdir(parents=True)
        programs.symlink_to(self.windows.gimp.parents[1], target_is_directory=True)

    def run(self, *options: str) -> tuple[int, str, str]:
        """Return the exit code and what it printed on its two streams."""
        path = self.windows.path
        # Wine sets these three itself when a program starts
        code = (
            "import os, runpy, sys\n"
            "script, home, *options = sys.argv[1:]\n"
            "os.environ.update(USERPROFILE=home, APPDATA=home + r'\\AppData\\Roaming', "
            "LOCALAPPDATA=home + r'\\AppData\\Local')\n"
            "sys.argv = [script, *options]\n"
            "sys.path.insert(0, os.path.dirname(script))\n"
            "runpy.run_path(script, run_name='__main__')"
        )
        script = path(CLONE / "install_scripts/install.py")
        done = self.windows.run(
            ["-c", code, script, path(self.home), *options],
            env=self.shell.environment,
            cwd=self.shell.folder,
            gimp=True,
        )
        return done.returncode, done.stdout.decode("cp1252"), done.stderr.decode("cp1252")


def version_of(shell: Shell) -> str:
    done = shell.windows.run(["-c", "import platform; print(platform.python_version())"])
    return done.stdout.decode().strip()


def test_the_installer_installs_examines_and_removes(shell: Shell, plugin_gimp3: Path) -> None:
    """And each line of ``--check`` says what is so."""
    (archive,) = plugin_gimp3.parent.glob("*.zip")
    installer = Installer(shell)
    folder = installer.plug_ins / plugin_bundle.NAME
    code, output, errors = installer.run("--zip", shell.windows.path(archive))
    assert (code, errors) == (0, ""), output
    assert "for GIMP 3.0 (installed)" in output
    assert plugin_bundle.damage(folder) == []
    code, output, errors = installer.run("--check")
    assert (code, errors) == (1, ""), output
    version = (folder / "VERSION").read_text(encoding="ascii").strip()
    data = shell.windows.path(shell.folder / "data").encode("cp1252", "backslashreplace").decode("cp1252")
    plug_ins = shell.windows.path(installer.plug_ins).encode("cp1252", "backslashreplace").decode("cp1252")
    assert output.splitlines() == [
        f"GIMP 3.0 (installed): {plug_ins}",
        f"  ok    the plug-in {version} is installed, with all its files",
        "  ok    GIMP may start it",
        "  ok    the plug-ins folder can be written",
        f"  ok    GIMP's Python {version_of(shell)} runs the worker",
        # the bundle has GIMP's Python alone
        "  !!    this Python cannot talk to GIMP: No module named 'gi'",
        (
            "        What to do: install GIMP's Python support, on Debian and Ubuntu: "
            "sudo apt install gimp python3-gi"
        ),
        f"  ok    the service answers at {shell.mock.url}",
        "  ok    the API key comes from an environment variable",
        f"  ok    jobs, settings and log are kept in {data}",
    ]
    (folder / "VERSION").unlink()
    code, output, _ = installer.run("--check")
    assert (code, "the plug-in is damaged" in output) == (1, True)
    code, output, errors = installer.run("--uninstall")
    assert (code, errors) == (0, ""), output
    assert not folder.exists()
    assert not (shell.folder / "data").exists()
