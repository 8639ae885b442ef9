"""A lost answer is looked for and found again by its picture, and nothing is claimed that is not certain."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import Task, UpscaleRequest
from precision_upscaler.api.responses import ApiError
from precision_upscaler.api.retry import Failure, RetryDecision
from precision_upscaler.errors import Cancelled, CreateUnresolved, InvalidParameter
from precision_upscaler.imaging.base import InvalidImage
from precision_upscaler.imaging.streaming import StreamingCheck
from precision_upscaler.jobs import recovery
from precision_upscaler.jobs.downloading import Downloader
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import KNOWN_TASKS, Journal

from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan
from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.pictures import png


def test_the_lost_task_is_adopted_and_said_so(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        result = environment.upscale()
        assert environment.mock.charges == 1
        assert environment.warnings == ["adopted"]
        assert environment.journal.open(result.job_id).record.adopted is True


def test_a_task_of_another_computer_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Somebody else with the same key creates a task while our answer is lost and nothing was accepted."""
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("create", "reset", reached=False)) as line,
        environment.client() as stranger,
    ):
        other = tmp_path / "other.png"
        other.write_bytes(png(160, 200, (200, 30, 90)))
        environment.base_url = line.url
        created: list[Task] = []
        environment.on_event = lambda event: (
            created.append(stranger.create(UpscaleRequest(), other))
            if not created and getattr(event, "charged", "") == "unknown"
            else None
        )
        with pytest.raises(CreateUnresolved, match="none of them shows this picture"):
            environment.upscale()
        assert created
        assert environment.journal.undelivered()[0].state is State.COMMITTED


def test_an_old_task_of_the_same_picture_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("create", "reset", reached=False)) as line,
    ):
        with environment.client() as earlier:
            earlier.create(UpscaleRequest(), environment.source)
        environment.base_url = line.url
        with pytest.raises(CreateUnresolved, match="most likely none was created"):
            environment.upscale()
        assert environment.mock.charges == 1


def test_an_identical_request_while_the_question_is_open_pays_nothing(tmp_path: Path) -> None:
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("create", "reset", reached=False)) as line,
    ):
        environment.base_url = line.url
        for _ in range(2):
            with pytest.raises(CreateUnresolved) as caught:
                environment.upscale()
        assert "forget" in caught.value.advice
        assert environment.mock.charges == 0
        environment.upscale(reuse=False)
        assert environment.mock.charges == 1, "whoever insists gets a new task"


