from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from precision_upscaler.contract import AUTH_HEADERS, CREATE_PATH, DOCUMENT

from contract_tests.support.mock_calls import Caller, encoded, picture
from mock_server.answers import JSON
from mock_server.api.routes import ContractBrokenError
from mock_server.api.validation import answer_fault
from mock_server.imaging import input_image
from mock_server.scenarios.catalogue import CATALOGUE
from mock_server.service import upscaler_service

Make = Callable[..., Caller]
UNKNOWN = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
STATUS_PATH = CREATE_PATH + "/{task-id}"


# keys


@pytest.mark.parametrize("header", AUTH_HEADERS)
def test_either_header_carries_the_key(caller: Caller, header: str) -> None:
    assert caller.listed(key=None, headers={header: "mock-key"}).json == {"data": []}
    answer = caller.listed(key=None, headers={header: "wrong"})
    assert (answer.status_code, answer.json) == (401, {"message": "Invalid API key"})


@pytest.mark.parametrize("key", [None, ""])
@pytest.mark.parametrize("call", ["create", "listed"])
def test_a_missing_key_is_missing(caller: Caller, call: str, key: str | None) -> None:
    answer = getattr(caller, call)(key=None, headers={} if key is None else {"x-freepik-api-key": key})
    assert (answer.status_code, answer.json) == (401, {"message": "Missing API key"})


def test_a_key_of_ones_own_is_accepted_when_it_was_named(make: Make) -> None:
    assert make(api_key=("my-key",)).listed(key="my-key").status_code == 200
    assert make().listed(key="my-key").status_code == 401


def test_keys_do_not_see_each_others_tasks(caller: Caller) -> None:
    task_id = caller.new_task()
    assert caller.listed(key="mock-nearest").json == {"data": []}
    assert caller.status(task_id, key="mock-nearest").status_code == 404


def test_a_question_mark_as_scenario_lists_them(caller: Caller) -> None:
    answer = caller.listed(key="mock-?")
    assert answer.status_code == 400
    assert "drop_after_accept" in answer.json["message"]


# create


def test_a_created_task_is_told_as_the_document_says(caller: Caller) -> None:
    answer = caller.create(scale_factor="4", flavor="sublime", sharpen=0, webhook_url="http://127.0.0.1:1/")
    data = answer.json["data"]
    assert answer.mimetype == "application/json"
    assert data == {"generated": [], "task_id": data["task_id"], "status": "CREATED"}
    assert answer_fault(CREATE_PATH, "POST", 200, JSON, answer.json) is None
    assert caller.service.tasks.charges() == {"mock-key": (1, 200 * 160 * 16 / 1e6)}


def test_what_was_not_given_has_the_contracts_default(caller: Caller) -> None:
    task = caller.service.tasks.task(caller.new_task())
    assert task is not None
    assert task.parameters == {
        "scale_factor": 2,
        "flavor": "photo",
        "sharpen": 7,
        "smart_grain": 7,
        "ultra_detail": 30,
        "filter_nsfw": False,
    }


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "field"),
    [
        (b"{", "application/json", 400, "body"),
        (b'{"image": "a", "image": "b"}', "application/json", 400, "body"),
        (b'{"image": NaN}', "application/json", 400, "body"),
        (rb'{"image": "\ud800"}', "application/json", 400, "body"),
        (b"\xff", "application/json", 400, "body"),
        (b"[]", "application/json", 400, "body"),
        (b"", "application/json", 400, "body"),
        (b'{"image": ""}', "application/json", 400, "body.image"),
        (b'{"image": "https://a.b/c"}', "text/plain", 400, "body.image"),
        (b'{"image": "https://a.b/c"}', None, 400, "body.image"),
        (b'{"image": "https://a.b/c"}', "application/json; charset=utf-8", 200, ""),
    ],
)
def test_a_malformed_body_is_a_400_that_says_where(
    caller: Caller, raw: bytes, content_type: str | None, status: int, field: str
) -> None:
    answer = caller.call("POST", CREATE_PATH, data=raw, content_type=content_type)
    assert answer.status_code == status
    assert answer_fault(CREATE_PATH, "POST", status, JSON, answer.json) is None
    if status == 400:
        assert answer.json["invalid_params"][0]["field"] == field
        assert caller.service.tasks.charges() == {}


