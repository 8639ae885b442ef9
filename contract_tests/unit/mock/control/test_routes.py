from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import jsonschema_rs
import pytest
from PIL import Image
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import START, Caller, encoded, picture
from mock_server.app import control_app
from mock_server.control.openapi import OPERATIONS, Operation, document, draft4

Make = Callable[..., Caller]
UNKNOWN = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"


def snapshot_of(caller: Caller) -> bytes:
    data: bytes = caller.control("GET", "/snapshot").data
    return data


# its document


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)
def test_every_call_answers_as_its_document_says(caller: Caller, operation: Operation) -> None:
    task_id = caller.new_task(webhook_url="http://192.0.2.1/")
    ended = caller.new_task()
    bodies: dict[str, Any] = {
        "move_clock": {"json": {"advance": 5, "speed": 0}},
        "set_scenarios": {"json": {"default": "failed", "upcoming": ["reset*2"]}},
        "set_seed": {"json": {"seed": 5}},
        "end_task": {"json": {"outcome": "COMPLETED"}},
        "restore_snapshot": {"data": snapshot_of(caller)},
    }
    caller.finish(ended)
    path = operation.path.replace("{task_id}", task_id if operation.view == "end_task" else ended)
    if operation.view == "end_task":
        task_id = caller.new_task()
        path = f"/tasks/{task_id}/end"
    answer = caller.control(operation.method, path, **bodies.get(operation.view, {}))
    assert (answer.status_code, answer.mimetype) == (200, operation.media_type)
    if operation.answer is not None:
        errors = jsonschema_rs.Draft4Validator(draft4(operation.answer)).iter_errors(answer.json)
        assert [error.message for error in errors] == []


