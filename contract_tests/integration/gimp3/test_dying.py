"""GIMP kills the plug-in: the image is untouched, the worker goes on, and Resume brings the result home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dev.mock_process import running_mock
from gimp_sandbox.gimp import Gimp

from contract_tests.support import counters

from .running import run_inside
from .table import CANVAS

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]


@pytest.fixture(scope="module")
def left(gimp32: Gimp, plugin_gimp3: Path) -> Iterator[dict[str, Any]]:
    """Kill a plug-in while its paid task runs, and give what it has left."""
    with running_mock("--speed", "0", "--no-rate-limit") as mock:
        code = f"import dying\ndying.main(folder, {mock!r}, data)"
        with run_inside(gimp32, plugin_gimp3, code, window=False) as session:
            assert session.complete, session.end()
            (result,) = session.lines("dying.jsonl").values()
            assert "crash" not in result, result["crash"]
            yield result


def test_the_image_is_as_it_was_when_the_plug_in_dies_and_when_the_worker_ends(left: dict[str, Any]) -> None:
    assert (left["status"], left["killed"]) == ("calling-error", 1)
    assert (left["changed"], left["dirty"], left["unchanged"]) == ([], False, [])


def test_the_worker_outlives_the_plug_in_and_finishes(left: dict[str, Any]) -> None:
    assert (left["worker_lives"], left["states"]) == (True, ["created"])
    assert left["finished"] == ["stored"]


def test_resume_brings_the_result_into_its_layer_at_no_second_charge(left: dict[str, Any]) -> None:
    counters.add("fault matrix: cells")
    counters.add("fault matrix: lost results", int(left["resumed"] != 1))
    counters.add("fault matrix: double charges", int(left["charges"] > 1))
    assert (left["resumed"], left["in_the_end"], left["charges"]) == (1, ["delivered"], 1), left["said"]
    assert left["resumed_size"] == [2 * side for side in CANVAS]
    assert left["names"][0] == left["names"][1]


def test_the_key_is_in_no_file_of_gimps_nor_of_ours_but_its_own(left: dict[str, Any]) -> None:
    assert left["key_in"] == ["worker-data/credentials.json"]
    # what was told is found by the same search, so that it does look
    assert any(name.endswith("job.json") for name in left["told_in"])
    assert "saved.xcf" in left["layer_in"]
