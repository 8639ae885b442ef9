"""Cancel on GIMP's own bar kills the plug-in: in a real GIMP 2.10 no payment is lost, no work overwritten."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request, request_finished

from mock_server.testing import PrecisionMock

from .real_gimp import RealGimp

pytestmark = pytest.mark.slow
CANCELLED = 3


class Person:
    """Presses Cancel once in every upscale, and lets the service finish when GIMP asks for it.

    GIMP kills a plug-in whose Cancel was pressed; here it is killed when the service is asked about its task
    for the first time, which is while it waits.
    """

    def __init__(self, mock: PrecisionMock, folder: Path) -> None:
        self._mock, self._folder = mock, folder
        self.killed = 0
        request_finished.connect(self._asked)

    def _asked(self, _app: Flask, **_: object) -> None:
        if request.method == "GET" and self.killed < self._mock.charges:
            self.killed += 1
            for number in _plug_ins(self._folder):
                os.kill(number, signal.SIGKILL)
        if (self._folder / f"go on {self.killed}").exists():
            self._mock.advance(1000)


def _plug_ins(folder: Path) -> list[int]:
    """Return the process ids of the running plug-in (its worker is another program).

    Only of the GIMP that works in ``folder``: other tests' GIMPs run on this machine at the same time.
    """
    ours = f"PRECISION_UPSCALER_DATA={folder / 'data'}".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            environment = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        runs = any(word.endswith(b"/precision-upscaler.py") for word in words) and b"-run" in words
        if runs and ours in environment:
            found.append(int(place.name))
    return found


class Outcome:
    """What two GIMPs told, one after the other."""

    def __init__(self, real: RealGimp, mock: PrecisionMock) -> None:
        person = Person(mock, real.folder)
        windows = real.folder / "windows"
        env = {
            "PRECISION_UPSCALER_BASE_URL": mock.url,
            "FREEPIK_API_KEY": "mock-nearest",
            "PRECISION_UPSCALER_DATA": str(real.folder / "data"),
            "PYTHONPATH": str(real.folder / "widgets"),
            "PROBE_WINDOWS": str(windows),
        }
        self.told: dict[str, Any] = {}
        self.logs = ""
        for name in ("first", "restarted"):
            code = f"from contract_tests.integration.gimp2 import killed; killed.{name}({str(real.folder)!r})"
            self.logs += real.run(code, env, timeout=300)
            report = real.folder / f"{name}.json"
            assert report.exists(), self.logs[-3000:]
            assert mock.charges == person.killed == CANCELLED, self.logs[-3000:]
            self.told.update(real.report(report.name))
            mock.advance(1000)
        self.killed, self.charges = person.killed, mock.charges
        self.windows = windows.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def outcome(make_real_gimp: Callable[..., RealGimp], plugin_gimp2: Path) -> Outcome:
    """Let both GIMPs run."""
    with PrecisionMock() as mock:
        return Outcome(make_real_gimp(plugin_gimp2), mock)


def test_three_were_killed_and_three_paid(outcome: Outcome) -> None:
    assert outcome.told["killed"]["killed"]
    assert (outcome.killed, outcome.charges) == (CANCELLED, CANCELLED)


def test_the_dialog_stepped_aside_and_left_the_progress_to_gimp(outcome: Outcome) -> None:
    assert outcome.windows[5:9] == ["title Precision Upscale", "show", "OK", "hide"]
    assert "took the progress" not in outcome.windows


def test_cancel_in_the_dialog_is_no_error(outcome: Outcome) -> None:
    cancelled = outcome.told["dialog cancelled"]
    assert (cancelled["values"], cancelled["layer"], cancelled["depth"]) == ([None, None, ""], [200, 180], 0)
    assert outcome.windows[:5] == ["title Precision Upscale", "show", "Cancel", "quit", "destroy"]


def test_a_kill_leaves_the_image_and_resume_says_that_it_is_being_worked_on(outcome: Outcome) -> None:
    killed = outcome.told["killed"]
    assert (killed["layer"], killed["depth"], killed["images"]) == ([200, 180], 0, 1)
    assert "“Sky”: Being worked on at this moment." in outcome.logs


def test_resume_puts_the_result_into_the_layer_that_was_moved_since(outcome: Outcome) -> None:
    placed = outcome.told["in place"]
    assert (placed["layer"], placed["offsets"], placed["images"]) == ([400, 360], [10, 12], 1)
    assert placed["depth"] == 2, "the move is one step, the upscale another"


def test_resume_leaves_a_layer_alone_that_was_painted_on(outcome: Outcome) -> None:
    painted = outcome.told["painted"]
    assert painted["kept"]
    assert (painted["layer"], painted["images"]) == ([200, 180], 2)
    assert "“Sky” was changed meanwhile; its result is a new image" in outcome.logs


def test_another_gimp_finds_the_layer_in_its_file(outcome: Outcome) -> None:
    restarted = outcome.told["restarted"]
    assert (restarted["layer"], restarted["images"], restarted["other"]) == ([400, 360], 2, 200)