def test_a_body_that_is_too_large_is_a_413(make: Make) -> None:
    answer = make(max_body=1000).create()
    assert (answer.status_code, answer.json) == (413, {"message": "Request Entity Too Large"})


def test_a_compressed_body_is_a_415(caller: Caller) -> None:
    answer = caller.call("POST", CREATE_PATH, data=b"x", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, list(answer.json)) == (415, ["message"])


@pytest.mark.parametrize(
    ("shape", "media_type", "member"),
    [
        ("recorded", "application/json", "invalid_params"),
        ("message", "application/json", "message"),
        ("problem", "application/problem+json", "problem"),
    ],
)
def test_a_400_has_the_chosen_shape(make: Make, shape: str, media_type: str, member: str) -> None:
    answer = make(error_shape=shape).create(sharpen=101)
    assert answer.mimetype == media_type
    assert member in answer.json
    assert "value is greater than the maximum of 100" in answer.text
    assert answer_fault(CREATE_PATH, "POST", 400, media_type, answer.json) is None


def test_a_picture_is_kept_once(caller: Caller) -> None:
    for _ in range(3):
        caller.new_task()
    assert caller.service.tasks.counters()["picture bytes"] == len(picture())
    assert caller.create(scale_factor=16, image=encoded(picture(640, 640))).status_code == 400
    caller.new_task(image=encoded(picture(640, 640)))
    again = caller.create(scale_factor=16, image=encoded(picture(640, 640)))
    assert again.json["invalid_params"][0]["reason"].startswith("The result would be too large")


def test_old_tasks_are_forgotten_and_counted(make: Make) -> None:
    caller = make(max_tasks=64)
    first = caller.new_task()
    caller.finish(first)
    for _ in range(127):
        last = caller.new_task()
    assert caller.status(first).status_code == 404
    assert caller.status(last).status_code == 200
    counters = caller.service.tasks.counters()
    assert (counters["tasks"], counters["forgotten tasks"]) == (128, 1)  # the others have not ended yet


def test_pictures_make_room_for_pictures(make: Make) -> None:
    size = len(picture(200, 160)) + len(picture(201, 160))
    caller = make(max_picture_bytes=size)
    first = caller.new_task(image=encoded(picture(200, 160)))
    second = caller.new_task(image=encoded(picture(201, 160)))
    full = caller.create(image=encoded(picture(202, 160)))
    assert full.status_code == 503
    assert "--max-picture-bytes" in full.json["message"]
    caller.finish(first)
    third = caller.new_task(image=encoded(picture(202, 160)))
    assert caller.status(first).status_code == 404
    assert caller.status(second).status_code == 404 or caller.status(third).status_code == 200


# status and list


def test_a_task_goes_through_its_states_and_the_list_agrees(caller: Caller) -> None:
    task_id = caller.new_task()
    seen = []
    for seconds in (0, 4, 2, 60, 60, 1e6):
        caller.advance(seconds)
        answer = caller.status(task_id)
        assert answer_fault(STATUS_PATH, "GET", 200, JSON, answer.json) is None
        seen.append(answer.json["data"]["status"])
        listed = caller.listed().json
        assert listed == {"data": [{"task_id": task_id, "status": seen[-1]}]}
        assert answer_fault(CREATE_PATH, "GET", 200, JSON, listed) is None
    assert seen == ["CREATED", "CREATED", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "COMPLETED"]


def test_the_list_has_the_newest_first(caller: Caller) -> None:
    made = [caller.new_task() for _ in range(5)]
    assert [task["task_id"] for task in caller.listed().json["data"]] == made[::-1]


