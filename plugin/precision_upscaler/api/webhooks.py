"""Check that a webhook really comes from the service and is fresh.

The service signs ``<webhook-id>.<webhook-timestamp>.<raw body>`` with HMAC-SHA256 and the secret's
plain bytes; ``webhook-signature`` lists ``version,base64`` pairs separated by spaces, of which one has
to match. Source: the vendor's webhook page. The tolerance for old time stamps is our own choice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300.0
"""How old, or how far in the future, a time stamp may be: retries sign anew, clocks differ a little."""
_VERSION = "v1"


class WebhookError(ValueError):
    """The request is not to be trusted; the message says why and never holds the secret."""


def sign(webhook_id: str, timestamp: str, body: bytes, secret: str) -> str:
    """Return the base64 signature of a delivery, without its version."""
    signed = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    now: float,
    tolerance: float = TOLERANCE_SECONDS,
) -> None:
    """Raise WebhookError unless ``body`` (the raw bytes) was signed with ``secret`` at about ``now``.

    ``headers`` are the request's, in any case; ``now`` is unix seconds. A caller that must not act
    twice remembers ``webhook-id``: it stays the same when a delivery is repeated.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        webhook_id, timestamp = found["webhook-id"], found["webhook-timestamp"]
        signatures = found["webhook-signature"].split()
    except KeyError as missing:
        raise WebhookError(f"the header {missing.args[0]} is missing") from None
    if not secret:
        raise WebhookError("there is no secret to check with")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise WebhookError("the time stamp is no number of seconds")
    wanted = sign(webhook_id, timestamp, body, secret).encode()
    matches = False
    for signature in signatures:
        version, _, value = signature.partition(",")
        # every one is compared, so that the time taken says nothing
        matches |= version == _VERSION and hmac.compare_digest(value.encode(), wanted)
    if not matches:
        raise WebhookError("no signature matches")
    if abs(now - int(timestamp)) > tolerance:
        raise WebhookError("the time stamp is too old or from the future")
