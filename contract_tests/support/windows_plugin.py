"""The plug-in and the programs in a folder that is hard to run in, for tests on a Windows Python."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gimp_sandbox.windows import clone_modules

from .jobs.forked_workers import FastClock
from .jobs.worker_environment import SPEED

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

    from gimp_sandbox.windows import WindowsPython

    from mock_server import PrecisionMock

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