@pytest.mark.parametrize(
    ("options", "pace", "states"),
    [
        ({"progress": "immediate"}, "", ["COMPLETED"]),
        ({"progress": "polls:3"}, "", ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "COMPLETED"]),
        ({}, "polls=1", ["COMPLETED"]),
        ({"progress": "polls:9"}, "seconds=0", ["COMPLETED"]),
        ({"seconds": 0.0}, "", ["COMPLETED"]),
        ({"queue_seconds": 0.0}, "", ["IN_PROGRESS"]),
        ({}, "queue=0", ["IN_PROGRESS"]),
    ],
)
def test_a_task_gets_on_as_it_was_told_to(
    make: Make, options: dict[str, Any], pace: str, states: list[str]
) -> None:
    caller = make(**options)
    task_id = caller.new_task(headers={"Prefer": pace})
    assert [caller.data(task_id)["status"] for _ in states] == states


def test_larger_results_take_longer(caller: Caller) -> None:
    small, large = caller.new_task(), caller.new_task(image=encoded(picture(1000, 1000)), scale_factor=10)
    caller.advance(100)
    assert [caller.data(task_id)["status"] for task_id in (small, large)] == ["COMPLETED", "IN_PROGRESS"]


@pytest.mark.parametrize(("strict", "status"), [(False, 404), (True, 400)])
def test_an_unknown_task_is_not_found(make: Make, strict: bool, status: int) -> None:
    answer = make(strict=strict).status(UNKNOWN)
    assert (answer.status_code, list(answer.json)) == (status, ["message"])


@pytest.mark.parametrize(
    "task_id", ["1", "x" * 5000, UNKNOWN[:-1], UNKNOWN + "0", "%0A", UNKNOWN + "%0A", "%F0%9F"]
)
def test_what_is_no_task_id_is_a_400(caller: Caller, task_id: str) -> None:
    answer = caller.status(task_id)
    assert (answer.status_code, answer.json) == (400, {"message": "Parameter 'task-id' is not valid"})


def test_a_task_id_may_be_written_in_capitals(caller: Caller) -> None:
    assert caller.status(caller.new_task().upper()).status_code == 200


def test_ids_and_results_are_the_same_for_a_seed(make: Make) -> None:
    results = []
    for seed in (3, 3, 4):
        caller = make(seed=seed)
        task_id = caller.new_task(smart_grain=50)
        caller.finish(task_id)
        results.append((task_id, caller.result(task_id).data))
    assert results[0] == results[1]
    assert results[0][0] != results[2][0]
    assert results[0][1] != results[2][1]


# the rest of HTTP


@pytest.mark.parametrize(
    "path", ["/", "/v1", CREATE_PATH + "/a/b", "/results/", "/__mock__/nope", "/favicon.ico"]
)
def test_an_unknown_path_is_json(caller: Caller, path: str) -> None:
    answer = caller.call("GET", path)
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.json["message"]


