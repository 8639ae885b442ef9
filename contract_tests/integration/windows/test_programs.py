"""Command line, mock and installer on Windows: piped, in a console, with any file name, interrupted."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Iterator

    from gimp_sandbox.windows import WindowsPython

CTRL_C = "\x03"


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

    def console(self, *words: str, typed: tuple[Typed, ...] = (), **more: str) -> tuple[str, int | None]:
        env = {**self.environment, **more}
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
    backend: dict[str, Any] = {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "FREEPIK_API_KEY": "",
    }
    text, code = shell.console(
        "precision_upscaler.cli", "store-key", typed=(Typed("API.*key", f"{shell.mock.key}\r"),), **backend
    )
    assert (code, "Stored in the key file." in text, shell.mock.key in text) == (0, True, False), text
    text, code = shell.console("precision_upscaler.cli", "照片.png", "out.png", **backend)
    assert (code, "waiting" in text, "0:00:0" in text) == (0, True, True), text


def test_ctrl_c_in_a_console_cancels(shell: Shell) -> None:
    with PrecisionMock(speed=0.0) as slow:
        text, code = shell.console(
            "precision_upscaler.cli",
            "照片.png",
            "out.png",
            typed=(Typed("waiting", CTRL_C),),
            PRECISION_UPSCALER_BASE_URL=slow.url,
        )
        assert (code, slow.charges) == (130, 1), text
    assert "resume" in text.lower()


def test_the_mock_serves_and_ctrl_c_ends_it(shell: Shell) -> None:
    argv = ["-m", "mock_server", "--port", "0"]
    serving = shell.windows.start(argv, modules=shell.modules, cwd=shell.folder)
    assert serving.stdout is not None
    address = serving.stdout.readline().decode().removeprefix("Listening on ").strip()
    with urllib.request.urlopen(f"{address}/__mock__/charges", timeout=60) as answer:
        assert json.load(answer)["count"] == 0
    serving.kill()
    serving.communicate()
    text, code = shell.console(*argv[1:], typed=(Typed("Listening.*on", CTRL_C),))
    assert code is not None, text


def test_the_installer_installs_examines_and_removes(
    windows: WindowsPython, plugin_gimp3: Path, shell: Shell
) -> None:
    (archive,) = plugin_gimp3.parent.glob("*.zip")
    plug_ins = windows.drive / "users" / windows.gimp.parents[4].name / "AppData/Roaming/GIMP/3.0/plug-ins"
    folder = plug_ins / plugin_bundle.NAME

    def installer(*options: str) -> str:
        script = windows.path(CLONE / "install_scripts/install.py")
        done = windows.run([script, *options], env=shell.environment, cwd=shell.folder, gimp=True)
        assert b"Traceback" not in done.stderr, done.stderr
        assert done.stderr == b"", done.stdout
        return done.stdout.decode("cp1252")

    assert "for GIMP 3.0 (installed)" in installer("--zip", windows.path(archive))
    try:
        assert plugin_bundle.damage(folder) == []
        told = installer("--check")
        assert "GIMP's Python 3.11" in told
        assert f"the service answers at {shell.mock.url}" in told
        assert r"kept in Z:" in told
        assert "Jürgen Müller" in told
    finally:
        told = installer("--uninstall")
    assert not folder.exists()
    assert "Removed Z:" in told
    assert not (shell.folder / "data").exists()


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