def test_the_document_has_every_route_and_no_other(caller: Caller) -> None:
    routes = {
        (method, re.sub("<(.*?)>", r"{\1}", rule.rule))
        for rule in control_app().url_map.iter_rules()
        if rule.rule.startswith("/__mock__/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    pages = {("GET", f"/__mock__/{name}") for name in ("", "docs", "openapi.json")}
    described = {
        (method.upper(), path) for path, methods in document()["paths"].items() for method in methods
    }
    assert routes == described | pages
    assert caller.control("GET", "/openapi.json").json == document()


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_pages_bring_all_they_need(caller: Caller, path: str) -> None:
    answer = caller.control("GET", path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", answer.text)


@pytest.mark.parametrize("path", ["/", "/__mock__"])
def test_a_browser_is_led_to_the_page(caller: Caller, path: str) -> None:
    answer = caller.call("GET", path, headers={"Accept": "text/html,*/*;q=0.8"}, key=None)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/__mock__/")
    assert caller.app.request_log.read()["total"] == 0


# strangers


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "rebound.example:8000"},
        {"HTTP_ORIGIN": "https://example.org"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_HOST": "[::1"},
        {"HTTP_ORIGIN": "http://[x"},
        {"HTTP_HOST": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/reset"), ("GET", "/"), ("GET", "/requests")])
def test_only_this_machine_is_let_in(caller: Caller, environ: dict[str, str], method: str, path: str) -> None:
    answer = caller.control(method, path, environ_overrides=environ)
    assert (answer.status_code, list(answer.json)) == (403, ["message"])


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"},
        {
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_ORIGIN": "http://127.0.0.1:8000",
            "HTTP_SEC_FETCH_SITE": "same-origin",
        },
        {"HTTP_HOST": "localhost"},
    ],
    ids=str,
)
def test_this_machine_is(caller: Caller, environ: dict[str, str]) -> None:
    assert caller.control("POST", "/reset", environ_overrides=environ).status_code == 200


# clock, scenarios, seed


def test_the_clock_is_moved_and_told(caller: Caller) -> None:
    assert caller.control("GET", "/clock").json == {"now": START, "wire": START, "speed": 0.0}
    assert caller.control("POST", "/clock", json={"advance": 90}).json["now"] == START + 90
    running = caller.control("POST", "/clock", json={"speed": 60}).json
    assert running == {"now": START + 90, "wire": START + 90, "speed": 60.0}
    caller.clock.now += 1
    assert caller.control("GET", "/clock").json == {"now": START + 150, "wire": START + 91, "speed": 60.0}


def test_a_link_that_expired_by_hand_does_not_work_again_when_time_runs(caller: Caller) -> None:
    (link,) = caller.finish(caller.new_task())["generated"]
    caller.control("POST", "/clock", json={"advance": 3600})
    assert caller.client.get(link).status_code == 403
    caller.control("POST", "/clock", json={"speed": 1})
    assert caller.client.get(link).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {"advance": -1}),
        ("/clock", {"speed": -1}),
        ("/clock", {"speed": "fast"}),
        ("/clock", {"x": 1}),
        ("/clock", []),
        ("/scenarios", {"default": "nope"}),
        ("/scenarios", {"upcoming": ["failed", "nope"]}),
        ("/scenarios", {"upcoming": "failed"}),
        ("/seed", {}),
        ("/seed", {"seed": "x"}),
        ("/seed", {"seed": 1.5}),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_a_400_and_changes_nothing(caller: Caller, path: str, body: Any) -> None:
    before = caller.service.settings()
    answer = caller.control("POST" if path == "/clock" else "PUT", path, json=body)
    assert (answer.status_code, list(answer.json)) == (400, ["message"])
    assert caller.service.settings() == before
    assert caller.control("POST" if path == "/clock" else "PUT", path, data=b"{").status_code == 400


def test_the_seed_can_be_set(caller: Caller) -> None:
    caller.control("PUT", "/seed", json={"seed": 9})
    assert caller.control("GET", "/seed").json == {"seed": 9}
    ids = [caller.new_task()]
    caller.control("POST", "/reset")
    ids.append(caller.new_task())
    assert ids[0] == ids[1]
    caller.control("PUT", "/seed", json={"seed": None})
    caller.control("POST", "/reset")
    assert caller.new_task() != ids[0]


# tasks


def test_tasks_are_shown_with_what_is_to_become_of_them(caller: Caller) -> None:
    first = caller.new_task(scale_factor=4)
    second = caller.new_task(key="mock-stuck_created", webhook_url="http://127.0.0.1:1/x")
    shown = caller.control("GET", "/tasks").json
    assert (shown["now"], shown["total"], shown["forgotten"]) == (START, 2, 0)
    newest, oldest = shown["tasks"]
    assert (newest["task_id"], newest["ends_at"], newest["key"]) == (second, None, "mock-stuck_created")
    assert newest["webhook_url"] == "http://127.0.0.1:1/x"
    assert (oldest["task_id"], oldest["status"], oldest["parameters"]["scale_factor"]) == (
        first,
        "CREATED",
        4,
    )
    assert oldest["starts_at"] == START + 5
    assert oldest["ends_at"] > START + 75
    assert caller.control("GET", "/tasks?limit=1").json["tasks"] == [newest]
    assert caller.control("GET", f"/tasks/{first.upper()}").json == oldest


def test_a_task_is_ended_by_hand_once(caller: Caller) -> None:
    task_id = caller.new_task()
    ended = caller.control("POST", f"/tasks/{task_id}/end", json={"outcome": "FAILED"})
    assert (ended.status_code, ended.json["status"]) == (200, "FAILED")
    again = caller.control("POST", f"/tasks/{task_id}/end", json={"outcome": "COMPLETED"})
    assert again.status_code == 409
    assert "FAILED" in again.json["message"]
    assert caller.data(task_id)["status"] == "FAILED"
    assert caller.control("POST", f"/tasks/{task_id}/end", json={"outcome": "CREATED"}).status_code == 400


@pytest.mark.parametrize("path", ["", "/before", "/after"])
def test_an_unknown_task_is_a_404(caller: Caller, path: str) -> None:
    assert caller.control("GET", f"/tasks/{UNKNOWN}{path}").status_code == 404


def test_before_and_after_are_pictures(caller: Caller) -> None:
    task_id = caller.new_task()
    before = caller.control("GET", f"/tasks/{task_id}/before")
    assert before.data == picture()
    assert caller.control("GET", f"/tasks/{task_id}/after").status_code == 404
    caller.finish(task_id)
    after = caller.control("GET", f"/tasks/{task_id}/after")
    assert Image.open(io.BytesIO(after.data)).size == (400, 320)
    small = caller.control("GET", f"/tasks/{task_id}/after?side=100")
    assert Image.open(io.BytesIO(small.data)).size == (100, 80)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=1e3", "limit=", "limit=" + "9" * 30, "limit=٣"]
)
def test_a_wrong_query_is_a_400(caller: Caller, query: str) -> None:
    assert caller.control("GET", f"/tasks?{query}").status_code == 400


# request log, charges, deliveries


def test_the_request_log_is_read_from_where_one_was(caller: Caller) -> None:
    for _ in range(4):
        caller.listed()
    read = caller.control("GET", "/requests?after=2").json
    assert (read["total"], [entry["number"] for entry in read["requests"]]) == (4, [3, 4])


def test_charges_are_counted_for_each_key(caller: Caller) -> None:
    caller.new_task()
    caller.new_task(scale_factor=4)
    caller.new_task(key="mock-failed")
    caller.create(sharpen=101)
    caller.create(key="mock-no_credits_402")
    charges = caller.control("GET", "/charges").json
    assert (charges["count"], charges["by_key"]) == (3, {"mock-key": 2, "mock-failed": 1})
    assert charges["megapixels"] == pytest.approx(200 * 160 * (4 + 16 + 4) / 1e6)


def test_keys_of_ones_own_are_counted_and_not_shown(make: Make) -> None:
    caller = make(api_key=("secret-one", "secret-two"))
    for key in ("secret-one", "secret-two", "secret-two", "mock-key"):
        caller.new_task(key=key)
    shown = caller.control("GET", "/charges").json
    assert (shown["count"], shown["by_key"]) == (4, {"(a key of yours)": 3, "mock-key": 1})
    shown_tasks = caller.control("GET", "/tasks").json["tasks"]
    assert [task["key"] for task in shown_tasks] == ["mock-key", *["(a key of yours)"] * 3]


# snapshot, restore, reset


def test_a_snapshot_is_all_there_was(caller: Caller) -> None:
    task_id = caller.new_task()
    caller.control("PUT", "/scenarios", json={"default": "failed"})
    caller.advance(30)
    snapshot = snapshot_of(caller)
    before = [caller.control("GET", path).json for path in ("/tasks", "/charges", "/clock", "/scenarios")]
    caller.advance(1000)
    caller.new_task()
    caller.control("PUT", "/scenarios", json={"default": ""})
    assert caller.control("PUT", "/snapshot", data=snapshot).status_code == 200
    after = [caller.control("GET", path).json for path in ("/tasks", "/charges", "/clock", "/scenarios")]
    assert before == after
    assert caller.data(task_id)["status"] == "IN_PROGRESS"
    caller.advance(1000)
    assert caller.result(task_id).status_code == 200


def test_a_snapshot_restores_into_a_state_file_and_back(make: Make, tmp_path: Any) -> None:
    memory, file = make(), make(state=str(tmp_path / "state"))
    task_id = memory.new_task()
    assert file.control("PUT", "/snapshot", data=snapshot_of(memory)).status_code == 200
    assert file.data(task_id)["status"] == "CREATED"
    assert file.app.request_log.read()["total"] == 1, "the request log is no part of it"
    other = make()
    assert other.control("PUT", "/snapshot", data=snapshot_of(file)).status_code == 200
    assert other.data(task_id)["status"] == "CREATED"


@pytest.mark.parametrize("data", [b"", b"x", b"SQLite format 3\0" + bytes(4096), bytes(100)])
def test_what_is_no_snapshot_is_refused_and_changes_nothing(caller: Caller, data: bytes) -> None:
    task_id = caller.new_task()
    answer = caller.control("PUT", "/snapshot", data=data)
    assert (answer.status_code, list(answer.json)) == (400, ["message"])
    assert caller.status(task_id).status_code == 200


def altered(statement: str, snapshot: bytes) -> bytes:
    """Return the snapshot after an SQL statement was carried out on it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(snapshot)
        connection.executescript(statement)
        return bytes(connection.serialize())


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE tasks",
        "DROP TABLE hits",
        "ALTER TABLE tasks DROP COLUMN polls",
        "DROP INDEX tasks_of_owner",
        "CREATE TABLE more (x)",
        "CREATE TRIGGER each AFTER INSERT ON tasks BEGIN DELETE FROM tasks; END",
        "DELETE FROM settings",
        "UPDATE settings SET body = '{}'",
    ],
)
def test_a_file_of_another_shape_is_refused_and_changes_nothing(caller: Caller, statement: str) -> None:
    task_id = caller.new_task()
    answer = caller.control("PUT", "/snapshot", data=altered(statement, snapshot_of(caller)))
    assert (answer.status_code, list(answer.json)) == (400, ["message"])
    assert caller.status(task_id).status_code == 200
    assert caller.control("POST", "/reset").status_code == 200


def test_a_snapshot_brings_no_request_log_and_takes_none(make: Make, tmp_path: Any) -> None:
    busy, quiet = (make(state=str(tmp_path / name)) for name in ("busy", "quiet"))
    for _ in range(7):
        busy.listed()
    quiet.listed()
    snapshot = snapshot_of(busy)
    busy.listed()
    for caller, total in ((quiet, 1), (busy, 8)):
        assert caller.control("PUT", "/snapshot", data=snapshot).status_code == 200
        read = caller.app.request_log.read()
        assert (read["total"], read["forgotten"], len(read["requests"])) == (total, 0, total)
    with_requests = altered("INSERT INTO requests VALUES (1, '{}'), (99, '{}')", snapshot)
    assert quiet.control("PUT", "/snapshot", data=with_requests).status_code == 200
    assert quiet.app.request_log.read()["total"] == 1


def test_a_snapshot_may_be_larger_than_any_other_body(make: Make) -> None:
    caller = make(max_body=30_000)
    caller.new_task()
    snapshot = snapshot_of(caller)
    assert len(snapshot) > 30_000
    assert caller.control("PUT", "/snapshot", data=snapshot).status_code == 200
    refused = caller.control("PUT", "/scenarios", json={"upcoming": ["failed"] * 5000})
    assert (refused.status_code, list(refused.json)) == (413, ["message"])
    assert "413" in document()["paths"]["/__mock__/scenarios"]["put"]["responses"]


def test_a_snapshot_of_another_version_is_refused(caller: Caller) -> None:
    data = bytearray(snapshot_of(caller))
    data[63] = 99  # SQLite's user_version
    answer = caller.control("PUT", "/snapshot", data=bytes(data))
    assert answer.json["message"] == "this is no snapshot of this version of the mock"


def test_reset_forgets_everything_but_the_clock(make: Make) -> None:
    caller = make(scenario="two_results")
    caller.new_task(image=encoded(picture(300, 300)))
    caller.control("PUT", "/scenarios", json={"default": "failed", "upcoming": ["reset"]})
    caller.advance(100)
    caller.control("POST", "/reset")
    assert caller.control("GET", "/tasks").json == {
        "now": START + 100,
        "total": 0,
        "forgotten": 0,
        "tasks": [],
    }
    assert caller.control("GET", "/charges").json == {"count": 0, "megapixels": 0, "by_key": {}}
    assert caller.control("GET", "/requests").json["total"] == 0
    scenarios = caller.control("GET", "/scenarios").json
    assert (scenarios["default"], scenarios["upcoming"]) == ("two_results", [])
    assert caller.call("GET", CREATE_PATH).json == {"data": []}