@pytest.mark.parametrize("path", ["/v1//ai/image-upscaler-precision-v2", "/" + CREATE_PATH])
def test_two_slashes_are_not_one(caller: Caller, path: str) -> None:
    # not as the address: of one that begins with two slashes the test client takes a part for the host
    answer = caller.call("GET", CREATE_PATH, environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_what_the_document_does_not_promise_is_refused_by_a_strict_mock(make: Make) -> None:
    lenient, strict = make(), make(strict=True)
    for path in (CREATE_PATH, f"{CREATE_PATH}/{lenient.new_task()}"):
        assert lenient.call("GET", path + "/").status_code == 200
        assert lenient.call("HEAD", path).status_code == 200
    for path in (CREATE_PATH, f"{CREATE_PATH}/{strict.new_task()}"):
        assert strict.call("GET", path + "/").status_code == 404
        refused = strict.call("HEAD", path)
        assert refused.status_code == 405
        assert "HEAD" not in refused.headers["Allow"]


@pytest.mark.parametrize(("method", "path"), [("PUT", CREATE_PATH), ("DELETE", f"{CREATE_PATH}/{UNKNOWN}")])
def test_an_unknown_method_is_json_and_names_the_known(caller: Caller, method: str, path: str) -> None:
    answer = caller.call(method, path)
    assert (answer.status_code, answer.mimetype) == (405, "application/json")
    assert "GET" in answer.headers["Allow"]


def test_an_answer_that_breaks_the_contract_never_leaves(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = make()
    task_id = caller.new_task()
    monkeypatch.setattr("mock_server.state.task_model.CREATED", "MADE")
    with pytest.raises(ContractBrokenError, match="MADE"):
        caller.status(task_id)
    caller.app.api._testing = False
    answer = caller.status(task_id)
    assert (answer.status_code, answer.json) == (500, {"message": "Internal Server Error"})


def test_a_defect_of_the_mock_is_a_documented_500(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = make()
    monkeypatch.setattr(caller.service, "create", lambda *_: 1 / 0)
    answer = caller.create()
    assert (answer.status_code, answer.json) == (500, {"message": "Internal Server Error"})


# results


def test_the_result_is_the_picture_enlarged(caller: Caller) -> None:
    task_id = caller.new_task(scale_factor=3)
    data = caller.finish(task_id)
    (link,) = data["generated"]
    assert link.startswith(f"http://localhost/results/upscaler_result_{task_id}.png?token=exp=")
    answer = caller.client.get(link)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.data)).size == (600, 480)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("upscaler.test:81", "http://upscaler.test:81/"),
        ("[::1]:81", "http://[::1]:81/"),
        ("my_mock:8000", "http://my_mock:8000/"),
        ("a b", "http://localhost:80/"),
        ('x"y', "http://localhost:80/"),
    ],
)
def test_links_lead_to_where_the_client_called(caller: Caller, host: str, base: str) -> None:
    task_id = caller.new_task()
    caller.advance(1000)
    answer = caller.status(task_id, environ_overrides={"HTTP_HOST": host})
    assert answer.json["data"]["generated"][0].startswith(base + "results/")


def test_links_lead_to_the_public_address(make: Make) -> None:
    caller = make(public_url="https://mock.test/up/")
    link = caller.finish(caller.new_task())["generated"][0]
    assert link.startswith("https://mock.test/up/results/")


def test_a_link_expires_and_the_next_status_call_gives_another(caller: Caller) -> None:
    task_id = caller.new_task()
    (old,) = caller.finish(task_id)["generated"]
    caller.advance(3599)
    assert caller.client.get(old).status_code == 200
    caller.advance(1)
    assert caller.client.get(old).status_code == 403
    assert caller.result(task_id).status_code == 200


def test_a_link_without_its_token_is_forbidden(caller: Caller) -> None:
    (link,) = caller.finish(caller.new_task())["generated"]
    bare, token = link.split("?")
    for wrong in (bare, f"{bare}?token=", f"{link}0", f"{bare.replace('.png', '.jpg')}?{token}"):
        assert caller.client.get(wrong).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [("bytes=0-99", 206, 0, 99), ("bytes=100-", 206, 100, None), ("bytes=-50", 206, -50, None)],
)
def test_a_result_is_given_in_ranges(
    caller: Caller, asked: str, status: int, first: int, last: int | None
) -> None:
    task_id = caller.new_task()
    caller.advance(1000)
    whole = caller.result(task_id)
    part = caller.result(task_id, headers={"Range": asked, "If-Range": whole.headers["ETag"]})
    assert (part.status_code, whole.headers["Accept-Ranges"]) == (status, "bytes")
    assert part.data == whole.data[first : None if last is None else last + 1]
    assert part.headers["Content-Range"].endswith(f"/{len(whole.data)}")


def test_a_range_beyond_the_end_cannot_be_had(caller: Caller) -> None:
    task_id = caller.new_task()
    caller.advance(1000)
    assert caller.result(task_id, headers={"Range": "bytes=999999999-"}).status_code == 416


def test_head_tells_the_size(caller: Caller) -> None:
    (link,) = caller.finish(caller.new_task())["generated"]
    answer = caller.client.head(link)
    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) == len(caller.client.get(link).data)


