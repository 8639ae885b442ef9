"""Layers are sent as the settings say, in both GIMPs, and what the worker warned of is told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dev.mock_process import running_mock
from gimp_sandbox.gimp import Gimp

from .running import Session, run_inside
from .table import SIZE

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]

BEGINNINGS = {"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff"}


@pytest.fixture(scope="module")
def sent(gimp3: Gimp, plugin_gimp3: Path) -> Iterator[Session]:
    with running_mock("--speed", "1000", "--no-rate-limit") as mock:
        code = f"import sending\nsending.main(folder, {mock!r}, data)"
        with run_inside(gimp3, plugin_gimp3, code, window=False) as session:
            assert session.complete, session.end()
            yield session


@pytest.mark.parametrize("upload_format", ["png", "jpeg"])
def test_the_setting_decides_what_is_sent(sent: Session, upload_format: str) -> None:
    result: dict[str, Any] = sent.lines("sending.jsonl")[upload_format]
    assert "crash" not in result, result["crash"]
    assert result["status"] == "success", result["message"]
    assert base64.b64decode(result["sent"]).startswith(BEGINNINGS[upload_format])
    assert result["size"] == [3 * side for side in SIZE]


def test_a_lost_answer_is_told_and_cost_nothing_twice(sent: Session) -> None:
    result: dict[str, Any] = sent.lines("sending.jsonl")["lost-answer"]
    assert "crash" not in result, result["crash"]
    assert (result["status"], result["charges"]) == ("success", 1), result["message"]
    assert "The answer to the paid request was lost" in result["message"]
    assert result["size"] == [3 * side for side in SIZE]


def test_nothing_of_ours_complains(sent: Session) -> None:
    assert sent.complaints() == []
