"""The terminal that the tests of the command line type into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from precision_upscaler import app

from contract_tests.support.jobs.job_environment import TASK_SECONDS, FakeClock
from contract_tests.support.pictures import png
from contract_tests.support.shell import Shell
from mock_server import PrecisionMock


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("FREEPIK_API_KEY", "mock-key")
    monkeypatch.delenv("MAGNIFIC_API_KEY", raising=False)
    (tmp_path / "data").mkdir()
    for index, name in enumerate(("sky", "sea", "city")):
        (tmp_path / f"{name}.png").write_bytes(png(160, 160 + index))
    clock = FakeClock()
    monkeypatch.setattr(app, "SystemClock", lambda: clock)
    with PrecisionMock(real_time=clock.monotonic, speed=1.0, seconds=TASK_SECONDS) as mock:
        monkeypatch.setenv("PRECISION_UPSCALER_BASE_URL", mock.url)
        yield Shell(tmp_path, mock)