def test_results_that_find_no_room_are_made_again(make: Make) -> None:
    caller = make(max_result_bytes=0)
    task_id = caller.new_task()
    caller.advance(1000)
    assert caller.result(task_id).data == caller.result(task_id).data


@pytest.mark.parametrize(("file_format", "extension"), [("jpeg", "jpg"), ("webp", "webp")])
def test_results_in_another_format(make: Make, file_format: str, extension: str) -> None:
    caller = make(result_format=file_format)
    task_id = caller.new_task()
    (link,) = caller.finish(task_id)["generated"]
    assert f".{extension}?" in link
    assert caller.client.get(link).mimetype == f"image/{file_format}"


def test_two_links_are_one_picture(make: Make) -> None:
    caller = make(links=2)
    first, second = caller.finish(caller.new_task())["generated"]
    assert second == first + "&size=stable"
    assert caller.client.get(first).data == caller.client.get(second).data


# Prefer


def test_a_documented_answer_can_be_asked_for(caller: Caller) -> None:
    answer = caller.create(headers={"Prefer": 'code=200, example="success - failed task"'})
    assert answer.json["data"]["status"] == "FAILED"
    assert caller.create(headers={"Prefer": "code=503"}).status_code == 503
    assert caller.create(headers={"Prefer": "code=401"}).json == {"message": "Invalid API key"}
    assert caller.listed(headers={"Prefer": "code=200"}).json["data"][0]["status"] == "CREATED"
    assert caller.status(UNKNOWN, headers={"Prefer": "code=500"}).status_code == 500
    assert caller.service.tasks.charges() == {}


@pytest.mark.parametrize("wish", ["code=418", "example=nope", "scenario=?", "polls=0"])
def test_a_wish_that_cannot_be_met_is_a_400_that_says_what_can(caller: Caller, wish: str) -> None:
    answer = caller.create(headers={"Prefer": wish})
    assert answer.status_code == 400
    assert len(answer.json["message"]) > 15


# request log


def test_the_request_log_has_what_was_asked_and_answered(caller: Caller) -> None:
    task_id = caller.new_task(key="mock-failed", sharpen=5)
    caller.create(sharpen=500)
    (link,) = caller.finish(caller.new_task())["generated"]
    caller.client.get(link, headers={"x-freepik-api-key": "mock-key"})
    read = caller.app.request_log.read()
    created, refused, *_, download = read["requests"]
    assert (read["total"], read["forgotten"]) == (5, 0)
    assert (created["step"], created["task_id"], created["charged"]) == ("create", task_id, True)
    assert (created["scenario"], created["key"]) == ("failed", "mock-failed")
    assert created["request"]["body"]["sharpen"] == 5
    assert len(json.dumps(created)) < 3000
    assert (refused["status"], refused["charged"]) == (400, False)
    assert download["notes"] == ["the API key was sent to the download's address"]
    assert created["curl"].startswith("curl -sS -X POST http://localhost/v1/ai/")


def test_a_key_of_ones_own_is_not_shown(make: Make) -> None:
    caller = make(api_key=("secret-key",))
    caller.listed(key="secret-key")
    caller.listed(key=None, headers={"x-magnific-api-key": "secret-key", "authorization": "secret-key"})
    shown = json.dumps(caller.app.request_log.read()) + caller.control("GET", "/charges").text
    assert "secret-key" not in shown
    assert "$KEY" in shown


def test_the_request_log_is_bounded_and_says_so(make: Make) -> None:
    caller = make(request_log_size=3)
    for _ in range(10):
        caller.listed()
    read = caller.app.request_log.read()
    assert (read["total"], read["forgotten"], len(read["requests"])) == (10, 7, 3)
    assert [entry["number"] for entry in read["requests"]] == [8, 9, 10]


# scenarios


