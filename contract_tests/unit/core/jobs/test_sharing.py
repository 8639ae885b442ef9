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


def paid_job(environment: JobEnvironment) -> Job:
    """Return a job whose task is created and that nobody works on any more."""
    environment.on_event = lambda event: (
        environment.cancel.set() if getattr(event, "charged", "") == "yes" else None
    )
    environment.attempt(environment.upscale)
    environment.cancel, environment.on_event = CancelToken(), lambda _event: None
    (job,) = environment.journal
    assert job.state is State.CREATED
    return job


def end_while_awaited(environment: JobEnvironment, job: Job, end: Callable[[], object]) -> None:
    """Hold ``job`` as another worker does, and ``end`` it while an identical run waits for that."""
    job.lock.acquire(wait=False)

    def heard(event: JobEvent) -> None:
        if isinstance(event, StageEvent) and event.job_id == job.job_id:
            environment.on_event = lambda _event: None
            job.lock.release()
            end()

    environment.on_event = heard


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_stored_result_that_is_not_whole_is_fetched_again_for_the_same_request(
    damage: str, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        first = environment.upscale()
        content = first.path.read_bytes()
        first.path.unlink()
        if damage == "cut":
            first.path.write_bytes(content[:-9])
        again = environment.upscale()
        assert (again.job_id, again.reused, again.charged) == (first.job_id, True, "no")
        assert verify(again.path).width == 320
        assert environment.mock.charges == 1


def test_a_delivered_result_that_is_gone_is_paid_for_anew(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        first = environment.upscale()
        environment.journal.open(first.job_id).deliver()
        first.path.unlink()
        assert not environment.upscale().reused
        with pytest.raises(JobUnknown, match="no longer kept") as caught:
            environment.resume(first.job_id)
        assert caught.value.charged == "yes"


def test_a_shared_task_that_fails_is_not_paid_for_by_the_second_run(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, scenario="failed") as environment:
        job = paid_job(environment)
        ended: list[object] = []
        end_while_awaited(
            environment,
            job,
            lambda: ended.append(environment.attempt(lambda: environment.resume(job.job_id))),
        )
        with pytest.raises(TaskFailed) as caught:
            environment.upscale()
        assert isinstance(ended[0], TaskFailed)
        assert caught.value.details["task_id"] == job.task_id
        assert environment.mock.charges == 1


@pytest.mark.parametrize(("days", "megabytes"), [(0, 2048), (30, 0), (0, 0)])
def test_a_journal_that_keeps_nothing_keeps_what_another_run_waits_for(
    days: float, megabytes: float, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        job = paid_job(environment)

        def deliver_and_prune() -> None:
            environment.journal.open(environment.resume(job.job_id).job_id).deliver()
            environment.journal.prune(days, megabytes)

        end_while_awaited(environment, job, deliver_and_prune)
        again = environment.upscale()
        assert (again.reused, again.charged) == (True, "no")
        # and until whoever was given it has loaded it
        environment.clock.sleep(3600 * 24 * 40)
        environment.upscale()
        environment.journal.prune(days, megabytes)
        assert again.path.exists()
        assert environment.mock.charges == 1


def test_a_paid_job_that_vanishes_while_it_is_awaited_is_not_paid_again_unasked(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        job = paid_job(environment)
        end_while_awaited(environment, job, lambda: environment.journal.remove(job))
        with pytest.raises(JobUnknown, match="has been removed") as caught:
            environment.upscale()
        assert caught.value.charged == "yes"
        assert caught.value.details["task_id"] == job.task_id
        assert environment.mock.charges == 1


def test_a_record_that_is_just_being_replaced_does_not_cost_a_second_payment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        environment.upscale()
        refusals = iter([PermissionError(13, "sharing violation")])
        plain = files.read_json

        def read(path: Path) -> object:
            if path.name == "job.json" and (refusal := next(refusals, None)):
                raise refusal
            return plain(path)

        monkeypatch.setattr(journal_module, "read_json", read)
        assert environment.upscale().reused
        assert environment.mock.charges == 1


def test_the_services_two_addresses_are_one_service(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as environment:
        results = []
        for environment.base_url in SERVERS:
            results.append(environment.upscale())
        assert [result.reused for result in results] == [False, True]
        environment.base_url = None
        assert not environment.upscale().reused, "a mock's picture never answers for the service"
