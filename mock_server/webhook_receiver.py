"""Receive webhooks in a test, and say of each whether it is what the service documents."""

from __future__ import annotations

import hmac
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mock_server.api import json_body
from mock_server.api.validation import compile_schema
from mock_server.config import Options
from mock_server.server.cheroot_server import Server
from mock_server.webhooks.delivery import sign

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class ReceivedWebhook:
    """One call: its headers (lower-case names), its raw body, the JSON in it, and everything wrong with it.

    ``problems`` is empty when the call is signed with the secret, its time stamp is a number, its body fits
    the contract's schema of a task. How old it is the test has to judge: its clock may stand still.
    """

    headers: dict[str, str]
    raw: bytes
    body: Any
    problems: tuple[str, ...]

    @property
    def webhook_id(self) -> str:
        """The id, which stays the same when a delivery is repeated."""
        return self.headers.get("webhook-id", "")

    @property
    def status(self) -> str:
        """The task's status in the body; empty when there is none."""
        return str(self.body.get("status", "")) if isinstance(self.body, dict) else ""


def problems_of(headers: dict[str, str], raw: bytes, secret: str) -> tuple[Any, list[str]]:
    """Return the JSON of a webhook's body (None when it is none) and what is wrong with the webhook."""
    problems = [f"{name} is missing" for name in _HEADERS if not headers.get(name)]
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal()):
        problems.append("webhook-timestamp is not a whole number of seconds")
    else:
        expected = sign(secret, headers.get("webhook-id", ""), int(timestamp), raw)
        given = headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(one.encode(), expected.encode()) for one in given):
            problems.append("no signature matches id, time stamp, body and secret")
    try:
        body = json_body.loads(raw)
    except json_body.JSONError as error:
        return None, [*problems, str(error)]
    validator = compile_schema({"$ref": "#/components/schemas/task-detail_1"})
    return body, [*problems, *(str(error.message) for error in validator.iter_errors(body))]


class WebhookReceiver:
    """A receiver on a free port of the loopback interface; ``url`` is the address for ``webhook_url``.

    ``status`` is what it answers: set it to 500 to see a delivery repeated. ``secret`` is the mock's.
    """

    def __init__(self, secret: str = Options().webhook_secret) -> None:
        self.secret = secret
        self.status = 204
        self._received: list[ReceivedWebhook] = []
        self._changed = threading.Condition()
        self._server = Server(self._receive, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve, daemon=True)

    def __enter__(self) -> Self:
        self._server.prepare()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.request_stop()
        self._thread.join()
        self._server.stop()

    @property
    def url(self) -> str:
        """The address that receives."""
        return f"{self._server.url}/webhook"

    @property
    def received(self) -> list[ReceivedWebhook]:
        """What has arrived, the oldest first."""
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int = 1, seconds: float = 10.0) -> list[ReceivedWebhook]:
        """Return what has arrived as soon as there are ``count``; AssertionError after ``seconds``.

        A mock whose clock stands still has delivered before ``advance()`` returns: no need to wait.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._received) >= count, seconds):
                raise AssertionError(
                    f"{len(self._received)} of {count} webhooks arrived in {seconds} seconds"
                )
            return list(self._received)

    def _receive(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read()
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith(("HTTP_", "CONTENT_"))
        }
        body, problems = problems_of(headers, raw, self.secret)
        with self._changed:
            self._received.append(ReceivedWebhook(headers, raw, body, tuple(problems)))
            self._changed.notify_all()
        data = b"" if self.status == 204 else json.dumps({"message": str(self.status)}).encode()  # noqa: PLR2004 - HTTP's
        start_response(f"{self.status} {'OK' if self.status < 300 else 'Error'}", [])  # noqa: PLR2004 - HTTP's
        return [data]
