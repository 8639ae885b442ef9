"""The real worker, killed with ``kill -9`` at every stage; several workers on one picture at once."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.imaging.base import inspect
from precision_upscaler.imaging.metadata import verify

from contract_tests.support import tally
from contract_tests.support.forked_workers import ForkedWorker, fork_worker
from contract_tests.support.pictures import large_png, png
from contract_tests.support.world import TASK_SECONDS, share_results
from mock_server import PrecisionMock

from .line import FaultyLine, Plan
from .verdict import shows

PATIENCE = 60
HASTE = 100.0
"""How many times as fast as the world's the clocks of worker and service run."""


@dataclass
class Desk:
    """One user's folder, picture and service."""

    folder: Path
    mock: PrecisionMock
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a worker that has no key but one in ``more`` or in the data folder."""
        keys = ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY")
        return {
            **{name: value for name, value in os.environ.items() if name not in keys},
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "PRECISION_UPSCALER_DATA": str(self.folder / "data"),
            "PRECISION_UPSCALER_BASE_URL": self.url,
            **more,
        }

    def start(self, *commands: dict[str, Any]) -> ForkedWorker:
        worker = fork_worker(self.environment(FREEPIK_API_KEY=self.mock.key), speed=HASTE)
        for command in commands:
            self.say(worker, command)
        return worker

    @staticmethod
    def say(worker: ForkedWorker | subprocess.Popen[bytes], command: dict[str, Any]) -> None:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(command).encode() + b"\n")
        worker.stdin.flush()

    @property
    def upscale(self) -> dict[str, Any]:
        return {"command": "upscale", "source": str(self.folder / "photo.png"), "parameters": {}}

    def run(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Return every event of a worker whose front end stays and takes the result."""
        return self.finish(self.start(*commands))

    def finish(self, worker: ForkedWorker) -> list[dict[str, Any]]:
        """Listen to a worker to its end, and take the result."""
        events = []
        with worker:
            for line in worker.stdout:
                events.append(json.loads(line))
                if events[-1]["event"] == "result":
                    self.say(worker, {"command": "delivered"})
                if events[-1]["event"] not in ("stage", "progress", "warning"):
                    break
        return events


@contextmanager
def desk(folder: Path, *, settings: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Desk]:
    (folder / "data").mkdir()
    (folder / "data" / "settings.json").write_text(json.dumps(settings or {}))
    # large enough to be sent and fetched in several pieces
    (folder / "photo.png").write_bytes(png(400, 300))
    with PrecisionMock(**{"speed": HASTE, "seconds": TASK_SECONDS, **options}) as mock:
        share_results(mock)
        yield Desk(folder, mock, mock.url)


def events_until(worker: ForkedWorker, wanted: str) -> bool:
    """Read events until ``wanted`` (a stage, ``result``, or a stage's progress as ``stage+``)."""
    for line in worker.stdout:
        event = json.loads(line)
        names = {
            "stage": event.get("stage"),
            "progress": f"{event.get('stage')}+",
        }
        if wanted == names.get(event["event"], event["event"]):
            return True
        if event["event"] not in ("stage", "progress", "warning"):
            return False  # the worker has ended its run, and waits for us as we would for it
    return False


