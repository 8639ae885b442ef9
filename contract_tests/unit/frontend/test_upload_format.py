"""The format layers are sent in is the user's setting; PNG when nobody can say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from precision_upscaler.frontend import worker_process
from precision_upscaler.frontend.worker_process import StoredSettings

FAKE = """
import json, sys
command = json.loads(sys.stdin.readline())
assert command == {{"command": "prepare"}}
{said}
sys.stdin.readline()
"""
WARNING = "print(json.dumps({'event': 'warning'})); "
READY = "print(json.dumps({{'event': 'ready', 'settings': {settings}}}), flush=True)"


@pytest.mark.parametrize(
    ("said", "is_jpeg"),
    [
        (READY.format(settings={"upload_format": "jpeg"}), True),
        (
            "print(json.dumps({'event': 'warning'})); " + READY.format(settings={"upload_format": "jpeg"}),
            True,
        ),
        (READY.format(settings={"upload_format": "png"}), False),
        (READY.format(settings={}), False),
        (READY.format(settings=None), False),
        ("print(json.dumps({'event': 'error', 'code': 'journal-broken'}), flush=True)", False),
        ("sys.exit(3)", False),
    ],
    ids=["jpeg", "jpeg, said later", "png", "an older worker", "no settings", "error", "death"],
)
def test_the_setting_decides(
    said: str, is_jpeg: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "precision_upscaler"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "worker.py").write_text(FAKE.format(said=said))
    monkeypatch.setattr(worker_process, "PLUGIN_FOLDER", str(tmp_path))
    worker = worker_process.Worker().prepare([sys.executable])
    upload = StoredSettings(worker)
    assert upload.is_jpeg is is_jpeg
    worker.close()
    assert worker.wait(20)
    worker.settings = None  # type: ignore[assignment]  # whoever asked it now would fail
    assert upload.is_jpeg is is_jpeg, "asked once, known for good"


def test_without_a_python_it_is_png_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "find", lambda: None)
    worker = worker_process.Worker().prepare()
    assert not StoredSettings(worker).is_jpeg
    (event,) = worker.events()
    assert event["code"] == "no-python", "the upscale itself says what is wrong"


def test_the_real_worker_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path))
    (tmp_path / "settings.json").write_text('{"upload_format": "jpeg"}')
    worker = worker_process.Worker().prepare([sys.executable])
    assert StoredSettings(worker).is_jpeg
    worker.close()
    assert worker.wait(20)
