"""Several jobs that lost their answers at the same time: each finds its own task, none takes another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import SERVERS
from precision_upscaler.errors import CreateUnresolved
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.lost_creates import lose_answer, lose_request, tasks_by_parameters
from contract_tests.support.pictures import png

PAIRS: dict[str, tuple[dict[str, Any], ...]] = {
    "another slider": ({"sharpen": 7}, {"sharpen": 50}),
    "another factor": ({"scale_factor": 2}, {"scale_factor": 3}),
    "three": ({"sharpen": 9}, {"sharpen": 50}, {"scale_factor": 3}),
}


@pytest.mark.parametrize("seed", range(2))  # the ids come in another order each time
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("pair", PAIRS)
def test_lost_tasks_of_one_picture_are_shared_out(
    pair: str, backwards: bool, seed: int, tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, seed=seed) as environment:
        wishes = PAIRS[pair]
        jobs = [lose_answer(environment, **wish) for wish in wishes]
        pairs = list(zip(jobs, wishes, strict=True))
        for job, wish in pairs[::-1] if backwards else pairs:
            result = environment.resume(job.job_id)
            assert [result.task_id] == tasks_by_parameters(environment, **wish)
            assert result.width == 160 * wish.get("scale_factor", 2)
            # what a delivered job has is not free for the others either
            environment.journal.open(job.job_id).deliver()
        assert environment.mock.charges == len(wishes)
        assert "wrong-scale" not in environment.warnings


def test_a_task_of_anothers_size_is_left_to_it(tmp_path: Path) -> None:
    """Only the factor 3 was heard: whoever asked for 2 does not take its task, whoever resumes first."""
    with JobEnvironment(tmp_path) as environment:
        unheard = lose_request(environment, scale_factor=2)
        heard = lose_answer(environment, scale_factor=3)
        with pytest.raises(CreateUnresolved, match="another unfinished job") as caught:
            environment.resume(unheard.job_id)
        assert caught.value.details["candidates"] == tasks_by_parameters(environment, scale_factor=3)
        assert "resume JOB --adopt TASK" in caught.value.advice
        assert caught.value.job_id == unheard.job_id
        assert environment.resume(heard.job_id).width == 480
        with pytest.raises(CreateUnresolved, match="most likely none was created"):
            environment.resume(unheard.job_id)
        assert environment.mock.charges == 1


def resume_at_once(environment: JobEnvironment, job: Job) -> None:
    """Resume a job whose task nobody else can have made: it does not wait for the last look."""
    waited = sum(environment.clock.slept)
    environment.resume(job.job_id)
    assert sum(environment.clock.slept) - waited < 100, "nothing is contested, so nothing is put off"


def test_a_job_of_another_picture_is_no_rival(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        picture, other = environment.source, tmp_path / "other.png"
        other.write_bytes(png(160, 200, (200, 30, 90)))
        # sent before ours, so that by the time alone our task may be its own
        environment.source = other
        lose_request(environment, scale_factor=2)
        environment.source = picture
        resume_at_once(environment, lose_answer(environment, scale_factor=2))


def test_a_job_that_has_its_task_is_no_rival(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        environment.upscale(sharpen=7)
        resume_at_once(environment, lose_answer(environment, sharpen=50))


def test_a_job_of_another_service_is_no_rival(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        lose_request(environment, sharpen=7).update(service=SERVERS[0])
        resume_at_once(environment, lose_answer(environment, sharpen=50))


def test_a_task_whose_answer_is_still_awaited_elsewhere_is_not_taken(tmp_path: Path) -> None:
    """Our create was not heard; another run of the picture is just being answered."""
    with JobEnvironment(tmp_path) as environment:
        unheard = lose_request(environment, sharpen=7)
        other = lose_answer(environment, sharpen=50)
        # it has sent its request, and nothing has gone wrong so far
        other.update(doubt=None)
        with other.lock, pytest.raises(CreateUnresolved, match="another unfinished job"):
            environment.resume(unheard.job_id)
        assert environment.journal.open(unheard.job_id).state is State.COMMITTED
        assert [environment.resume(other.job_id).task_id] == tasks_by_parameters(environment, sharpen=50)


def test_a_failed_task_of_ours_does_not_make_us_take_anothers(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        environment.mock.play("failed")
        mine = lose_answer(environment, sharpen=7)
        environment.mock.play("")
        other = lose_answer(environment, sharpen=50)
        with pytest.raises(CreateUnresolved, match="it failed") as caught:
            environment.resume(mine.job_id)
        assert len(caught.value.details["candidates"]) == 2
        assert [environment.resume(other.job_id).task_id] == tasks_by_parameters(environment, sharpen=50)
        assert environment.mock.charges == 2


def test_two_jobs_that_took_each_others_task_are_both_served(tmp_path: Path) -> None:
    """The user named the wrong one of two tasks: the other job finds what that left free."""
    with JobEnvironment(tmp_path) as environment:
        first, second = lose_answer(environment, sharpen=7), lose_answer(environment, sharpen=50)
        (wrong,) = tasks_by_parameters(environment, sharpen=50)
        environment.journal.open(environment.resume(first.job_id, adopt=wrong).job_id).deliver()
        assert [environment.resume(second.job_id).task_id] == tasks_by_parameters(environment, sharpen=7)
        assert environment.mock.charges == 2


def test_the_task_of_a_forgotten_job_is_nobodys(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        unheard = lose_request(environment, sharpen=7)
        forgotten = environment.upscale(sharpen=50)
        environment.journal.remove(environment.journal.open(forgotten.job_id))
        with pytest.raises(CreateUnresolved, match="most likely none was created"):
            environment.resume(unheard.job_id)
