"""The service's other shapes: understood, or a named error with its own advice; nothing is paid again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import Task, TaskStatus, UpscaleRequest
from precision_upscaler.api.responses import ApiError, help_link, plan_used_up, user_error
from precision_upscaler.api.retry import RetryDecision, RetryPolicy
from precision_upscaler.errors import StillRunning, UpscaleError

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.pictures import png
from contract_tests.support.service.scripted_network import API, KEY, SentRequest, scripted_network, task_body

TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
OTHER = "146b6c7f-0b8a-43b9-b35d-6489e6daee91"
LINK = "https://ai-statics.freepik.com/x.png"


@contextmanager
def client(status: int, body: object, **headers: str) -> Iterator[UpscalerClient]:
    def answer(_: SentRequest) -> httpx.Response:
        return httpx.Response(status, json=body, headers=headers)

    with scripted_network(answer), UpscalerClient(API, KEY) as made:
        yield made


def refused(status: int, body: object, **headers: str) -> ApiError:
    with client(status, body, **headers) as made, pytest.raises(ApiError) as caught:
        made.list()
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_create_answered_with_a_task_is_created(status: int, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(160, 160))
    with client(status, task_body(TASK, "CREATED")) as made:
        assert made.create(UpscaleRequest(), picture).task_id == TASK


@pytest.mark.parametrize("status", [203, 204, 206, 299])
def test_another_2xx_leaves_the_question_open(status: int, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(160, 160))
    with client(status, task_body(TASK, "CREATED")) as made, pytest.raises(ApiError) as caught:
        made.create(UpscaleRequest(), picture)
    assert RetryPolicy().decide(caught.value.failure) is RetryDecision.RESOLVE


USED_UP = [
    "You have reached the limit of the free trial usage.",
    "Monthly quota exceeded",
    "Upgrade your plan to continue",
    "The usage limit was reached.",
]


@pytest.mark.parametrize("message", USED_UP)
@pytest.mark.parametrize("shape", [lambda text: {"message": text}, lambda text: {"error": {"message": text}}])
def test_a_used_up_plan_is_an_error_of_its_own_and_not_tried_again(
    message: str, shape: Callable[[str], Any]
) -> None:
    failed = refused(429, shape(message))
    assert RetryPolicy().decide(failed.failure) is RetryDecision.GIVE_UP
    assert RetryPolicy().decide(replace(failed.failure, call="create")) is RetryDecision.GIVE_UP
    error = user_error(failed, "no")
    assert error.code == "plan-used-up"
    assert "does not help" in error.advice
    assert "magnific.com" in error.advice


@pytest.mark.parametrize(
    ("status", "message", "retry_after"),
    [
        (429, "Too many requests", None),
        (429, "Rate limit exceeded", None),
        (429, "Quota exceeded, try again soon", 10.0),
        (503, "limit of the free trial usage", None),
        (429, "", None),
    ],
)
def test_too_fast_is_not_used_up(status: int, message: str, retry_after: float | None) -> None:
    assert not plan_used_up(status, message, retry_after)


@pytest.mark.parametrize(
    ("generated", "links"),
    [
        ([{"url": LINK}], (LINK,)),
        ([{"url": LINK, "width": 3}, LINK + "?size=stable"], (LINK, LINK + "?size=stable")),
        ([{"url": None}, {"href": LINK}, 7, None, ""], ()),
        ({"url": LINK}, ()),
    ],
)
def test_links_may_be_objects(generated: object, links: tuple[str, ...]) -> None:
    body = {"data": {"task_id": TASK, "status": "COMPLETED", "generated": generated}}
    assert Task.from_json(body).links == links


@pytest.mark.parametrize("word", ["CANCELLED", "cancelled", "CANCELED", " Cancelled "])
def test_cancelled_is_an_end(word: str) -> None:
    status = TaskStatus.read(word)
    assert status is TaskStatus.CANCELLED
    assert status.terminal
    assert TaskStatus.IN_PROGRESS.may_become(status)
    assert not TaskStatus.COMPLETED.may_become(status)
    assert not status.may_become(TaskStatus.IN_PROGRESS)


def test_an_answer_about_another_task_is_not_taken_for_ours() -> None:
    body = {"data": {"task_id": OTHER, "status": "COMPLETED", "generated": [LINK]}}
    with client(200, body) as made, pytest.raises(ApiError, match="another task") as caught:
        made.status(TASK)
    assert RetryPolicy().decide(caught.value.failure) is RetryDecision.GIVE_UP


def test_the_same_task_in_capital_letters_is_ours() -> None:
    with client(200, task_body(TASK.upper(), "IN_PROGRESS")) as made:
        assert made.status(TASK).task_id == TASK


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "x", "message": "Wrong key", "link": "https://www.magnific.com/keys"}},
        {"message": "Wrong key", "url": "https://www.magnific.com/keys"},
        {"problem": {"message": "Wrong key", "documentation_url": "https://www.magnific.com/keys"}},
    ],
)
def test_a_structured_401_is_an_invalid_key_with_its_link(body: object) -> None:
    error = user_error(refused(401, body), "no")
    assert error.code == "invalid-key"
    assert "Wrong key" in error.what
    assert "https://www.magnific.com/keys" in error.what
    assert error.details["link"] == "https://www.magnific.com/keys"


@pytest.mark.parametrize("link", ["http://x.example", "javascript:x", "https://a b", 7, None])
def test_only_an_https_address_is_a_link(link: object) -> None:
    assert help_link({"link": link}) is None
    assert help_link([link]) is None


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (401, "Missing API key", "invalid-key"),
        (402, "You do not have enough credits", "no-credits"),
        (403, "The asset has expired", "forbidden"),
        (403, "This feature is not included in your plan", "forbidden"),
        (429, "Too many requests", "rate-limited"),
    ],
)
def test_each_refusal_has_its_name_and_the_service_s_own_words(status: int, message: str, code: str) -> None:
    error = user_error(refused(status, {"message": message}), "no")
    assert error.code == code
    assert message in error.what


def test_a_status_call_that_always_tells_of_another_task_is_named_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as env:
        plain = Task.from_json

        def other(body: Any) -> Task:
            task = plain(body)
            return replace(task, task_id=OTHER) if env.mock.charges else task

        created: list[Task] = []

        def first(body: Any) -> Task:
            task = plain(body)
            if not created:
                created.append(task)
                return task
            return other(body)

        monkeypatch.setattr(Task, "from_json", staticmethod(first))
        ending = env.attempt(env.upscale)
        assert isinstance(ending, UpscaleError)
        assert not isinstance(ending, StillRunning)
        assert (ending.code, ending.charged) == ("unexpected-answer", "yes")
        assert "not lost" in ending.advice
        monkeypatch.undo()
        (job,) = env.journal.undelivered()
        env.resume(job.job_id)
        assert env.mock.charges == 1
