"""Command line, mock and installer on Windows: piped, in a console, with any file name, interrupted."""

from __future__ import annotations

import json
import platform
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dev.bootstrap import CLONE, cache_folder
from gimp_sandbox.windows import Typed, clone_modules
from installer import plugin_bundle
from precision_upscaler.imaging.base import inspect

from contract_tests.support.pictures import png
from contract_tests.support.windows_plugin import HARD
from mock_server import PrecisionMock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence

    from gimp_sandbox.windows import ConsoleRun, WindowsPython

CTRL_C = "\x03"
PROMPT = 10
"""Seconds within which something counts as happening at once, on a busy machine."""
HOLD = """
import ctypes, sys
create = ctypes.windll.kernel32.CreateFileW
create.restype = ctypes.c_void_p
handle = create(sys.argv[1], 0x80000000, 0, None, 3, 0, None)  # read, shared with nobody
print("held", flush=True)
sys.stdin.read()
"""


class Shell:
    """A folder with images, and the clone's programs."""

    def __init__(self, windows: WindowsPython, folder: Path, mock: PrecisionMock) -> None:
        self.windows = windows
        self.folder = folder
        self.mock = mock
        self.modules = clone_modules(windows)
        self.environment = {
            "PRECISION_UPSCALER_BASE_URL": mock.url,
            "PRECISION_UPSCALER_DATA": windows.path(folder / "data"),
            "FREEPIK_API_KEY": mock.key,
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        return self.windows.run(
            ["-m", *words], env={**self.environment, **more}, modules=self.modules, cwd=self.folder
        )

    def console(
        self, *words: str, typed: Sequence[Typed] = (), env: Mapping[str, str] | None = None
    ) -> ConsoleRun:
        env = {**self.environment, **(env or {})}
        return self.windows.console(["-m", *words], typed, env=env, modules=self.modules, cwd=self.folder)


@pytest.fixture
def shell(windows: WindowsPython, tmp_path: Path) -> Iterator[Shell]:
    """Work in a folder whose name is hard, with a mock whose tasks are done at once."""
    folder = tmp_path / HARD
    (folder / "data").mkdir(parents=True)
    for name in ("Foto 1.png", "Foto [1].png", "照片.png"):
        (folder / name).write_bytes(png(160, 160))
    with PrecisionMock(speed=1000.0, seconds=0.1) as mock:
        yield Shell(windows, folder, mock)


def test_the_command_line_sends_the_named_file_and_survives_every_name(shell: Shell) -> None:
    """Piped, in code page 1252, which has no Chinese characters."""
    done = shell.run("precision_upscaler.cli", "Foto [1].png", "照片 2.png")
    assert (done.returncode, shell.mock.charges) == (0, 1), done.stderr
    assert rb"\u7167\u7247 2.png: 320 x 320" in done.stdout
    assert inspect(shell.folder / "照片 2.png").width == 320
    planned = shell.run("precision_upscaler.cli", "--dry-run", "Foto*.png", "-o", "out")
    assert planned.stdout.count(b"Foto") >= 2
    named = shell.run("precision_upscaler.cli", "--dry-run", "Foto [1].png", "~")
    assert b"Foto 1" not in named.stdout


def test_the_command_line_in_a_console_asks_for_the_key_and_shows_progress(shell: Shell) -> None:
    backend = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "FREEPIK_API_KEY": ""}
    typed = Typed("API.*key", f"{shell.mock.key}\r")
    asked = shell.console("precision_upscaler.cli", "store-key", typed=(typed,), env=backend)
    assert (asked.code, "Stored in the key file." in asked.text) == (0, True), asked
    assert shell.mock.key not in asked.text
    done = shell.console("precision_upscaler.cli", "照片.png", "out.png", env=backend)
    assert (done.code, "0:00:0" in done.text, "照片.png-----" in done.text) == (0, True, True), done
    assert inspect(shell.folder / "out.png").width == 320


def test_ctrl_c_in_a_console_cancels_and_says_what_was_paid_for(shell: Shell) -> None:
    with PrecisionMock(speed=0.0) as slow:
        argv = ("precision_upscaler.cli", "照片.png", "out.png")
        ended = shell.console(
            *argv, typed=(Typed("waiting", CTRL_C),), env={"PRECISION_UPSCALER_BASE_URL": slow.url}
        )
        assert (ended.code, slow.charges) == (130, 1), ended
    assert ended.seconds < PROMPT
    assert "jobs" in ended.text


def test_the_mock_serves_shows_its_state_and_ends_at_once_by_ctrl_c(shell: Shell) -> None:
    serving = shell.windows.start(
        ["-m", "mock_server", "--port", "0"], modules=shell.modules, cwd=shell.folder
    )
    try:
        assert serving.stdout is not None
        address = serving.stdout.readline().decode().removeprefix("Listening on ").strip()
        with urllib.request.urlopen(f"{address}/__mock__/charges", timeout=60) as answer:
            assert json.load(answer)["count"] == 0
    finally:
        serving.kill()
        serving.communicate()
    ended = shell.console("mock_server", "--port", "0", typed=(Typed("Listening.*on", CTRL_C),))
    assert ended.code is not None, ended
    assert ended.seconds < PROMPT
    assert "Traceback" not in ended.text


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
    assert (code, errors) == (0, ""), output
    version = (folder / "VERSION").read_text(encoding="ascii").strip()
    data = shell.windows.path(shell.folder / "data").encode("cp1252", "backslashreplace").decode("cp1252")
    plug_ins = shell.windows.path(installer.plug_ins).encode("cp1252", "backslashreplace").decode("cp1252")
    assert output.splitlines() == [
        f"GIMP 3.0 (installed): {plug_ins}",
        f"  ok    the plug-in {version} is installed, with all its files",
        "  ok    GIMP may start it",
        "  ok    the plug-ins folder can be written",
        f"  ok    GIMP's Python {platform.python_version()} runs the worker",
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


def test_the_installer_says_when_another_program_holds_the_plug_in(shell: Shell, plugin_gimp3: Path) -> None:
    (archive,) = plugin_gimp3.parent.glob("*.zip")
    installer = Installer(shell)
    assert installer.run("--zip", shell.windows.path(archive))[0] == 0
    held = installer.plug_ins / plugin_bundle.NAME / "VERSION"
    holder = shell.windows.start(["-c", HOLD, shell.windows.path(held)])
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        code, output, errors = installer.run("--uninstall")
        assert (code, "cannot be removed" in errors, "close GIMP" in errors) == (1, True, True), output
    finally:
        holder.kill()
        holder.communicate()
    assert held.exists()
    assert installer.run("--uninstall")[0] == 0
    assert not held.parent.exists()


def test_a_zip_built_on_windows_has_the_same_bytes(
    windows: WindowsPython, plugin_gimp3: Path, tmp_path: Path
) -> None:
    (here,) = plugin_gimp3.parent.glob("*.zip")
    code = (
        "import sys; from pathlib import Path; import build_zip; build_zip.build(Path(sys.argv[1]), 'gimp3')"
    )
    env = {"PRECISION_UPSCALER_CACHE": windows.path(cache_folder())}
    done = windows.run(["-c", code, windows.path(tmp_path)], env=env, modules=clone_modules(windows))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / here.name).read_bytes() == here.read_bytes()
