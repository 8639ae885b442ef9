"""The command line on Windows, piped, with any file name; and the zip built there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dev.bootstrap import cache_folder
from gimp_sandbox.windows import clone_modules
from precision_upscaler.imaging.base import inspect

from contract_tests.support.pictures import png
from contract_tests.support.windows_plugin import HARD
from mock_server import PrecisionMock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from gimp_sandbox.windows import WindowsPython


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
