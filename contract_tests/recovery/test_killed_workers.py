"""The real worker, killed with ``kill -9`` at every stage; several workers on one picture at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.imaging.base import inspect
from precision_upscaler.imaging.metadata import verify

from contract_tests.support import counters
from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan
from contract_tests.support.jobs.forked_workers import ForkedWorker
from contract_tests.support.jobs.recovery_check import shows
from contract_tests.support.jobs.worker_environment import (
    TIMEOUT,
    WorkerEnvironment,
    events_until,
    wait_until,
    worker_environment,
)
from contract_tests.support.pictures import large_png

MOMENTS = ["preparing", "sending", "sending+", "waiting", "waiting+", "downloading", "checking", "result"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_minus_nine_costs_nobody_anything(moment: str, tmp_path: Path) -> None:
    with worker_environment(tmp_path) as here:
        worker = here.start(here.upscale)
        reached = events_until(worker, moment)
        worker.kill()
        worker.communicate()
        assert reached, f"the worker never came to {moment}"
        check_recovery(here, f"kill -9 at {moment}")


@pytest.mark.parametrize(("call", "fault"), [("create", "stall_upload"), ("download", "stall_download")])
def test_kill_minus_nine_in_the_middle_of_a_transfer(call: str, fault: str, tmp_path: Path) -> None:
    with (
        worker_environment(tmp_path) as here,
        FaultyProxy(here.mock.url, Plan(call, fault, times=None)) as proxy,
    ):
        worker = start_into(here, proxy)
        worker.kill()
        worker.communicate()
        proxy.heal()
        assert here.mock.charges == (call == "download")
        check_recovery(here, f"kill -9 in {fault}")


@pytest.mark.parametrize("reached", [True, False])
def test_kill_minus_nine_while_the_paid_calls_answer_is_awaited(reached: bool, tmp_path: Path) -> None:
    """The one moment at which only the service knows whether there is a task."""
    plan = Plan("create", "stalled", reached=reached, times=None)
    with worker_environment(tmp_path) as here, FaultyProxy(here.mock.url, plan) as proxy:
        worker = start_into(here, proxy)
        wait_until(lambda: listed_state(here) == "committed")
        wait_until(lambda: here.mock.charges == reached)
        worker.kill()
        worker.communicate()
        proxy.heal()
        assert here.mock.charges == reached
        if not reached:
            # the account shows no charge, so the user forgets the job
            (jobs,) = here.run({"command": "jobs"})
            (job,) = jobs["jobs"]
            assert (job["state"], job["charged"]) == ("committed", "unknown")
            here.run({"command": "forget", "job_id": job["job_id"]})
        check_recovery(
            here, f"kill -9 while the answer is awaited, {'reached' if reached else 'not reached'}"
        )


def start_into(here: WorkerEnvironment, proxy: FaultyProxy) -> ForkedWorker:
    """Return a worker that has just met the line's fault."""
    assert proxy.plan is not None
    here.url = proxy.url
    if proxy.plan.fault == "stall_upload":
        # more than the system's buffers hold, or the worker would have sent all of it
        (here.folder / "photo.png").write_bytes(large_png(980, 735))
    worker = here.start(here.upscale)
    assert events_until(worker, "sending" if proxy.plan.call == "create" else "downloading")
    wait_until(lambda: proxy.struck > 0)
    return worker


def listed_state(here: WorkerEnvironment) -> str:
    """Return the state of the one job that Resume would list, without disturbing who works on it."""
    found = [json.loads(path.read_text()) for path in (here.folder / "data" / "jobs").glob("2*/job.json")]
    return str(found[0]["state"]) if found else ""


def check_recovery(here: WorkerEnvironment, name: str) -> None:
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
    counters.add("fault matrix: cells")
    counters.add("fault matrix: lost results", int(ending["event"] != "result"))
    counters.add("fault matrix: double charges", int(charges > 1))
    assert ending["event"] == "result", f"{name}: {ending}"
    assert charges == 1, f"{name}: charged {charges} times"
    result, photo = Path(ending["path"]), here.folder / "photo.png"
    assert verify(result).width == ending["width"] == 2 * inspect(photo).width
    assert shows(photo, result), f"{name}: the result shows another picture"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_front_end_that_dies_costs_nobody_anything(moment: str, tmp_path: Path) -> None:
    """GIMP kills its plug-in: the worker's input ends, its output breaks, and it ends by itself."""
    with worker_environment(tmp_path) as here:
        worker = here.start(here.upscale)
        assert events_until(worker, moment), f"the worker never came to {moment}"
        hang_up(worker)
        end(worker)
        check_after_hang_up(here, f"the front end dies at {moment}", paid=moment in MOMENTS[3:] or None)


