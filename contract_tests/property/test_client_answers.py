"""The client reads every answer the document allows, every oddity on record, and survives the rest."""

from __future__ import annotations

import email.utils
import functools
import json
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from precision_upscaler import errors
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import Task, TaskStatus, UpscaleRequest
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.contract import CREATE_PATH, DOCUMENT, STATUSES, resolve

from contract_tests.support.pictures import png
from contract_tests.support.service.scripted_network import API, KEY, SentRequest, scripted_network, task_body
from mock_server.answers import JSON
from mock_server.api.validation import answer_fault

from .strategies import json_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
STATUS_PATH = CREATE_PATH + "/{task-id}"
LINK = "https://ai-statics.freepik.com/content/x/upscaler_result.png?token=exp=1~hmac=a"
NOW = 1_800_000_000.0


class Stopped:
    """A clock that stands at ``NOW``."""

    def time(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float, wake: object = None) -> None:
        raise AssertionError(f"the client itself never waits, not for {seconds} s or {wake}")


@functools.cache
def client() -> UpscalerClient:
    return UpscalerClient(API, KEY, clock=Stopped())


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("client") / "picture.png"
    path.write_bytes(png(160, 160))
    return path


def answered(call: Callable[[], Any], answer: httpx.Response | Exception) -> Any:
    """Make one call and give it ``answer``; return what the client made of it, also a ApiError."""

    def respond(_: SentRequest) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with scripted_network(respond) as sent:
        try:
            made = call()
        except ApiError as failed:
            made = failed
    assert len(sent) == 1, "one call is one request"
    return made


def status(answer: httpx.Response | Exception) -> Any:
    return answered(lambda: client().status(TASK), answer)


def created(picture: Path, answer: httpx.Response | Exception) -> Any:
    return answered(lambda: client().create(UpscaleRequest(), picture), answer)


# what the document allows

links = st.lists(st.sampled_from([LINK, LINK + "&size=stable", "https://openapi-generator.tech"]), max_size=3)
extra = st.dictionaries(
    st.sampled_from(["error", "has_nsfw", "progress", "created"]), json_values, max_size=2
)


@settings(max_examples=60)
@given(task_id=st.uuids().map(str), word=st.sampled_from(STATUSES), generated=links, data=extra, around=extra)
def test_every_lawful_task_is_read(
    task_id: str, word: str, generated: list[str], data: dict[str, Any], around: dict[str, Any]
) -> None:
    body = {**around, "data": {**data, "task_id": task_id, "status": word, "generated": generated}}
    assert answer_fault(STATUS_PATH, "GET", 200, JSON, body) is None
    made = answered(lambda: client().status(task_id), httpx.Response(200, json=body))
    assert made == Task(task_id, TaskStatus(word), tuple(generated))


def _documented() -> list[Any]:
    found = []
    for (path, method), call in (
        ((CREATE_PATH, "post"), "create"),
        ((CREATE_PATH, "get"), "list"),
        ((STATUS_PATH, "get"), "status"),
    ):
        for code, response in DOCUMENT["paths"][path][method]["responses"].items():
            for kind, media in resolve(response)["content"].items():
                named = media.get("examples") or {"example": {"value": resolve(media["schema"])["example"]}}
                found += [
                    pytest.param(call, int(code), kind, resolve(one)["value"], id=f"{call} {code} {name}")
                    for name, one in named.items()
                ]
    return found


@pytest.mark.parametrize(("call", "code", "media_type", "body"), _documented())
def test_every_documented_example_is_understood(
    picture: Path, call: str, code: int, media_type: str, body: Any
) -> None:
    answer = httpx.Response(code, content=json.dumps(body), headers={"Content-Type": media_type})
    ask = {
        "create": lambda: client().create(UpscaleRequest(), picture),
        "list": lambda: client().list(),
        "status": lambda: client().status(TASK),
    }[call]
    made = answered(ask, answer)
    if code == 200:
        (task,) = made if isinstance(made, list) else [made]
        told = body["data"][0] if isinstance(body["data"], list) else body["data"]
        assert (task.task_id, task.status) == (told["task_id"], told["status"])
        assert list(task.links) == told.get("generated", [])
    else:
        assert isinstance(made, ApiError)
        assert made.failure.status == code
        assert body["message"].rstrip(".") in made.what


# what was recorded beyond the document


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            {"data": {**task_body(TASK, "COMPLETED", LINK)["data"], "error": None}}, id="error null"
        ),
        pytest.param(
            {"data": {**task_body(TASK, "COMPLETED", LINK)["data"], "has_nsfw": [False]}}, id="has_nsfw"
        ),
        pytest.param(task_body(TASK, "COMPLETED", LINK)["data"], id="not wrapped"),
        pytest.param({"task_id": TASK, "task_status": "COMPLETED", "generated": [LINK]}, id="task_status"),
    ],
)
def test_recorded_shapes_of_a_task(body: Any) -> None:
    assert status(httpx.Response(200, json=body)) == Task(TASK, TaskStatus.COMPLETED, (LINK,))


def test_what_is_no_link_is_no_link() -> None:
    body = {"data": {"task_id": TASK, "status": "COMPLETED", "generated": ["", 5, None, LINK]}}
    made = status(httpx.Response(200, json=body))
    assert made.links == (LINK,)
    with pytest.raises(FrozenInstanceError):
        made.links = ()


def test_two_links_are_kept_in_order() -> None:
    made = status(httpx.Response(200, json=task_body(TASK, "COMPLETED", LINK, LINK + "&size=stable")))
    assert made.links == (LINK, LINK + "&size=stable")