def test_pictures_that_cannot_be_compared_are_not_guessed_at(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        photo = tmp_path / "photo.jpg"
        Image.linear_gradient("L").resize((200, 160)).save(photo)
        with pytest.raises(CreateUnresolved, match="JPEG pictures cannot be compared") as caught:
            environment.upscale(photo)
        (candidate,) = caught.value.details["candidates"]
        (job,) = environment.journal.undelivered()
        result = environment.resume(job.job_id, adopt=candidate)
        assert result.task_id == candidate, "the user looked into the account and knows"
        assert environment.mock.charges == 1


def test_a_task_cannot_be_adopted_by_two_jobs(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path) as environment:
        first = environment.upscale()
        with FaultyProxy(environment.mock.url, Plan("create", "reset", reached=False)) as line:
            environment.base_url = line.url
            with pytest.raises(CreateUnresolved):
                environment.upscale(scale_factor=3)
            (open_question,) = [job for job in environment.journal if job.state is State.COMMITTED]
            with pytest.raises(InvalidParameter, match="another job"):
                environment.resume(open_question.job_id, adopt=first.task_id)


def test_a_failed_candidate_is_reported_as_a_doubt(tmp_path: Path) -> None:
    with (
        JobEnvironment(tmp_path, scenario="failed") as environment,
        FaultyProxy(environment.mock.url, Plan("create", "reset", reached=True)) as line,
    ):
        environment.base_url = line.url
        with pytest.raises(CreateUnresolved, match="it failed, so there is no picture") as caught:
            environment.upscale()
        assert caught.value.charged == "unknown"
        assert len(caught.value.details["candidates"]) == 1


def test_a_cancel_during_the_search_leaves_the_question_to_resume(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        environment.on_event = lambda event: (
            environment.cancel.set() if getattr(event, "charged", "") == "unknown" else None
        )
        with pytest.raises(Cancelled) as caught:
            environment.upscale()
        assert caught.value.charged == "unknown"
        environment.cancel = type(environment.cancel)()
        environment.on_event = lambda _event: None
        environment.mock.play("")
        environment.resume(environment.journal.undelivered()[0].job_id)
        assert environment.mock.charges == 1


def test_two_lost_tasks_of_one_picture_are_shared_out(tmp_path: Path) -> None:
    """Two factors of the same picture, both answers lost: each job finds its own by the result's size."""
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        results = [environment.upscale(scale_factor=factor) for factor in (2, 3)]
        assert [result.width for result in results] == [320, 480]
        assert len({result.task_id for result in results}) == 2
        assert environment.mock.charges == 2


def test_a_picture_of_another_shape_is_not_ours_however_alike(tmp_path: Path) -> None:
    """The same colours in the same places, as in the crop of a picture: only the sides' ratio tells."""
    with (
        JobEnvironment(tmp_path) as environment,
        FaultyProxy(environment.mock.url, Plan("create", "reset", reached=False)) as line,
        environment.client() as stranger,
    ):
        crop = tmp_path / "crop.png"
        crop.write_bytes(png(200, 160))
        environment.base_url = line.url
        created: list[Task] = []
        environment.on_event = lambda event: (
            created.append(stranger.create(UpscaleRequest(), crop))
            if not created and getattr(event, "charged", "") == "unknown"
            else None
        )
        with pytest.raises(CreateUnresolved, match="none of them shows this picture"):
            environment.upscale()
        assert created


def test_without_knowing_the_tasks_before_nothing_is_adopted_and_nothing_paid_again(tmp_path: Path) -> None:
    def damaged(event: object) -> None:
        if getattr(event, "charged", "") == "unknown":
            for path in tmp_path.rglob(KNOWN_TASKS):
                path.write_text("{")

    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        environment.on_event = damaged
        with pytest.raises(CreateUnresolved, match="could not be read before it"):
            environment.upscale()
        assert environment.mock.charges == 1
        (job,) = environment.journal
        assert (job.state, job.task_id) == (State.COMMITTED, None)


def unreadable(*_: object) -> Any:
    raise OSError("gone")


@pytest.mark.parametrize("same_shape", [True, False])
def test_a_rival_whose_picture_cannot_be_read_stays_one(
    same_shape: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "same_shape", lambda *_: same_shape)
    nothing: Any = SimpleNamespace(source=unreadable)
    assert recovery.CompetingJobs._may_show(nothing, nothing, nothing, nothing) is same_shape


def test_a_result_that_cannot_be_read_shows_nothing(tmp_path: Path) -> None:
    job: Any = SimpleNamespace(result=tmp_path / "gone.png")
    assert recovery.CompetingJobs._shows(job, unreadable) is False


def test_links_that_cannot_be_renewed_are_used_as_they_are() -> None:
    def status(_task_id: str) -> None:
        raise ApiError(Failure("status"), "not now")

    context: Any = SimpleNamespace(client=SimpleNamespace(status=status))
    job: Any = SimpleNamespace(job_id="j")
    reporter: Any = None
    task: Any = SimpleNamespace(task_id="t")
    assert Downloader(job, context, reporter)._renewed(task) is task


def test_a_candidate_that_cannot_be_fetched_is_a_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picture(_incoming: StreamingCheck) -> None:
        raise InvalidImage("it is cut off")

    monkeypatch.setattr(StreamingCheck, "result", picture)
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        with pytest.raises(CreateUnresolved, match="its picture could not be fetched") as caught:
            environment.upscale()
        assert len(caught.value.details["candidates"]) == 1
        assert environment.mock.charges == 1


def test_a_task_that_another_job_took_meanwhile_is_not_taken_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt = recovery._Search._adopt

    def late(search: recovery._Search, **how: bool) -> bool:
        taken = set(search._matches)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(Journal, "task_ids", lambda _: taken)
            return adopt(search, **how)

    monkeypatch.setattr(recovery._Search, "_adopt", late)
    with JobEnvironment(tmp_path, scenario="drop_after_accept") as environment:
        with pytest.raises(CreateUnresolved):
            environment.upscale()
        (job,) = environment.journal
        assert (job.state, job.task_id, environment.mock.charges) == (State.COMMITTED, None, 1)


def test_a_service_that_answers_without_a_list_has_none() -> None:
    asked = []

    def listed() -> None:
        asked.append(1)
        raise ApiError(Failure("list", status=200, reached=True), "that is no list")

    retries = SimpleNamespace(
        asks_too_long=lambda _: False,
        decide=lambda _: RetryDecision.RETRY,
        pause=lambda *_: 0.0,
        others=3,
    )
    client = SimpleNamespace(list=listed)
    context: Any = SimpleNamespace(client=client, retries=retries, retry_pause=lambda *_: None)
    job: Any = None
    assert recovery.record_known_tasks(job, context) is False
    assert len(asked) == 3


@pytest.mark.parametrize("status", [200, 404], ids=["never readable", "not there"])
def test_a_list_of_tasks_that_cannot_be_read_is_said_and_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    def unread(_client: UpscalerClient) -> None:
        raise ApiError(Failure("list", status), "no list")

    monkeypatch.setattr(UpscalerClient, "list", unread)
    with JobEnvironment(tmp_path) as environment:
        environment.upscale()
        assert environment.warnings == ["no-task-list"]
        assert environment.mock.charges == 1
