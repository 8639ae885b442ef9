from __future__ import annotations

import urllib.request

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import encoded, fetch, picture
from mock_server import PrecisionMock
from mock_server.webhook_receiver import WebhookReceiver, problems_of
from mock_server.webhooks.delivery import sign, signed_headers

SECRET = "mock-webhook-secret"
BODY = b'{"generated":[],"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"FAILED"}'


def create(mock: PrecisionMock, receiver: WebhookReceiver) -> str:
    body = {"image": encoded(picture()), "webhook_url": receiver.url}
    task_id: str = fetch(mock.url + CREATE_PATH, body)["data"]["task_id"]
    return task_id


def test_a_webhook_arrives_signed_and_fits_the_schema(
    precision_mock: PrecisionMock, webhook_receiver: WebhookReceiver
) -> None:
    task_id = create(precision_mock, webhook_receiver)
    assert webhook_receiver.received == []
    precision_mock.advance(1000)
    (webhook,) = webhook_receiver.received
    assert (webhook.problems, webhook.status, webhook.body["task_id"]) == ((), "COMPLETED", task_id)
    (delivery,) = precision_mock.deliveries()
    assert (delivery["state"], delivery["task_id"], delivery["webhook_id"]) == (
        "delivered",
        task_id,
        webhook.webhook_id,
    )
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]


def test_a_delivery_that_fails_is_repeated_under_its_id(
    precision_mock: PrecisionMock, webhook_receiver: WebhookReceiver
) -> None:
    create(precision_mock, webhook_receiver)
    webhook_receiver.status = 500
    precision_mock.advance(1000)
    webhook_receiver.status = 204
    precision_mock.advance(2)
    first, second = webhook_receiver.received
    assert first.webhook_id == second.webhook_id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.problems == second.problems == ()
    (delivery,) = precision_mock.deliveries()
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 204]


def test_a_mock_whose_clock_runs_is_waited_for(webhook_receiver: WebhookReceiver) -> None:
    with PrecisionMock(speed=1e6) as mock:
        create(mock, webhook_receiver)
        (webhook,) = webhook_receiver.wait_for(1)
    assert webhook.problems == ()


def test_a_webhook_that_never_comes_is_said(webhook_receiver: WebhookReceiver) -> None:
    with pytest.raises(AssertionError, match="0 of 1 webhooks"):
        webhook_receiver.wait_for(1, seconds=0.01)


def test_a_forged_webhook_is_received_and_its_problems_are_named(webhook_receiver: WebhookReceiver) -> None:
    headers = signed_headers("another secret", "msg_1", 1, BODY)
    urllib.request.urlopen(urllib.request.Request(webhook_receiver.url, BODY, headers)).close()
    (webhook,) = webhook_receiver.received
    assert webhook.problems == ("no signature matches id, time stamp, body and secret",)


def test_what_is_right_has_no_problems() -> None:
    headers = signed_headers(SECRET, "msg_1", 1, BODY)
    assert problems_of(headers, BODY, SECRET)[1] == []
    rotated = {**headers, "webhook-signature": f"v1,AAAA {sign(SECRET, 'msg_1', 1, BODY)}"}
    assert problems_of(rotated, BODY, SECRET)[1] == []


@pytest.mark.parametrize(
    ("change", "raw", "said"),
    [
        ({"webhook-id": ""}, BODY, "webhook-id is missing"),
        ({"webhook-signature": ""}, BODY, "webhook-signature is missing"),
        ({"webhook-signature": "v1,\u00e4"}, BODY, "no signature"),
        ({"webhook-timestamp": "soon"}, BODY, "whole number"),
        ({"webhook-timestamp": "\u0663"}, BODY, "whole number"),
        ({"webhook-timestamp": "2"}, BODY, "no signature"),
        ({}, BODY + b" ", "no signature"),
        ({}, b"{", "not JSON"),
        ({}, b"{}", "required"),
        ({}, BODY.replace(b"FAILED", b"DONE"), "DONE"),
        ({}, b'{"data":' + BODY + b"}", "required"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], raw: bytes, said: str) -> None:
    headers = {**signed_headers(SECRET, "msg_1", 1, BODY), **change}
    assert said in " ".join(problems_of(headers, raw, SECRET)[1])
