"""A webhook is believed when it is signed as the service documents, and fresh."""

from __future__ import annotations

import base64
import subprocess

import pytest
from precision_upscaler.api.webhooks import TOLERANCE_SECONDS, WebhookError, sign, verify

from mock_server.webhooks import delivery

BODY = b'{"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"COMPLETED","generated":[]}'
SECRET = "whsec_c2VjcmV0 with its plain bytes"
NOW = 1_800_000_000.0


def openssl(webhook_id: str, timestamp: str, body: bytes, secret: str) -> str:
    """Sign with another program than the one under test."""
    found = subprocess.run(
        [
            "openssl",
            "dgst",
            "-sha256",
            "-mac",
            "HMAC",
            "-macopt",
            f"hexkey:{secret.encode().hex()}",
            "-binary",
        ],
        input=f"{webhook_id}.{timestamp}.".encode() + body,
        capture_output=True,
        check=True,
    )
    return base64.b64encode(found.stdout).decode()


def headers(signature: str, timestamp: str = "1800000000") -> dict[str, str]:
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": timestamp, "Webhook-Signature": signature}


def test_the_signature_is_what_openssl_computes() -> None:
    assert sign("msg_1", "1800000000", BODY, SECRET) == openssl("msg_1", "1800000000", BODY, SECRET)


@pytest.mark.parametrize("around", ["{}", "v1,AAAA {}", "v2,AAAA {} v1,", "{} v1a,BBBB"])
def test_one_matching_signature_of_several_is_enough(around: str) -> None:
    signature = around.format("v1," + openssl("msg_1", "1800000000", BODY, SECRET))
    verify(headers(signature), BODY, SECRET, NOW)


@pytest.mark.parametrize("drift", [-TOLERANCE_SECONDS, 0.0, TOLERANCE_SECONDS])
def test_a_clock_that_differs_a_little_is_no_reason(drift: float) -> None:
    verify(headers("v1," + sign("msg_1", "1800000000", BODY, SECRET)), BODY, SECRET, NOW + drift)


GOOD = "v1," + sign("msg_1", "1800000000", BODY, SECRET)


@pytest.mark.parametrize(
    ("given", "body", "secret", "now", "why"),
    [
        (headers(GOOD), BODY + b" ", SECRET, NOW, "no signature matches"),
        (headers(GOOD), BODY, SECRET + "x", NOW, "no signature matches"),
        (headers(GOOD), BODY, "", NOW, "no secret"),
        (headers(GOOD, "1800000001"), BODY, SECRET, NOW, "no signature matches"),
        (headers(GOOD[3:]), BODY, SECRET, NOW, "no signature matches"),
        (headers("v2" + GOOD[2:]), BODY, SECRET, NOW, "no signature matches"),
        (headers("v1,é"), BODY, SECRET, NOW, "no signature matches"),
        (headers(""), BODY, SECRET, NOW, "no signature matches"),
        (headers(GOOD), BODY, SECRET, NOW + TOLERANCE_SECONDS + 1, "too old"),
        (headers(GOOD), BODY, SECRET, NOW - TOLERANCE_SECONDS - 1, "from the future"),
        (headers(GOOD, "soon"), BODY, SECRET, NOW, "no number"),
        ({"webhook-id": "msg_1"}, BODY, SECRET, NOW, "webhook-timestamp is missing"),
    ],
)
def test_anything_else_is_not_believed(
    given: dict[str, str], body: bytes, secret: str, now: float, why: str
) -> None:
    with pytest.raises(WebhookError, match=why) as caught:
        verify(given, body, secret, now)
    assert not secret or secret not in str(caught.value)


def test_the_mock_signs_what_we_believe() -> None:
    signature = delivery.sign(SECRET, "msg_1", 1800000000, BODY)
    verify(headers(signature if signature.startswith("v1,") else f"v1,{signature}"), BODY, SECRET, NOW)