@pytest.mark.parametrize("word", ["POST_PROCESSING", "QUEUED", "", "completed?", None, 7, ["COMPLETED"]])
def test_an_unknown_status_means_keep_waiting(word: Any) -> None:
    body = {"data": {"task_id": TASK, "status": word, "generated": []}}
    made = status(httpx.Response(200, json=body))
    assert made.status is TaskStatus.UNKNOWN
    assert not made.status.terminal


REASON = "Parameter 'page' must be greater than 0"
SHAPES = {
    "flat": ({"message": "No."}, "No", []),
    "problem": (
        {"problem": {"message": "No.", "invalid_params": [{"name": "page", "reason": REASON}]}},
        "No",
        [{"name": "page", "reason": REASON}],
    ),
    "flat problem": (
        {"message": "No.", "invalid_params": [{"name": "page", "reason": REASON}]},
        "No",
        [{"name": "page", "reason": REASON}],
    ),
    "recorded": (
        {"message": "No.", "invalid_params": [{"field": "body.page", "reason": REASON}]},
        "No",
        [{"name": "body.page", "reason": REASON}],
    ),
    "detail": ({"detail": "No."}, "No", []),
    "error": ({"error": "No."}, "No", []),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", [400, 402, 422])
def test_every_shape_of_a_refusal_is_read(picture: Path, shape: str, code: int) -> None:
    body, message, reasons = SHAPES[shape]
    made = created(picture, httpx.Response(code, json=body))
    assert isinstance(made, ApiError)
    assert message in made.what
    assert made.reasons == reasons
    assert user_error(made, "no").charged == "no"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, errors.Refused),
        (401, errors.InvalidKey),
        (402, errors.NoCredits),
        (403, errors.Forbidden),
        (413, errors.Refused),
        (422, errors.Refused),
        (429, errors.RateLimited),
        (500, errors.ServiceUnavailable),
        (503, errors.ServiceUnavailable),
    ],
)
def test_every_refusal_has_a_name(picture: Path, code: int, kind: type[errors.UpscaleError]) -> None:
    made = created(picture, httpx.Response(code, json={"message": "No."}))
    error = user_error(made, "no")
    assert type(error) is kind
    assert error.advice
    assert KEY not in str(error)


# what nobody promised


@settings(max_examples=80)
@given(code=st.sampled_from([200, 201, 204, 302, 400, 401, 404, 418, 429, 500, 502, 503]), body=json_values)
@example(code=200, body=None)
@example(code=200, body={"data": None})
@example(code=200, body={"data": {"task_id": ""}})
@example(code=200, body={"data": {"task_id": TASK, "generated": "https://x"}})
@example(code=400, body={"invalid_params": [1, None, {}]})
@example(code=400, body={"problem": {"message": {"message": "deep"}}})
def test_any_json_is_a_task_or_a_named_failure(code: int, body: Any) -> None:
    made = status(httpx.Response(code, json=body))
    if isinstance(made, ApiError):
        assert made.failure.status == code
        assert made.what.endswith(".")
    else:
        assert code == 200
        assert isinstance(made, Task)


@settings(max_examples=40)
@given(code=st.sampled_from([200, 400, 500, 502]), content=st.binary(max_size=200))
@example(code=200, content=b"")
@example(code=200, content=b"<html>")
@example(code=502, content=b"\xff\xfe")
def test_any_bytes_are_a_named_failure(code: int, content: bytes) -> None:
    made = status(httpx.Response(code, content=content))
    assert isinstance(made, ApiError | Task)


def test_an_answer_nested_without_end_is_a_named_failure() -> None:
    made = status(httpx.Response(200, content=b"[" * 100_000))
    assert isinstance(made, ApiError)


def test_an_answer_without_end_is_given_up() -> None:
    made = status(httpx.Response(200, content=b" " * (9 << 20)))
    assert isinstance(made, ApiError)
    assert "too long" in made.what


# Retry-After

in_the_future = st.integers(0, 10**6)


@given(in_the_future)
@example(0)
def test_retry_after_in_seconds(seconds: int) -> None:
    made = status(httpx.Response(429, headers={"Retry-After": str(seconds)}))
    assert made.failure.retry_after == seconds


@given(st.integers(-(10**5), 10**6))
@example(0)
@example(-1)
def test_retry_after_as_a_date(seconds: int) -> None:
    date = email.utils.formatdate(NOW + seconds, usegmt=True)
    made = status(httpx.Response(503, headers={"Retry-After": date}))
    assert made.failure.retry_after == max(0, seconds)


@pytest.mark.parametrize(
    "value", ["", "soon", "nan", "inf", "-5", "1_0", "0x10", "Fri, 99 Foo 2026 25:61:61 GMT"]
)
def test_retry_after_that_says_nothing(value: str) -> None:
    made = status(httpx.Response(429, headers={"Retry-After": value}))
    assert made.failure.retry_after in (None, 0.0)


# the wire


@pytest.mark.parametrize(
    ("error", "reached"),
    [
        (httpx2.ConnectError("refused"), False),
        (httpx2.ConnectTimeout("no route"), False),
        (httpx2.ReadTimeout("late"), True),
        (httpx2.ReadError("reset"), True),
        (httpx2.WriteError("broken pipe"), True),
        (httpx2.RemoteProtocolError("garbage"), True),
    ],
)
def test_what_broke_says_whether_the_create_may_have_arrived(
    picture: Path, error: Exception, reached: bool
) -> None:
    made = created(picture, error)
    assert isinstance(made, ApiError)
    assert made.failure.status is None
    assert made.failure.reached is reached
