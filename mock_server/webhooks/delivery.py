"""Call clients back: webhooks signed as the service documents, retried with back-off, written down.

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

from mock_server.service.task_payload import told
from mock_server.state.task_model import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_server.service.upscaler_service import Service
    from mock_server.state.webhook_store import Delivery

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


class Webhooks:
    """Delivers the webhooks of one mock: from a thread, or, while the clock is moved by hand, at once."""

    def __init__(self, service: Service, send: Callable[..., int] = post) -> None:
        self._service = service
        self._send = send
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._nudged = False

    def nudge(self) -> None:
        """Say that something may be due: a new task, an end, the clock moved."""
        if self._service.clock.manual:
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
        service = self._service
        due_at, retry_at = service.outbox.next_due()
        pauses = [_LOOK_AGAIN_SECONDS] if service.database.path else []
        if retry_at is not None:
            pauses.append(retry_at - service.clock.wire())
        if due_at is not None and not service.clock.manual:
            pauses.append((due_at - service.clock.now()) / service.clock.state.speed)
        return max(0.0, min(pauses)) if pauses else None

    def run_due(self) -> int:
        """Deliver whatever is due now; return how many attempts were made."""
        service = self._service
        service.settings()
        attempts = 0
        while delivery := service.outbox.claim(service.clock.now(), service.clock.wire(), _CLAIM_SECONDS):
            self._deliver(delivery)
            attempts += 1
        return attempts

    def _deliver(self, delivery: Delivery) -> None:
        service = self._service
        task = service.tasks.task(delivery.task_id)
        if task is None:
            return  # forgotten in between, its webhooks with it
        attempt = delivery.attempts + 1
        wire_now = service.clock.wire()
        started = time.perf_counter()
        state, status, trouble = "delivered", None, None
        try:
            status = self._send(
                task.webhook_url,
                *self.message(task, delivery, int(wire_now)),
                anywhere=service.options.webhook_anywhere,
            )
            if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes
                state = "waiting"
        except RefusedTargetError as error:
            state, trouble = "refused", str(error)
        except OSError as error:
            state, trouble = "waiting", str(error) or type(error).__name__
        if state == "waiting" and attempt >= service.options.webhook_attempts:
            state = "given_up"
        entry = {
            "at": wire_now,
            "status": status,
            "error": trouble,
            "seconds": round(time.perf_counter() - started, 3),
        }
        entries = [*json.loads(delivery.log), entry]
        service.outbox.record(delivery.number, state, wire_now + back_off(attempt), json.dumps(entries))
        log.info("webhook %s of task %s: %s", delivery.webhook_id, task.task_id, state)

    def message(self, task: Task, delivery: Delivery, timestamp: int) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a delivery. The body is the status answer without ``data``."""
        body = json.dumps(
            told(self._service, task, task.base, delivery.status), separators=(",", ":")
        ).encode()
        secret = self._service.settings().webhook_secret
        return body, {
            "Content-Type": "application/json",
            "User-Agent": "precision-mock",
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret, delivery.webhook_id, timestamp, body),
        }

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
            for item in self._service.outbox.read()
        ]