@pytest.mark.parametrize(
    ("call", "fault"),
    [("create", "stall_upload"), ("create", "stalled"), ("download", "stall_download")],
)
def test_a_front_end_that_dies_in_the_middle_of_a_transfer(call: str, fault: str, tmp_path: Path) -> None:
    log = tmp_path / "data" / "log" / "precision-upscaler.log"
    with worker_environment(tmp_path) as here, FaultyProxy(here.mock.url, Plan(call, fault)) as proxy:
        worker = start_into(here, proxy)
        if fault == "stalled":
            wait_until(lambda: listed_state(here) == "committed")
        hang_up(worker)
        if fault != "stall_upload":
            wait_until(lambda: "the front end is gone" in log.read_text())
            proxy.let_go()
        end(worker)
        check_after_hang_up(here, f"the front end dies in {call}, {fault}", paid=fault != "stall_upload")


def hang_up(worker: ForkedWorker) -> None:
    """Die as a front end does."""
    worker.stdin.close()
    worker.stdout.close()


def end(worker: ForkedWorker) -> None:
    """Wait until a worker has ended by itself."""
    assert worker.wait(TIMEOUT) == 0


def check_after_hang_up(here: WorkerEnvironment, name: str, *, paid: bool | None) -> None:
    """Judge what lies ready without any further call, and then the rest.

    ``paid``: whether the front end died after the payment; None when it may have been either.
    """
    charges = here.mock.charges
    if paid is not None:
        assert charges == paid, name
    (jobs,) = here.run({"command": "jobs"})
    assert [job["state"] for job in jobs["jobs"]] == ["stored"] * charges, name
    check_recovery(here, name)


def test_a_front_end_that_dies_before_the_payment_pays_nothing(tmp_path: Path) -> None:
    with (
        worker_environment(tmp_path) as here,
        FaultyProxy(here.mock.url, Plan("list", "stalled", times=None)) as proxy,
    ):
        here.url = proxy.url
        worker = here.start(here.upscale)
        assert events_until(worker, "sending")
        worker.communicate(timeout=TIMEOUT)
        proxy.heal()
        assert here.mock.charges == 0
        (jobs,) = here.run({"command": "jobs"})
        assert jobs["jobs"] == []


@pytest.mark.parametrize("kept", [{}, {"journal_megabytes": 0}, {"journal_days": 0}], ids=str)
@pytest.mark.parametrize("workers", [2, 3])
def test_workers_started_together_on_one_picture_share_one_task(
    workers: int, kept: dict[str, int], tmp_path: Path
) -> None:
    with worker_environment(tmp_path, settings=kept) as here:
        crew = [here.start(here.upscale) for _ in range(workers)]
        endings = [here.finish(worker)[-1] for worker in crew]
        assert [ending["event"] for ending in endings] == ["result"] * workers
        assert sorted(ending["charged"] for ending in endings) == ["no"] * (workers - 1) + ["yes"]
        counters.add("fault matrix: cells")
        counters.add("fault matrix: double charges", int(here.mock.charges > 1))
        assert here.mock.charges == 1


def test_when_the_paying_worker_is_killed_the_waiting_one_takes_over(tmp_path: Path) -> None:
    # the service's clock stands still until the first is dead, however slow this machine is
    with worker_environment(tmp_path, speed=0.0) as here:
        first = here.start(here.upscale)
        assert events_until(first, "waiting")
        second = here.start(here.upscale)
        assert events_until(second, "waiting")
        first.kill()
        first.communicate()
        here.mock.advance(600)
        ending = here.finish(second)[-1]
        assert ending["event"] == "result"
        counters.add("fault matrix: cells")
        counters.add("fault matrix: double charges", int(here.mock.charges > 1))
        assert here.mock.charges == 1