@pytest.mark.parametrize("name", [name for name, scenario in CATALOGUE.items() if not scenario.wire])
def test_a_scenario_can_be_played_by_key_header_and_control(caller: Caller, name: str) -> None:
    ways: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"key": f"mock-{name}"}, {}),
        ({"headers": {"Prefer": f"scenario={name}"}}, {}),
        ({}, {"upcoming": [name]}),
        ({}, {"default": name}),
    ]
    for call, control in ways:
        caller.control("POST", "/reset")
        caller.control("PUT", "/scenarios", json=control)
        answer = caller.create(**call)
        if answer.status_code == 200 and "data" in answer.json:
            caller.advance(1000)
            caller.status(answer.json["data"]["task_id"], key=call.get("key", ""))
        assert caller.app.request_log.read()["requests"][0]["scenario"] == name


def play(caller: Caller, name: str, **more: Any) -> dict[str, Any]:
    """Create a task under a scenario, let time pass, and return the status answer."""
    answer = caller.create(headers={"Prefer": f"scenario={name}"}, **more)
    caller.advance(1e6)
    task_id = answer.json.get("data", answer.json)["task_id"]
    found: dict[str, Any] = caller.status(task_id).json
    return found


@pytest.mark.parametrize(
    ("name", "status", "links"),
    [
        ("failed", "FAILED", 0),
        ("stuck_created", "CREATED", 0),
        ("stuck_in_progress", "IN_PROGRESS", 0),
        ("completed_empty", "COMPLETED", 0),
        ("two_results", "COMPLETED", 2),
        ("has_nsfw", "COMPLETED", 1),
        ("error_null", "COMPLETED", 1),
        ("wrong_scale", "COMPLETED", 1),
        ("unknown_status*9", "POST_PROCESSING", 0),
        ("cancelled", "CANCELLED", 0),
        ("generated_objects", "COMPLETED", 1),
    ],
)
def test_a_scenario_decides_the_tasks_end(caller: Caller, name: str, status: str, links: int) -> None:
    data = play(caller, name)["data"]
    assert (data["status"], len(data["generated"])) == (status, links)
    assert data.get("has_nsfw") == ([False] if name == "has_nsfw" else None)
    assert ("error" in data) == (name == "error_null")


def test_the_services_document_is_served(caller: Caller) -> None:
    answer = caller.open("/openapi.json")
    assert (answer.mimetype, answer.json) == ("application/json", DOCUMENT)
    assert caller.open("/__mock__/openapi.json").json["info"]["title"] == "Control of the mock"


def test_a_cancelled_task_is_cancelled_in_the_list_too(caller: Caller) -> None:
    play(caller, "cancelled")
    assert [task["status"] for task in caller.listed().json["data"]] == ["CANCELLED"]


def test_links_may_be_objects(caller: Caller) -> None:
    (item,) = play(caller, "generated_objects")["data"]["generated"]
    assert list(item) == ["url"]
    assert caller.client.get(item["url"]).status_code == 200


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("plan_exhausted_429", 429, "the limit of the free trial usage"),
        ("structured_401", 401, "https://"),
        ("asset_expired_403", 403, "expired"),
        ("not_in_plan_403", 403, "plan"),
    ],
)
def test_a_create_call_is_refused_as_seen_elsewhere(
    caller: Caller, name: str, status: int, words: str
) -> None:
    for _ in range(3):
        answer = caller.create(key=f"mock-{name}")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, None)
        assert words in answer.text
    assert caller.service.tasks.charges() == {}


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 400)])
def test_an_empty_webhook_url_is_none_unless_strict(make: Make, strict: bool, status: int) -> None:
    caller = make(strict=strict)
    assert caller.create(webhook_url="").status_code == status
    assert caller.create(webhook_url="", sharpen=101).status_code == 400
    assert caller.service.webhooks.described() == []


