"""The mock takes and refuses what an independent reading of the document does, and fills in what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH

from contract_tests.support.cases import IMAGE
from contract_tests.support.failure import curl, explain
from contract_tests.support.pictures import base64_png
from contract_tests.support.png_size import size_of
from contract_tests.support.service import targets
from contract_tests.support.subjects.mock import Mock

from .oracle import filled, wrong_members
from .strategies import ODD_DIGITS, WRONG_SCALES, bodies, nearly_valid_parameters, valid_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock.opened() as subject:
        yield subject


def judged(mock: Mock, body: Any) -> None:
    """Fail unless the mock takes ``body`` exactly when the document does, and names what is wrong with it."""
    wrong = wrong_members(body)
    text = json.dumps(body)
    verdict = mock.judge_text(text)
    words = explain(
        "openapi.json's request-content_3",
        wanted=f"refused for {', '.join(sorted(wrong))}" if wrong else "taken",
        said=f"{'taken' if verdict.accepted else 'refused'}: {verdict.said}",
        request=curl("POST", body=text),
        example=text,
    )
    assert verdict.accepted is (not wrong), words
    assert verdict.named == wrong, words


@settings(max_examples=150)
@given(nearly_valid_parameters())
@example({"scale_factor": "2\n"})
@example({"scale_factor": ODD_DIGITS[0]})
@example({"sharpen": 7.0})
@example({"sharpen": True})
def test_parameters(mock: Mock, parameters: dict[str, Any]) -> None:
    judged(mock, {"image": IMAGE, **parameters})


@settings(max_examples=100)
@given(bodies())
@example([])
@example({})
@example({"image": IMAGE, "webhook_url": "http://[::1/"})
def test_bodies(mock: Mock, body: Any) -> None:
    # what the picture itself must be is no matter of the schema, and has cases of its own
    if isinstance(body, dict) and type(body.get("image")) is str:
        body = {**body, "image": IMAGE}
    judged(mock, body)


@pytest.mark.parametrize("factor", WRONG_SCALES, ids=repr)
def test_wrong_scale_factors(mock: Mock, factor: Any) -> None:
    judged(mock, {"image": IMAGE, "scale_factor": factor})


@settings(max_examples=40)
@given(valid_parameters)
@example({})
def test_what_is_left_out_has_its_documented_default(mock: Mock, parameters: dict[str, Any]) -> None:
    answer = mock.target.call("POST", body=json.dumps({"image": IMAGE, **parameters}))
    assert isinstance(mock.target, targets.Mocked)
    task = mock.target.tasks[answer.json()["data"]["task_id"]]
    told = {**task["parameters"], "scale_factor": int(task["parameters"]["scale_factor"])}
    assert told == filled(parameters)


def result(target: targets.Target, parameters: dict[str, Any], image: str = IMAGE) -> bytes:
    """Upscale and return the picture; the mock's clock is moved to the task's end."""
    created = target.call("POST", body=json.dumps({"image": image, **parameters})).json()["data"]
    target.advance(1000)
    done = target.call("GET", f"{CREATE_PATH}/{created['task_id']}").json()["data"]
    assert done["status"] == "COMPLETED"
    return target.fetch(done["generated"][0]).content


@pytest.mark.parametrize("factor", range(2, 17))
def test_a_number_and_its_string_make_the_same_picture_of_the_size_asked_for(factor: int) -> None:
    parameters = {"smart_grain": 60}
    pictures = []
    for form in (factor, str(factor)):
        # a mock each, so that both tasks have the same number and with the seed the same grain
        with targets.opened(seed=1, limits=False) as target:
            image = IMAGE if factor < 5 else base64_png(16, 20)
            pictures.append(result(target, {**parameters, "scale_factor": form}, image))
    assert pictures[0] == pictures[1]
    width, height = (160, 160) if factor < 5 else (16, 20)
    assert size_of(pictures[0]) == (width * factor, height * factor)


@pytest.mark.live
@pytest.mark.parametrize("call", [("GET", CREATE_PATH), ("POST", CREATE_PATH)])
def test_both_headers_are_accepted_and_a_key_is_needed(call: tuple[str, str]) -> None:
    method, path = call
    # a body that is refused: nothing is charged, wherever this runs
    body = "{}" if method == "POST" else None
    with targets.opened() as target:
        for header in AUTH_HEADERS:
            good = target.call(method, path, body, key=None, headers={header: target.key})
            assert good.status_code == (400 if body else 200)
            bad = target.call(method, path, body, key=None, headers={header: target.key + "x"})
            assert (bad.status_code, bad.json()) == (401, {"message": "Invalid API key"})
        none = target.call(method, path, body, key=None)
        assert (none.status_code, none.json()) == (401, {"message": "Missing API key"})
        empty = target.call(method, path, body, key=None, headers={AUTH_HEADERS[0]: ""})
        assert (empty.status_code, empty.json()) == (401, {"message": "Missing API key"})
