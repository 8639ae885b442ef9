"""The format layers are sent in is the user's setting; PNG when nobody can say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from precision_upscaler.frontend import pipe
from precision_upscaler.frontend.upload import UploadFormat

FAKE = """
import json, sys
command = json.loads(sys.stdin.readline())
assert command == {{"command": "status"}}
{said}
"""
STATUS = "print(json.dumps({{'event': 'status', 'settings': {settings}}}), flush=True)"


@pytest.mark.parametrize(
    ("said", "is_jpeg"),
    [
        (STATUS.format(settings={"upload_format": "jpeg"}), True),
        (
            "print(json.dumps({'event': 'warning'})); " + STATUS.format(settings={"upload_format": "jpeg"}),
            True,
        ),
        (STATUS.format(settings={"upload_format": "png"}), False),
        (STATUS.format(settings={}), False),
        (STATUS.format(settings=None), False),
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
    monkeypatch.setattr(pipe, "PLUGIN_FOLDER", str(tmp_path))
    upload = UploadFormat(interpreter=[sys.executable])
    assert upload.is_jpeg is is_jpeg
    assert upload.is_jpeg is is_jpeg, "asked once, known for good"


def test_the_real_worker_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path))
    (tmp_path / "settings.json").write_text('{"upload_format": "jpeg"}')
    assert UploadFormat(interpreter=[sys.executable]).is_jpeg
