"""A Windows Python, and the plug-in unpacked from the very zip that people download, in a difficult path."""

from __future__ import annotations

import inspect
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from gimp_sandbox import windows as sandbox

from contract_tests.support.jobs.forked_workers import FastClock
from contract_tests.support.jobs.job_environment import TASK_SECONDS, share_results
from contract_tests.support.jobs.worker_environment import SPEED
from contract_tests.support.pictures import png
from mock_server import PrecisionMock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gimp_sandbox.windows import WindowsPython

HARD = "Jürgen Müller 李雷"
"""A folder's name with spaces, umlauts and Chinese characters."""

_FAST_WORKER = f"""
import sys, threading, time
from precision_upscaler import app, worker
_BEGUN = 1_800_000_000.0
{inspect.getsource(FastClock)}
app.SystemClock = lambda: FastClock({SPEED})
sys.exit(worker.main())
"""


@pytest.fixture(scope="session")
def windows() -> WindowsPython:
    """Find or build a Python for Windows."""
    without = os.environ.get("PRECISION_UPSCALER_WITHOUT_GIMP", "").split(",")
    if "windows" in without or "all" in without:
        pytest.skip(f"left out: PRECISION_UPSCALER_WITHOUT_GIMP={','.join(without)}")
    try:
        return sandbox.find_or_build()
    except sandbox.WindowsUnavailable as unavailable:
        pytest.skip(str(unavailable))


@dataclass(frozen=True)
class Plugin:
    """The plug-in in ``folder``, for the Python of a GIMP-like bundle; data are beside it."""

    windows: WindowsPython
    folder: Path
    mock: PrecisionMock

    @property
    def data(self) -> Path:
        return self.folder.parent / "data"

    @property
    def source(self) -> str:
        return self.windows.path(self.folder.parent / "photo.png")

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PRECISION_UPSCALER_DATA": self.windows.path(self.data),
            "PRECISION_UPSCALER_BASE_URL": self.mock.url,
            "PYTHONUTF8": "1",
            **more,
        }

    @property
    def modules(self) -> Sequence[Path]:
        return [self.folder, self.folder / "vendor"]

    def worker(self, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker with the front end's environment, and the key in it unless ``more`` has another.

        Its clock runs as fast as the mock's.
        """
        env = self.environment(**{"FREEPIK_API_KEY": self.mock.key, **more})
        argv = ["-c", _FAST_WORKER]
        return self.windows.start(argv, env=env, modules=self.modules, cwd=self.folder.parent, gimp=True)

    def python(self, code: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        """Run code with the plug-in's modules."""
        env = self.environment(**more)
        return self.windows.run(
            ["-c", code], env=env, modules=self.modules, cwd=self.folder.parent, gimp=True
        )


@pytest.fixture
def plugin(windows: WindowsPython, plugin_gimp3: Path, tmp_path: Path) -> Iterator[Plugin]:
    """Put the plug-in into a folder of its own with a source image, and start a mock."""
    home = tmp_path / HARD
    shutil.copytree(plugin_gimp3, home / plugin_gimp3.name)
    (home / "photo.png").write_bytes(png(400, 300))
    (home / "data").mkdir()
    with PrecisionMock(speed=SPEED, seconds=TASK_SECONDS) as mock:
        share_results(mock)
        yield Plugin(windows, home / plugin_gimp3.name, mock)
