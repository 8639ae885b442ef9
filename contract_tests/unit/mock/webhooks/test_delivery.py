from __future__ import annotations

import base64
import json
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.api import webhooks as core
from precision_upscaler.api.webhooks import WebhookError, verify

from contract_tests.support.mock_calls import START, Caller
from mock_server.webhooks import delivery as webhooks
from mock_server.webhooks.delivery import RefusedTargetError, back_off, post, sign, target_of

Make = Callable[..., Caller]
SECRET = "mock-webhook-secret"
URL = "http://127.0.0.1:9/hook"


class Receiver:
    """Takes the place of the network: writes deliveries down and answers what it was told to."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, bytes, dict[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: dict[str, str], **_: bool) -> int:
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


def receiving(caller: Caller, *answers: int | Exception) -> Receiver:
    receiver = Receiver(*answers)
    caller.service.webhooks._send = receiver
    return receiver


def deliveries(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.control("GET", "/deliveries").json["deliveries"]
    return found


# signing


@given(st.text(), st.text(), st.integers(0, 10**10), st.binary())
def test_mock_and_core_sign_alike(secret: str, webhook_id: str, timestamp: int, body: bytes) -> None:
    assert (
        sign(secret, webhook_id, timestamp, body)
        == f"v1,{core.sign(webhook_id, str(timestamp), body, secret)}"
    )


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the independent implementation is OpenSSL's command"
)
def test_openssl_signs_alike() -> None:
    body = '{"status":"COMPLETED","müll":"\u20ac"}'.encode()
    command = ["openssl", "dgst", "-sha256", "-binary", "-hmac", "whsec_c2VjcmV0"]
    digest = subprocess.run(
        command, input=b"msg_1.1700000000." + body, capture_output=True, check=True
    ).stdout
    assert sign("whsec_c2VjcmV0", "msg_1", 1_700_000_000, body) == f"v1,{base64.b64encode(digest).decode()}"


def test_a_signature_is_what_it_always_was() -> None:
    assert sign("secret", "msg_1", 1_700_000_000, b"{}") == "v1,A5oIrJxXPB/PkULSoVu0e4khvPiqpF9vljmhkSKg0FI="


# checking


def delivered(caller: Caller, **more: Any) -> tuple[bytes, dict[str, str], str]:
    receiver = receiving(caller)
    task_id = caller.new_task(webhook_url=URL, **more)
    caller.advance(1000)
    ((_, body, headers),) = receiver.got
    return body, headers, task_id


def test_a_delivery_is_the_status_answer_without_data_and_verifies(caller: Caller) -> None:
    body, headers, task_id = delivered(caller)
    verify({name.upper(): value for name, value in headers.items()}, body, SECRET, now=START + 1000)
    assert json.loads(body) == caller.data(task_id)
    assert caller.client.get(json.loads(body)["generated"][0]).status_code == 200


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"webhook-id": None}, "webhook-id is missing"),
        ({"webhook-timestamp": None}, "webhook-timestamp is missing"),
        ({"webhook-signature": None}, "webhook-signature is missing"),
        ({"webhook-id": "msg_2"}, "no signature matches"),
        ({"webhook-timestamp": "1"}, "no signature matches"),
        ({"webhook-signature": ""}, "no signature matches"),
        ({"webhook-signature": "v1,AAAA v2,é"}, "no signature matches"),
    ],
)
def test_a_forged_delivery_is_refused(caller: Caller, change: dict[str, str | None], why: str) -> None:
    body, headers, _ = delivered(caller)
    forged = {name: value for name, value in {**headers, **change}.items() if value is not None}
    with pytest.raises(WebhookError, match=why):
        verify(forged, body, SECRET, now=START + 1000)


def test_body_secret_and_time_are_signed(caller: Caller) -> None:
    body, headers, _ = delivered(caller)
    with pytest.raises(WebhookError, match="no signature"):
        verify(headers, body + b" ", SECRET, now=START + 1000)
    with pytest.raises(WebhookError, match="no signature"):
        verify(headers, body, "other", now=START + 1000)
    for now in (START + 1301, START + 699):
        with pytest.raises(WebhookError, match="time stamp"):
            verify(headers, body, SECRET, now=now)
    verify(headers, body, SECRET, now=START + 1300)


def test_one_signature_of_several_is_enough(caller: Caller) -> None:
    body, headers, _ = delivered(caller)
    headers["webhook-signature"] = f"v1,old {headers['webhook-signature']} v9,new"
    verify(headers, body, SECRET, now=START + 1000)


# when


def test_nothing_is_delivered_before_the_end_and_nothing_twice(caller: Caller) -> None:
    receiver = receiving(caller)
    caller.new_task(webhook_url=URL)
    caller.advance(60)
    assert receiver.got == []
    caller.advance(60)
    caller.advance(1000)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("options", "more", "statuses"),
    [
        ({"webhook_events": "all"}, {}, ["IN_PROGRESS", "COMPLETED"]),
        ({}, {"key": "mock-failed"}, ["FAILED"]),
        ({}, {"key": "mock-stuck_in_progress"}, []),
        ({}, {"key": "mock-webhook_lost"}, []),
        ({}, {"key": "mock-webhook_twice"}, ["COMPLETED", "COMPLETED"]),
        ({}, {"key": "mock-completed_at_once"}, ["COMPLETED"]),
        ({"progress": "immediate"}, {}, ["COMPLETED"]),
    ],
)
def test_the_deliveries_of_a_task(
    make: Make, options: dict[str, Any], more: dict[str, Any], statuses: list[str]
) -> None:
    caller = make(**options)
    receiver = receiving(caller)
    caller.new_task(webhook_url=URL, **more)
    caller.advance(10)
    caller.advance(1000)
    assert [json.loads(body)["status"] for _, body, _ in receiver.got] == statuses
    ids = [headers["webhook-id"] for *_, headers in receiver.got]
    assert len(set(ids)) == (1 if more == {"key": "mock-webhook_twice"} else len(ids))


@pytest.mark.parametrize(
    ("name", "generated"), [("completed_empty", 0), ("two_results", 2), ("failed", 0), ("unknown_status", 1)]
)
def test_a_delivery_plays_the_tasks_scenario(caller: Caller, name: str, generated: int) -> None:
    body, _, _ = delivered(caller, headers={"Prefer": f"scenario={name}"})
    assert len(json.loads(body)["generated"]) == generated


def test_a_task_that_goes_by_polls_is_delivered_at_its_last(make: Make) -> None:
    caller = make(progress="polls:2", webhook_events="all")
    receiver = receiving(caller)
    task_id = caller.new_task(webhook_url=URL)
    counts = []
    for _ in range(3):
        caller.status(task_id)
        counts.append(len(receiver.got))
    assert counts == [1, 2, 2]


def test_a_task_ended_by_hand_is_delivered_as_it_ended(caller: Caller) -> None:
    receiver = receiving(caller)
    task_id = caller.new_task(webhook_url=URL)
    caller.control("POST", f"/tasks/{task_id}/end", json={"outcome": "FAILED"})
    caller.advance(1000)
    ((_, body, _),) = receiver.got
    assert json.loads(body)["status"] == "FAILED"


# retries


def test_a_failed_delivery_is_tried_again_with_back_off_until_it_is_given_up(caller: Caller) -> None:
    receiver = receiving(caller, 500, 302, ConnectionRefusedError("refused"), TimeoutError(), 503)
    caller.new_task(webhook_url=URL)
    caller.advance(100)
    for attempt in range(1, 5):
        caller.advance(back_off(attempt) - 0.5)
        assert len(receiver.got) == attempt
        caller.advance(0.5)
        assert len(receiver.got) == attempt + 1
    caller.advance(1e6)
    (delivery,) = deliveries(caller)
    assert delivery["state"] == "given_up"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, None, None, 503]
    assert [attempt["error"] for attempt in delivery["attempts"]] == [
        None,
        None,
        "refused",
        "TimeoutError",
        None,
    ]
    assert len({headers["webhook-id"] for *_, headers in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for *_, headers in receiver.got}) == 5


def test_a_delivery_that_succeeds_is_not_tried_again(caller: Caller) -> None:
    receiver = receiving(caller, 500, 204)
    caller.new_task(webhook_url=URL)
    for _ in range(5):
        caller.advance(1000)
    assert len(receiver.got) == 2
    assert deliveries(caller)[0]["state"] == "delivered"


def test_back_off_grows_and_is_capped() -> None:
    assert [back_off(attempt) for attempt in (1, 2, 3, 4, 5, 6)] == [1, 5, 25, 125, 300, 300]


def test_a_target_beyond_this_machine_is_refused_and_written_down(caller: Caller) -> None:
    caller.new_task(webhook_url="http://192.0.2.1/hook")
    caller.advance(1000)
    (delivery,) = deliveries(caller)
    assert (delivery["state"], len(delivery["attempts"])) == ("refused", 1)
    assert "--webhook-anywhere" in delivery["attempts"][0]["error"]


def test_a_forgotten_task_is_not_delivered(caller: Caller) -> None:
    receiver = receiving(caller)
    caller.new_task(webhook_url=URL)
    with caller.service.database.writing() as connection:
        connection.execute("DELETE FROM tasks")
    caller.advance(1000)
    assert receiver.got == []


# targets


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:81/x", "http://localhost:81", "http://[::1]:81/", "https://127.9.9.9:81"]
)
def test_this_machine_may_be_called(url: str) -> None:
    address, port = target_of(url, anywhere=False)
    assert (address.startswith("127.") or address == "::1", port) == (True, 81)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://[2001:db8::1]/",
        "ftp://127.0.0.1/",
        "http:///x",
        "http://127.0.0.1:x/",
        "mailto:a@b",
        "http://0.0.0.0/",
        "http://127.0.0.1@192.0.2.1/",
    ],
)
def test_elsewhere_may_not(url: str) -> None:
    with pytest.raises(RefusedTargetError):
        target_of(url, anywhere=False)


def test_elsewhere_may_where_it_is_allowed() -> None:
    assert target_of("http://192.0.2.1/", anywhere=True) == ("192.0.2.1", 80)
    assert target_of("https://192.0.2.1/", anywhere=True) == ("192.0.2.1", 443)


def test_a_host_that_is_not_found_is_a_failure_to_be_tried_again() -> None:
    with pytest.raises(ConnectionError, match="cannot be found"):
        target_of("http://no-such-host.invalid/", anywhere=True)


# over the wire


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    got: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(
                (f"{self.headers['Host']}{self.path}", self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, got
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_post_says_what_was_answered_and_follows_no_redirect(status: int) -> None:
    with listening(status) as (port, got):
        url = f"http://user@localhost:{port}/a/b?c=d"
        assert post(url, b"body", {"webhook-id": "1"}, anywhere=False) == status
    assert got == [(f"localhost:{port}/a/b?c=d", b"body")]


def test_what_is_no_http_is_a_connection_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"garbage\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConnectionError, match="no HTTP"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"", {}, anywhere=False)
        thread.join()


def test_https_is_verified() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(OSError, match=r"(?i)ssl|tls|closed|reset"):
            post(f"https://localhost:{server.getsockname()[1]}/", b"", {}, anywhere=False)
        thread.join()


def test_while_the_clock_runs_a_thread_delivers() -> None:
    caller = Caller(speed=1000.0)
    caller.service.clock._real_time = time.monotonic
    caller.service.change_clock(lambda state, real: state.at_speed(real, 1000.0))
    came = threading.Event()
    answers = [500, 200]

    def send(*_: Any, **__: Any) -> int:
        answer = answers.pop(0)
        if not answers:
            came.set()
        return answer

    caller.service.webhooks._send = send
    caller.new_task(webhook_url=URL, headers={"Prefer": "seconds=100"})
    assert came.wait(20)
    caller.close()
    caller.service.webhooks.nudge()  # after the end nothing starts again


def test_what_becomes_due_while_the_thread_looks_for_it_is_not_missed() -> None:
    caller = Caller(speed=1000.0)
    deliverer = caller.service.webhooks
    looked, again, plain = [], threading.Event(), deliverer._pause

    def pause() -> float | None:
        looked.append(plain())
        if len(looked) == 1:
            deliverer.nudge()  # after the look, and before the wait
        else:
            again.set()
        return looked[-1]

    deliverer._pause = pause  # type: ignore[method-assign]  # a spy in its place
    caller.service.clock._real_time = time.monotonic
    caller.service.change_clock(lambda state, real: state.at_speed(real, 1000.0))
    assert again.wait(20)
    assert looked[0] is None, "nothing was due, so only the nudge could wake it"
    caller.close()


def test_one_failure_of_the_memory_does_not_end_deliveries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_LOOK_AGAIN_SECONDS", 0.01)
    caller = Caller(speed=1000.0)
    outbox = caller.service.outbox
    claim, failures = outbox.claim, [sqlite3.OperationalError("database is locked"), ZeroDivisionError()]

    def claim_at_last(*arguments: float) -> Any:
        if failures:
            raise failures.pop(0)
        return claim(*arguments)

    monkeypatch.setattr(outbox, "claim", claim_at_last)
    came = threading.Event()
    caller.service.webhooks._send = lambda *_, **__: came.set() or 200
    caller.new_task(webhook_url=URL, headers={"Prefer": "seconds=0"})
    assert came.wait(20)
    caller.close()


def test_a_state_file_takes_up_what_was_waiting(make: Make, tmp_path: Any) -> None:
    first = make(state=str(tmp_path / "state"))
    receiving(first, 500)
    first.new_task(webhook_url=URL)
    first.close()
    second = make(state=str(tmp_path / "state"))
    receiver = receiving(second)
    second.advance(1000)
    assert len(receiver.got) == 1