@pytest.mark.parametrize(
    ("options", "prefer"),
    [
        ({"progress": "immediate"}, ""),
        ({"seconds": 0.0}, ""),
        ({"queue_seconds": 0.0}, ""),
        ({}, "seconds=0"),
        ({"speed": 1e6}, ""),
    ],
)
def test_the_create_call_answers_created_however_quick_the_task_is(
    make: Make, options: dict[str, Any], prefer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make(**options)
    clock, check = caller.clock, input_image.check_picture

    def slow_check(*arguments: Any, **more: Any) -> Any:
        clock.now += 60  # decoding takes its time
        return check(*arguments, **more)

    monkeypatch.setattr(upscaler_service, "check_picture", slow_check)
    answer = caller.create(headers={"Prefer": prefer}).json["data"]
    assert (answer["status"], answer["generated"]) == ("CREATED", [])


def test_a_scenario_may_complete_a_task_at_once(caller: Caller) -> None:
    answer = caller.create(key="mock-completed_at_once").json["data"]
    assert (answer["status"], len(answer["generated"])) == ("COMPLETED", 1)


def test_an_unwrapped_body_says_task_status(caller: Caller) -> None:
    body = play(caller, "unwrapped_body")
    assert (sorted(body), body["task_status"]) == (["generated", "task_id", "task_status"], "COMPLETED")


def test_an_unknown_status_passes(caller: Caller) -> None:
    task_id = caller.create(headers={"Prefer": "scenario=unknown_status"}).json["data"]["task_id"]
    caller.advance(1000)
    assert [caller.data(task_id)["status"] for _ in range(3)] == ["POST_PROCESSING"] * 2 + ["COMPLETED"]


def test_completed_at_once_is_in_the_create_answer(caller: Caller) -> None:
    data = caller.create(headers={"Prefer": "scenario=completed_at_once"}).json["data"]
    assert data["status"] == "COMPLETED"
    assert caller.client.get(data["generated"][0]).status_code == 200


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("http_500", [500, 500, 500]),
        ("http_503_then_ok", [503, 503, 200, 503]),
        ("http_429", [429, 429, 200]),
        ("html_error_page", [502]),
        ("no_credits_402", [402]),
        ("forbidden_403", [403]),
        ("invalid_key_401", [401]),
        ("bad_request_message", [400]),
        ("bad_request_problem", [400]),
        ("bad_request_example", [400]),
        ("bad_request_recorded", [400]),
        ("http_500@status", [200]),
    ],
)
def test_a_refusal_charges_nothing(caller: Caller, name: str, codes: list[int]) -> None:
    seen = []
    for _ in codes:
        seen.append(caller.create(key=f"mock-{name}").status_code)
        caller.advance(2)
    assert seen == codes
    assert sum(count for count, _ in caller.service.tasks.charges().values()) == codes.count(200)


def test_the_shapes_of_a_400(caller: Caller) -> None:
    answers = {
        shape: caller.create(key=f"mock-bad_request_{shape}")
        for shape in ("message", "problem", "example", "recorded")
    }
    assert list(answers["message"].json) == ["message"]
    assert list(answers["problem"].json) == ["problem"]
    assert answers["problem"].mimetype == answers["example"].mimetype == "application/problem+json"
    assert answers["example"].json["invalid_params"][0]["name"] == "sharpen"
    assert answers["recorded"].json["invalid_params"][0]["field"] == "body.sharpen"


def test_a_status_call_can_fail_and_recover(caller: Caller) -> None:
    task_id = caller.new_task(key="mock-http_503_then_ok@status")
    codes = [caller.status(task_id, key="mock-http_503_then_ok@status").status_code for _ in range(4)]
    assert codes == [503, 503, 200, 200]


def test_a_task_can_be_unknown_all_of_a_sudden(caller: Caller) -> None:
    task_id = caller.new_task(key="mock-unknown_task_404")
    assert caller.status(task_id, key="mock-unknown_task_404").status_code == 404


@pytest.mark.parametrize("times", [1, 2])
def test_an_expired_link_stays_so_and_is_renewed(caller: Caller, times: int) -> None:
    key = f"mock-expired_link*{times}"
    task_id = caller.new_task(key=key)
    for _ in range(3):  # polls that show no link are not what is counted
        assert caller.data(task_id, key=key)["generated"] == []
    caller.advance(1000)
    links = [caller.data(task_id, key=key)["generated"][0] for _ in range(times + 1)]
    for _ in range(3):
        codes = [caller.client.get(link).status_code for link in links]
        assert codes == [403] * times + [200]
    assert links_are_signed(links)


