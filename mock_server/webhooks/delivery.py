"""Call clients back: webhooks signed as the service documents, retried with back-off, recorded.

What the service documents is the signature and the body. How often it retries, how long it waits and
which status of a receiver it takes for success it does not say: those are ours (see DIFFERENCES.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_server.state.clock import Clock
    from mock_server.state.webhook_store import Delivery, Outbox

log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0
_CLAIM_SECONDS = 60.0
_LONGEST_BACK_OFF = 300.0
_LOOK_AGAIN_SECONDS = 1.0  # another process may have moved the clock


class RefusedTargetError(Exception):
    """The address may not be called; the message says why."""


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` header: version and base64 of HMAC-SHA256 with the secret's bytes."""
    text = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def back_off(attempts: int) -> float:
    """Return how many seconds to wait after so many failed attempts: 1, 5, 25, 125, then 300."""
    return min(_LONGEST_BACK_OFF, float(5 ** (attempts - 1)))


def target_of(url: str, *, anywhere: bool) -> tuple[str, int]:
    """Return the IP address and port to connect to; :class:`RefusedTargetError` when that is not allowed.

    The address is resolved here, and the connection made to what was checked, so that a name cannot
    point elsewhere the second time.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        found = (
            socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM) if parts.hostname else []
        )
    except (KeyError, ValueError):
        raise RefusedTargetError("only http and https addresses are called") from None
    except OSError as error:
        raise ConnectionError(f"the host cannot be found: {error}") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise RefusedTargetError("the address names no host")
    if not anywhere and not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise RefusedTargetError("only this machine is called; --webhook-anywhere lifts that")
    return addresses[0], port


def post(url: str, body: bytes, headers: dict[str, str], *, anywhere: bool) -> int:
    """POST to ``url`` and return the status; follows no redirect and uses no proxy. OSError when it fails."""
    address, port = target_of(url, anywhere=anywhere)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT_SECONDS)
    try:
        if parts.scheme == "https":
            plain = socket.create_connection((address, port), _TIMEOUT_SECONDS)
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"Host": parts.netloc.rpartition("@")[2], **headers})
        response = connection.getresponse()
        response.read(64 << 10)
    except http.client.HTTPException as error:
        raise ConnectionError(f"the answer is no HTTP: {error!r}") from None
    else:
        return response.status
    finally:
        connection.close()


def signed_headers(secret: str, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "precision-mock",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, webhook_id, timestamp, body),
    }


class Webhooks:
    """Delivers the webhooks of one mock: from a thread, or, while the clock is moved by hand, at once.

    ``clock()`` gives the clock as it is now; ``message(task_id, status)`` gives address, body and secret of a
    webhook, None when its task is gone.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Callable[[], Clock],
        message: Callable[[str, str], tuple[str, bytes, str] | None],
        *,
        attempts: int,
        anywhere: bool,
        send: Callable[..., int] = post,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._message = message
        self._attempts = attempts
        self._anywhere = anywhere
        self._send = send
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._nudged = False

    def nudge(self) -> None:
        """Say that something may be due: a new task, an end, the clock moved."""
        if self._clock().manual:
            self.run_due()
            return
        with self._changed:
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()
            self._nudged = True
            self._changed.notify()

    def stop(self) -> None:
        """End the thread, if there is one."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            with self._changed:
                self._nudged = False  # whatever comes from now on is looked for once more
            try:
                self.run_due()
                pause = self._pause()
            except Exception:  # such as a state file that is locked for too long: the next try may succeed
                log.exception("webhooks could not be delivered")
                pause = _LOOK_AGAIN_SECONDS
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._nudged, pause)

    def _pause(self) -> float | None:
        """Return how many seconds to wait for the next webhook; None for ever."""
        due_at, retry_at = self._outbox.next_due()
        clock = self._clock()
        pauses = [_LOOK_AGAIN_SECONDS] if self._outbox.shared else []
        if retry_at is not None:
            pauses.append(retry_at - clock.wire())
        if due_at is not None and not clock.manual:
            pauses.append((due_at - clock.now()) / clock.state.speed)
        return max(0.0, min(pauses)) if pauses else None

    def run_due(self) -> int:
        """Deliver whatever is due now; return how many attempts were made."""
        attempts = 0
        clock = self._clock()
        while delivery := self._outbox.claim(clock.now(), clock.wire(), _CLAIM_SECONDS):
            self._deliver(delivery)
            attempts += 1
        return attempts

    def _deliver(self, delivery: Delivery) -> None:
        message = self._message(delivery.task_id, delivery.status)
        if message is None:
            return  # the task was forgotten meanwhile, its webhooks with it
        url, body, secret = message
        attempt = delivery.attempts + 1
        wire_now = self._clock().wire()
        started = time.perf_counter()
        state, status, failure = "delivered", None, None
        headers = signed_headers(secret, delivery.webhook_id, int(wire_now), body)
        try:
            status = self._send(url, body, headers, anywhere=self._anywhere)
            if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes
                state = "waiting"
        except RefusedTargetError as error:
            state, failure = "refused", str(error)
        except OSError as error:
            state, failure = "waiting", str(error) or type(error).__name__
        if state == "waiting" and attempt >= self._attempts:
            state = "given_up"
        seconds = round(time.perf_counter() - started, 3)
        entry = {"at": wire_now, "status": status, "error": failure, "seconds": seconds}
        entries = [*json.loads(delivery.log), entry]
        self._outbox.record(delivery.number, state, wire_now + back_off(attempt), json.dumps(entries))
        log.info("webhook %s of task %s: %s", delivery.webhook_id, delivery.task_id, state)

    def described(self) -> list[dict[str, Any]]:
        """Return the delivery log as a JSON value, the oldest webhook first."""
        return [
            {
                "webhook_id": item.webhook_id,
                "task_id": item.task_id,
                "status": item.status,
                "state": item.state,
                "due_at": item.due_at,
                "attempts": json.loads(item.log),
            }
            for item in self._outbox.read()
        ]
