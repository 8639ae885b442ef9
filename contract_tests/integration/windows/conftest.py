"""A Windows Python, and the plug-in unpacked from the very zip that people download, in a difficult path."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from gimp_sandbox import windows as sandbox

from contract_tests.support.jobs.job_environment import TASK_SECONDS, share_results
from contract_tests.support.jobs.worker_environment import SPEED
from contract_tests.support.pictures import png
from contract_tests.support.windows_plugin import HARD, Plugin, Shell
from mock_server import PrecisionMock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gimp_sandbox.windows import WindowsPython


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


@pytest.fixture
def shell(windows: WindowsPython, tmp_path: Path) -> Iterator[Shell]:
    """Work in a folder whose name is hard, with a mock whose tasks are done at once."""
    folder = tmp_path / HARD
    (folder / "data").mkdir(parents=True)
    for name in ("Foto 1.png", "Foto [1].png", "照片.png"):
        (folder / name).write_bytes(png(160, 160))
    with PrecisionMock(speed=1000.0, seconds=0.1) as mock:
        yield Shell(windows, folder, mock)
