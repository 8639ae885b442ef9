"""What a user reads about the charge when the journal, the key or the search fails in the midst of a job."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

import pytest
from precision_upscaler.api import client
from precision_upscaler.errors import (
    CreateUnresolved,
    DiskFull,
    InvalidKey,
    InvalidParameter,
    JobUnknown,
    JournalBroken,
    UpscaleError,
)
from precision_upscaler.storage import files
from precision_upscaler.storage.job_record import State

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.lost_creates import lose_answer, tasks_by_parameters
from contract_tests.support.jobs.worker_environment import events_until, send_bytes, worker_environment
from contract_tests.support.pictures import png


def break_writes(monkeypatch: pytest.MonkeyPatch, number: int, text: bytes, *, allowed: int = 0) -> None:
    """Let every record that holds ``text`` fail to be written, after so many that do not."""
    plain, seen = files.write_atomically, 0

    def write(path: Path, content: bytes) -> None:
        nonlocal seen
        if path.name == "job.json" and text in content:
            seen += 1
            if seen > allowed:
                raise OSError(number, os.strerror(number))
        plain(path, content)

    monkeypatch.setattr(files, "write_atomically", write)


def test_a_disk_that_is_full_when_the_answer_is_lost_does_not_deny_the_charge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        break_writes(monkeypatch, errno.ENOSPC, b'"state": "committed"', allowed=1)
        with pytest.raises(DiskFull) as caught:
            environment.upscale()
        assert environment.mock.charges == 1
        assert caught.value.charged == "unknown"


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EACCES, JournalBroken), (errno.EIO, JournalBroken), (errno.ENOSPC, DiskFull)]
)
def test_an_id_that_cannot_be_written_down_is_said_and_logged(
    number: int,
    error: type[UpscaleError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        JobEnvironment(tmp_path, wsgi=True) as environment,
        caplog.at_level(logging.INFO, "precision_upscaler"),
    ):
        break_writes(monkeypatch, number, b'"task_id": "')
        with pytest.raises(error) as caught:
            environment.upscale()
        (task_id,) = tasks_by_parameters(environment)
        assert (caught.value.charged, caught.value.details["task_id"]) == ("yes", task_id)
        assert task_id in caplog.text
        monkeypatch.undo()
        assert environment.resume(environment.journal.undelivered()[0].job_id).task_id == task_id
        assert environment.mock.charges == 1


def test_a_record_that_can_no_longer_be_read_does_not_deny_the_charge(tmp_path: Path) -> None:
    """The search for a lost task looks at every job of the journal."""
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        other = environment.upscale(reuse=False)
        record = environment.journal.open(other.job_id).folder / "job.json"
        record.unlink()
        record.mkdir()
        with pytest.raises(JournalBroken) as caught:
            environment.resume(job.job_id)
        assert caught.value.charged == "unknown"


def test_an_ended_job_says_what_it_may_have_cost(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, scenario="failed") as environment:
        environment.attempt(environment.upscale)
        with pytest.raises(JobUnknown, match="ended as failed") as caught:
            environment.resume(next(iter(environment.journal)).job_id)
        assert caught.value.charged == "unknown"


def test_a_key_that_is_refused_during_the_search_leaves_the_question_open(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        environment.mock.play("invalid_key_401@status*99")
        with pytest.raises(InvalidKey) as caught:
            environment.resume(job.job_id)
        assert caught.value.charged == "unknown"
        assert "not lost" in caught.value.advice


def test_a_refused_adoption_leaves_the_question_open(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        other = environment.upscale(reuse=False, sharpen=50)
        with pytest.raises(InvalidParameter, match="another job") as caught:
            environment.resume(job.job_id, adopt=other.task_id)
        assert caught.value.charged == "unknown"


def test_a_paid_job_without_a_key_is_said_to_be_paid(tmp_path: Path) -> None:
    with worker_environment(tmp_path) as here:
        worker = here.start(here.upscale)
        assert events_until(worker, "result")
        worker.kill()
        worker.communicate()
        (jobs,) = here.run({"command": "jobs"})
        command = {"command": "resume", "job_id": jobs["jobs"][0]["job_id"]}
        events, _, _ = send_bytes(here, json.dumps(command).encode() + b"\n")
        assert (events[-1]["code"], events[-1]["charged"]) == ("no-key", "yes")


def test_a_strange_host_met_in_the_search_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        monkeypatch.setattr(client, "link_problem", lambda *_: "the host pictures.example is not on the list")
        with pytest.raises(CreateUnresolved, match=r"pictures\.example is not on the list") as caught:
            environment.resume(job.job_id)
        assert "add it to the result hosts" in caught.value.advice
        monkeypatch.undo()
        environment.resume(job.job_id)
        assert environment.mock.charges == 1


def test_a_candidate_that_was_late_and_is_not_ours_is_in_doubt_no_more(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        # as if this job had sent another picture than the one task shows
        job.source.write_bytes(png(160, 200, (200, 30, 90)))
        environment.mock.play("http_500@status*30")
        with pytest.raises(CreateUnresolved, match="none of them shows this picture") as caught:
            environment.resume(job.job_id)
        assert caught.value.details["candidates"] == []


def test_strangers_tasks_teach_nothing_about_the_services_pace(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        job = lose_answer(environment)
        environment.resume(job.job_id)
        assert job.job_id in [item.job_id for item in environment.journal]
        assert environment.journal.open(job.job_id).state is State.STORED
        assert environment.journal.open(job.job_id).record.pace is None
        environment.upscale(reuse=False)
        assert sum(item.record.pace is not None for item in environment.journal) == 1