def links_are_signed(links: list[str]) -> bool:
    return all(re.search(r"\?token=exp=\d+~hmac=[0-9a-f]{64}$", link) for link in links)


@pytest.mark.parametrize("name", ["corrupt_image", "not_an_image"])
def test_a_damaged_download_is_no_picture(caller: Caller, name: str) -> None:
    (link,) = play(caller, name)["data"]["generated"]
    answer = caller.client.get(link)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    with pytest.raises((OSError, SyntaxError)):
        Image.open(io.BytesIO(answer.data)).load()


def test_the_wrong_scale_is_twice_the_size(caller: Caller) -> None:
    (link,) = play(caller, "wrong_scale", scale_factor=8)["data"]["generated"]
    assert Image.open(io.BytesIO(caller.client.get(link).data)).size == (400, 320)


def test_the_next_tasks_play_what_was_set_for_them(caller: Caller) -> None:
    caller.control("PUT", "/scenarios", json={"upcoming": ["failed", "two_results"]})
    tasks = [caller.new_task() for _ in range(3)]
    caller.advance(1000)
    data = [caller.data(task_id) for task_id in tasks]
    assert [(item["status"], len(item["generated"])) for item in data] == [
        ("FAILED", 0),
        ("COMPLETED", 2),
        ("COMPLETED", 1),
    ]


def test_a_forgotten_source_is_not_found(caller: Caller) -> None:
    (link,) = caller.finish(caller.new_task())["generated"]
    with caller.service.database.writing() as connection:
        connection.execute("DELETE FROM pictures")
    assert caller.client.get(link).status_code == 404
    with caller.service.database.writing() as connection:
        connection.execute("DELETE FROM tasks")
    assert caller.client.get(link).status_code == 404


def test_a_refused_body_is_in_the_request_log_too(caller: Caller) -> None:
    caller.create(key="mock-no_credits_402", sharpen=3)
    caller.create(key="wrong", sharpen=4)
    caller.call("POST", CREATE_PATH, key="wrong", data=b"{", content_type="application/json")
    bodies = [entry["request"]["body"] for entry in caller.app.request_log.read()["requests"]]
    assert [body and body["sharpen"] for body in bodies] == [3, 4, None]


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 411)])
def test_a_body_without_a_length(make: Make, strict: bool, status: int) -> None:
    caller = make(strict=strict, max_body=100_000)
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}

    def send(data: bytes) -> int:
        more: dict[str, Any] = {
            "content_type": "application/json",
            "environ_overrides": {**chunked, "wsgi.input": io.BytesIO(data)},
        }
        return caller.call("POST", CREATE_PATH, **more).status_code

    assert send(json.dumps({"image": encoded(picture())}).encode()) == status
    assert send(bytes(100_001)) == (411 if strict else 413)


def test_a_picture_that_is_forgotten_between_look_and_write_is_stored_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller.service.tasks, "picture_size", lambda _digest: (200, 160))
    task_id = caller.new_task()
    caller.finish(task_id)
    assert caller.result(task_id).status_code == 200


def test_charges_outlive_their_tasks(make: Make) -> None:
    caller = make(max_tasks=64, seconds=0.0)
    for _ in range(128):
        caller.new_task()
    assert caller.service.tasks.counters()["forgotten tasks"] == 64
    ((key, (count, megapixels)),) = caller.service.tasks.charges().items()
    assert (key, count) == ("mock-key", 128)
    assert megapixels == pytest.approx(128 * 0.128)


def test_a_task_ends_in_a_final_state_only(caller: Caller) -> None:
    with pytest.raises(ValueError, match="not 'CREATED'"):
        caller.service.end(caller.new_task(), "CREATED")
    assert caller.service.end(UNKNOWN, "FAILED") is None