MOMENTS = ["preparing", "sending", "sending+", "waiting", "waiting+", "downloading", "checking", "result"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_minus_nine_costs_nobody_anything(moment: str, tmp_path: Path) -> None:
    with desk(tmp_path) as here:
        worker = here.start(here.upscale)
        reached = events_until(worker, moment)
        worker.kill()
        worker.communicate()
        assert reached, f"the worker never came to {moment}"
        judge_rest(here, f"kill -9 at {moment}")


@pytest.mark.parametrize(("call", "fault"), [("create", "stall_upload"), ("download", "stall_download")])
def test_kill_minus_nine_in_the_middle_of_a_transfer(call: str, fault: str, tmp_path: Path) -> None:
    with desk(tmp_path) as here, FaultyLine(here.mock.url, Plan(call, fault, times=None)) as line:
        worker = start_into(here, line)
        worker.kill()
        worker.communicate()
        line.heal()
        assert here.mock.charges == (call == "download")
        judge_rest(here, f"kill -9 in {fault}")


@pytest.mark.parametrize("heard", [True, False])
def test_kill_minus_nine_while_the_paid_calls_answer_is_awaited(heard: bool, tmp_path: Path) -> None:
    """The one moment at which only the service knows whether there is a task."""
    plan = Plan("create", "stalled", heard=heard, times=None)
    with desk(tmp_path) as here, FaultyLine(here.mock.url, plan) as line:
        worker = start_into(here, line)
        until(lambda: listed_state(here) == "committed")
        until(lambda: here.mock.charges == heard)
        worker.kill()
        worker.communicate()
        line.heal()
        assert here.mock.charges == heard
        if not heard:
            # the account shows no charge, so the user forgets the job
            (jobs,) = here.run({"command": "jobs"})
            (job,) = jobs["jobs"]
            assert (job["state"], job["charged"]) == ("committed", "unknown")
            here.run({"command": "forget", "job_id": job["job_id"]})
        judge_rest(here, f"kill -9 while the answer is awaited, {'heard' if heard else 'unheard'}")


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; fail when it does not become so."""
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")


def start_into(here: Desk, line: FaultyLine) -> ForkedWorker:
    """Return a worker that has just met the line's fault."""
    assert line.plan is not None
    here.url = line.url
    if line.plan.fault == "stall_upload":
        # more than the system's buffers hold, or the worker would have sent all of it
        (here.folder / "photo.png").write_bytes(large_png(980, 735))
    worker = here.start(here.upscale)
    assert events_until(worker, "sending" if line.plan.call == "create" else "downloading")
    until(lambda: line.struck > 0)
    return worker


def listed_state(here: Desk) -> str:
    """Return the state of the one job that Resume would list, without disturbing who works on it."""
    found = [json.loads(path.read_text()) for path in (here.folder / "data" / "jobs").glob("2*/job.json")]
    return str(found[0]["state"]) if found else ""


def judge_rest(here: Desk, name: str) -> None:
    """Resume what the journal lists, else run again; one charge, one picture."""
    (jobs,) = here.run({"command": "jobs"})
    paid = here.mock.charges
    ending: dict[str, Any] = {}
    for job in jobs["jobs"]:
        ending = here.run({"command": "resume", "job_id": job["job_id"]})[-1]
    if not jobs["jobs"]:
        assert not paid, f"{name}: paid for, and Resume does not know it"
        ending = here.run(here.upscale)[-1]
    if ending["event"] == "error" and ending["code"] == "create-unresolved" and not here.mock.charges:
        here.run({"command": "forget", "job_id": ending["job_id"]})
        ending = here.run(here.upscale)[-1]
    charges = here.mock.charges
    tally.count("fault matrix: cells")
    tally.count("fault matrix: lost results", int(ending["event"] != "result"))
    tally.count("fault matrix: double charges", int(charges > 1))
    assert ending["event"] == "result", f"{name}: {ending}"
    assert charges == 1, f"{name}: charged {charges} times"
    result, photo = Path(ending["path"]), here.folder / "photo.png"
    assert verify(result).width == ending["width"] == 2 * inspect(photo).width
    assert shows(photo, result), f"{name}: the result shows another picture"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_front_end_that_dies_costs_nobody_anything(moment: str, tmp_path: Path) -> None:
    """GIMP kills its plug-in: the worker's input ends, its output breaks, and it ends by itself."""
    with desk(tmp_path) as here:
        worker = here.start(here.upscale)
        assert events_until(worker, moment), f"the worker never came to {moment}"
        hang_up(worker)
        end(worker)
        judge_left_alone(here, f"the front end dies at {moment}", paid=moment in MOMENTS[3:] or None)


@pytest.mark.parametrize(
    ("call", "fault"),
    [("create", "stall_upload"), ("create", "stalled"), ("download", "stall_download")],
)
def test_a_front_end_that_dies_in_the_middle_of_a_transfer(call: str, fault: str, tmp_path: Path) -> None:
    log = tmp_path / "data" / "log" / "precision-upscaler.log"
    with desk(tmp_path) as here, FaultyLine(here.mock.url, Plan(call, fault)) as line:
        worker = start_into(here, line)
        if fault == "stalled":
            until(lambda: listed_state(here) == "committed")
        hang_up(worker)
        if fault != "stall_upload":
            until(lambda: "the front end is gone" in log.read_text())
            line.let_go()
        end(worker)
        judge_left_alone(here, f"the front end dies in {call}, {fault}", paid=fault != "stall_upload")


def hang_up(worker: ForkedWorker) -> None:
    """Die as a front end does."""
    worker.stdin.close()
    worker.stdout.close()


def end(worker: ForkedWorker) -> None:
    """Wait until a worker has ended by itself."""
    assert worker.wait(PATIENCE) == 0


def judge_left_alone(here: Desk, name: str, *, paid: bool | None) -> None:
    """Judge what lies ready without any further call, and then the rest.

    ``paid``: whether the front end died after the payment; None when it may have been either.
    """
    charges = here.mock.charges
    if paid is not None:
        assert charges == paid, name
    (jobs,) = here.run({"command": "jobs"})
    assert [job["state"] for job in jobs["jobs"]] == ["stored"] * charges, name
    judge_rest(here, name)


def test_a_front_end_that_dies_before_the_payment_pays_nothing(tmp_path: Path) -> None:
    with desk(tmp_path) as here, FaultyLine(here.mock.url, Plan("list", "stalled", times=None)) as line:
        here.url = line.url
        worker = here.start(here.upscale)
        assert events_until(worker, "sending")
        worker.communicate(timeout=PATIENCE)
        line.heal()
        assert here.mock.charges == 0
        (jobs,) = here.run({"command": "jobs"})
        assert jobs["jobs"] == []


@pytest.mark.parametrize("kept", [{}, {"journal_megabytes": 0}, {"journal_days": 0}], ids=str)
@pytest.mark.parametrize("workers", [2, 3])
def test_workers_started_together_on_one_picture_share_one_task(
    workers: int, kept: dict[str, int], tmp_path: Path
) -> None:
    with desk(tmp_path, settings=kept) as here:
        crew = [here.start(here.upscale) for _ in range(workers)]
        endings = [here.finish(worker)[-1] for worker in crew]
        assert [ending["event"] for ending in endings] == ["result"] * workers
        assert sorted(ending["charged"] for ending in endings) == ["no"] * (workers - 1) + ["yes"]
        tally.count("fault matrix: cells")
        tally.count("fault matrix: double charges", int(here.mock.charges > 1))
        assert here.mock.charges == 1


def test_when_the_paying_worker_is_killed_the_waiting_one_takes_over(tmp_path: Path) -> None:
    # the service's clock stands still until the first is dead, however slow this machine is
    with desk(tmp_path, speed=0.0) as here:
        first = here.start(here.upscale)
        assert events_until(first, "waiting")
        second = here.start(here.upscale)
        assert events_until(second, "waiting")
        first.kill()
        first.communicate()
        here.mock.advance(600)
        ending = here.finish(second)[-1]
        assert ending["event"] == "result"
        tally.count("fault matrix: cells")
        tally.count("fault matrix: double charges", int(here.mock.charges > 1))
        assert here.mock.charges == 1
