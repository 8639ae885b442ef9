from __future__ import annotations

import base64
import gc
import json
import os
import shlex
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import Caller, encoded, picture
from mock_server.state.clock import ClockState
from mock_server.state.database import Database
from mock_server.state.request_log import RecordedRequest, RequestLog, shortened
from mock_server.state.settings import Settings

Make = Callable[..., Caller]
MOST = 1 << 20  # characters of a value, shortened and written out; really a good deal less

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def recorded(**more: Any) -> RecordedRequest:
    return RecordedRequest(0.0, "POST", "http://x", CREATE_PATH, "", "create", {}, **more)


def written(raw: bytes) -> dict[str, Any]:
    """Return what the request log says of a request whose body is ``raw`` and JSON if it can be."""
    log = RequestLog(10)
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    log.add(recorded(raw=raw, body=body))
    found: dict[str, Any] = log.read()["requests"][0]
    return found


@given(json_values)
def test_what_is_short_is_kept_as_it_is(value: Any) -> None:
    if len(json.dumps(value)) < 40:
        assert shortened(value) == value
    assert shortened(shortened(value)) == shortened(value)


@pytest.mark.parametrize(
    "value",
    [
        "x" * (8 << 20),
        ["x" * 300] * 100_000,
        {f"{'n' * 400}{number}": "x" for number in range(10_000)},
        [[["x" * 300] * 50] * 50] * 50,
        [[[[["x" * 300] * 50] * 50] * 50] * 50] * 50,
        {"a": {"b": [{"c": ["x" * 300] * 50} for _ in range(50)]}},
    ],
    ids=["text", "list", "names", "three deep", "five deep", "mixed"],
)
def test_nothing_is_large_any_more(value: Any) -> None:
    once = shortened(value)
    assert len(json.dumps(once, ensure_ascii=False)) < MOST
    assert shortened(once) == once


def test_the_log_does_not_grow_with_the_pictures(caller: Caller) -> None:
    noise = base64.b64encode(os.urandom(4 << 20)).decode()
    caller.create(image=noise)
    tracemalloc.start()
    for _ in range(10):
        assert caller.create(image=noise).status_code == 400
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2 << 20
    entry = caller.app.request_log.read()["requests"][-1]
    assert entry["request"]["body"]["image"].endswith(f"… ({len(noise)} characters)")
    assert "@body.json" in entry["curl"]


def test_the_log_does_not_keep_downloads(caller: Caller) -> None:
    task_id = caller.new_task(scale_factor=8, smart_grain=100)
    caller.advance(1000)
    size = len(caller.result(task_id).data)
    assert size > 1 << 20
    assert caller.app.request_log.read()["requests"][-1]["answer"] == f"({size} bytes)"


def test_headers_are_cut_too(caller: Caller) -> None:
    caller.listed(headers={"x-long": "y" * 10_000})
    assert len(json.dumps(caller.app.request_log.read())) < 3000


def test_only_what_is_new_is_read(caller: Caller) -> None:
    for _ in range(20):
        caller.listed()
    read = caller.app.request_log.read(after=18)
    assert ([entry["number"] for entry in read["requests"]], read["total"], read["forgotten"]) == (
        [19, 20],
        20,
        0,
    )


# curl lines


@pytest.mark.parametrize(
    "raw", [b'{"image": 2.0}', b"{", b"it's\n", '{"a": "ü$(x)"}'.encode()], ids=lambda raw: raw.decode()
)
def test_a_curl_line_sends_the_body_as_it_was_sent(raw: bytes) -> None:
    words = shlex.split(written(raw)["curl"])
    assert words[words.index("--data-binary") + 1].encode() == raw


@pytest.mark.parametrize("raw", [b"\xff", b"a\0b", b"@file", b"x" * 400], ids=["bytes", "nul", "at", "long"])
def test_what_a_line_cannot_carry_comes_from_a_file(raw: bytes) -> None:
    assert written(raw)["curl"].endswith(" --data-binary @body.json")


def test_a_malformed_body_is_shown_as_text(caller: Caller) -> None:
    for raw, content_type in ((b'{"image": ', "application/json"), (b"image=a", "text/plain")):
        caller.call("POST", CREATE_PATH, data=raw, content_type=content_type)
        entry = caller.app.request_log.read()["requests"][-1]
        assert (entry["request"]["body"], entry["request"]["malformed"]) == (None, raw.decode())
        assert shlex.quote(raw.decode()) in entry["curl"]


# what never reached a view


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/ai/image-upscaler", 404), ("PUT", CREATE_PATH, 405), ("POST", "/v2", 404)],
)
def test_a_wrong_address_or_method_is_written_down(
    caller: Caller, method: str, path: str, status: int
) -> None:
    assert caller.call(method, path, json={"a": 1}).status_code == status
    (entry,) = caller.app.request_log.read()["requests"]
    assert (entry["method"], entry["path"], entry["status"], entry["step"]) == (method, path, status, "")
    assert (entry["key"], entry["request"]["body"]) == ("mock-key", {"a": 1})
    assert "message" in entry["answer"]


def test_calls_of_the_control_are_not_written_down(caller: Caller) -> None:
    for path in ("/clock", "/nope"):
        caller.control("GET", path)
    assert caller.app.request_log.read()["total"] == 0


def test_a_defect_is_written_down(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    task_id = caller.new_task()
    (link,) = caller.finish(task_id)["generated"]
    monkeypatch.setattr(caller.service, "create", lambda *_: 1 / 0)
    monkeypatch.setattr(caller.service.results, "file_of", lambda *_: 1 / 0)
    assert caller.create().status_code == caller.client.get(link).status_code == 500
    for entry in caller.app.request_log.read()["requests"][-2:]:
        assert (entry["status"], entry["notes"]) == (500, ["the mock itself failed; its log says how"])


def test_a_range_that_cannot_be_had_is_written_down_as_such(caller: Caller) -> None:
    task_id = caller.new_task()
    (link,) = caller.finish(task_id)["generated"]
    answer = caller.client.get(link, headers={"Range": "bytes=999999999-"})
    assert (answer.status_code, answer.mimetype) == (416, "application/json")
    assert "Content-Range" in answer.headers
    assert caller.app.request_log.read()["requests"][-1]["status"] == 416


def test_a_deep_body_does_no_harm_later(make: Make, tmp_path: Any) -> None:
    for options in ({}, {"state": str(tmp_path / "state")}):
        caller = make(**options)
        for levels in (100, 900):
            deep = "[" * levels + "]" * levels
            raw = json.dumps({"image": encoded(picture())})[:-1] + f', "other": {deep}}}'
            answer = caller.call("POST", CREATE_PATH, data=raw, content_type="application/json")
            assert answer.status_code == (200 if levels == 100 else 400)
            assert caller.control("GET", "/requests").status_code == 200


def test_requests_that_cannot_be_written_are_reported_and_end_no_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ClockState(0.0, 0.0, 1.0)
    database = Database(str(tmp_path / "state"), Settings(clock, "secret", "secret"))
    with database.writing() as connection:
        connection.execute("DROP TABLE requests")
    log = RequestLog(10, database)
    log.add(recorded())
    assert log._writer is not None
    log._writer.join()
    database.close()
    assert "could not be written" in caplog.text


def test_a_curl_line_really_repeats_the_request() -> None:
    line = written(b'{"image": "a"}')["curl"]
    echo = subprocess.run(
        ["sh", "-c", line.replace("curl", f"{sys.executable} -c 'import sys; print(sys.argv[-1])'", 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert echo.stdout == '{"image": "a"}\n'
