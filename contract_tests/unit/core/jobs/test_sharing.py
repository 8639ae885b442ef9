"""Runs of one and the same upscale share one task, however the run that paid for it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from precision_upscaler.cancel import CancelToken
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import JobUnknown, TaskFailed
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.jobs.context import JobEvent, StageEvent
from precision_upscaler.storage import files
from precision_upscaler.storage import journal as journal_module
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job

from contract_tests.support.jobs.job_environment import JobEnvironment


def paid_job(world: JobEnvironment) -> Job:
    """Return a job whose task is created and that nobody works on any more."""
    world.on_event = lambda event: world.cancel.set() if getattr(event, "charged", "") == "yes" else None
    world.attempt(world.upscale)
    world.cancel, world.on_event = CancelToken(), lambda _event: None
    (job,) = world.journal
    assert job.state is State.CREATED
    return job


def end_while_awaited(world: JobEnvironment, job: Job, end: Callable[[], object]) -> None:
    """Hold ``job`` as another worker does, and ``end`` it while an identical run waits for that."""
    job.lock.acquire(wait=False)

    def heard(event: JobEvent) -> None:
        if isinstance(event, StageEvent) and event.job_id == job.job_id:
            world.on_event = lambda _event: None
            job.lock.release()
            end()

    world.on_event = heard


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_stored_result_that_is_not_whole_is_fetched_again_for_the_same_request(
    damage: str, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        first = world.upscale()
        content = first.path.read_bytes()
        first.path.unlink()
        if damage == "cut":
            first.path.write_bytes(content[:-9])
        again = world.upscale()
        assert (again.job_id, again.reused, again.charged) == (first.job_id, True, "no")
        assert verify(again.path).width == 320
        assert world.mock.charges == 1


def test_a_delivered_result_that_is_gone_is_paid_for_anew(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        first = world.upscale()
        world.journal.open(first.job_id).deliver()
        first.path.unlink()
        assert not world.upscale().reused
        with pytest.raises(JobUnknown, match="no longer kept") as caught:
            world.resume(first.job_id)
        assert caught.value.charged == "yes"


def test_a_shared_task_that_fails_is_not_paid_for_by_the_second_run(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, scenario="failed") as world:
        job = paid_job(world)
        ended: list[object] = []
        end_while_awaited(world, job, lambda: ended.append(world.attempt(lambda: world.resume(job.job_id))))
        with pytest.raises(TaskFailed) as caught:
            world.upscale()
        assert isinstance(ended[0], TaskFailed)
        assert caught.value.details["task_id"] == job.task_id
        assert world.mock.charges == 1


@pytest.mark.parametrize(("days", "megabytes"), [(0, 2048), (30, 0), (0, 0)])
def test_a_journal_that_keeps_nothing_keeps_what_another_run_waits_for(
    days: float, megabytes: float, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        job = paid_job(world)

        def deliver_and_prune() -> None:
            world.journal.open(world.resume(job.job_id).job_id).deliver()
            world.journal.prune(days, megabytes)

        end_while_awaited(world, job, deliver_and_prune)
        again = world.upscale()
        assert (again.reused, again.charged) == (True, "no")
        # and until whoever was given it has loaded it
        world.clock.sleep(3600 * 24 * 40)
        world.upscale()
        world.journal.prune(days, megabytes)
        assert again.path.exists()
        assert world.mock.charges == 1


def test_a_paid_job_that_vanishes_while_it_is_awaited_is_not_paid_again_unasked(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        job = paid_job(world)
        end_while_awaited(world, job, lambda: world.journal.remove(job))
        with pytest.raises(JobUnknown, match="has been removed") as caught:
            world.upscale()
        assert caught.value.charged == "yes"
        assert caught.value.details["task_id"] == job.task_id
        assert world.mock.charges == 1


def test_a_record_that_is_just_being_replaced_does_not_cost_a_second_payment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        world.upscale()
        refusals = iter([PermissionError(13, "sharing violation")])
        plain = files.read_json

        def read(path: Path) -> object:
            if path.name == "job.json" and (refusal := next(refusals, None)):
                raise refusal
            return plain(path)

        monkeypatch.setattr(journal_module, "read_json", read)
        assert world.upscale().reused
        assert world.mock.charges == 1


def test_the_services_two_addresses_are_one_service(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as world:
        results = []
        for world.base_url in SERVERS:
            results.append(world.upscale())
        assert [result.reused for result in results] == [False, True]
        world.base_url = None
        assert not world.upscale().reused, "a mock's picture never answers for the service"
