"""The command line on Windows, piped, with any file name; and the zip built there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap import cache_folder
from gimp_sandbox.windows import clone_modules
from precision_upscaler.imaging.base import inspect

if TYPE_CHECKING:
    from gimp_sandbox.windows import WindowsPython

    from contract_tests.support.windows_plugin import Shell


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
