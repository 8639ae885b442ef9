"""The request journal: what was asked, what was answered and what it cost, as far back as it is kept.

Recording an exchange must cost a request next to nothing, so what was seen is kept as it was and turned
into words only when the journal is read. Keys are shown only when they are the mock's own.
"""

from __future__ import annotations

import shlex
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 300  # characters of a JSON string that the journal shows
_SECRET_HEADERS = ("x-freepik-api-key", "x-magnific-api-key", "authorization", "cookie")


@dataclass(slots=True)
class Exchange:
    """One request and its answer. ``at`` in Unix seconds, ``seconds`` how long the answer took to make."""

    at: float
    method: str
    url: str
    path: str
    step: str
    headers: dict[str, str]
    body: Any = None
    key: str = ""
    status: int = 0
    answer: Any = None
    scenario: str = ""
    fault: str = ""
    task_id: str = ""
    charged: bool = False
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    number: int = 0


def shown_key(key: str) -> str:
    """Return a key as the journal may show it: the mock's own keys whole, any other hidden."""
    return key if key.startswith("mock-") or not key else "(a key of yours)"


def shortened(value: Any) -> Any:
    """Return a JSON value with its long strings cut, so that a picture does not fill the journal."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN else f"{value[:60]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {name: shortened(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shortened(member) for member in value[:50]] + (["…"] if len(value) > 50 else [])
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return value


def curl_line(exchange: Exchange, body: str | None) -> str:
    """Return a shell line that repeats the request; an unshown key becomes ``$KEY``, a picture ``@body.json``."""
    words = ["curl", "-sS", "-X", exchange.method, shlex.quote(exchange.url)]
    for name, value in exchange.headers.items():
        if name.lower() in ("host", "content-length", "connection", "accept-encoding", "user-agent", "accept"):
            continue
        if name.lower() in _SECRET_HEADERS and not value.startswith("mock-"):
            words += ["-H", f'"{name}: $KEY"']
        else:
            words += ["-H", shlex.quote(f"{name}: {value}")]
    if body is not None:
        words += ["--data", shlex.quote(body)] if len(body) <= _SHOWN else ["--data", "@body.json"]
    return " ".join(words)


def described(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as a JSON value."""
    import json  # noqa: PLC0415 - used when the journal is read

    text = None if exchange.body is None else json.dumps(exchange.body, ensure_ascii=False)
    headers = {
        name: shown_key(value) if name.lower() in _SECRET_HEADERS else value
        for name, value in exchange.headers.items()
    }
    return {
        "number": exchange.number,
        "at": exchange.at,
        "method": exchange.method,
        "path": exchange.path,
        "step": exchange.step,
        "key": shown_key(exchange.key),
        "status": exchange.status,
        "task_id": exchange.task_id or None,
        "charged": exchange.charged,
        "scenario": exchange.scenario or None,
        "fault": exchange.fault or None,
        "seconds": round(exchange.seconds, 6),
        "notes": exchange.notes,
        "request": {"headers": headers, "body": shortened(exchange.body)},
        "answer": shortened(exchange.answer),
        "curl": curl_line(exchange, text),
    }


class Journal:
    """The last exchanges, at most ``size``. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Exchange] = deque(maxlen=size)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Remember an exchange; the oldest one is forgotten when there are too many."""
        with self._lock:
            self._count += 1
            exchange.number = self._count
            self._entries.append(exchange)

    def read(self) -> dict[str, Any]:
        """Return ``{"total", "forgotten", "requests"}``, the oldest request first."""
        with self._lock:
            entries, count = list(self._entries), self._count
        return {"total": count, "forgotten": count - len(entries), "requests": [described(item) for item in entries]}

    def clear(self) -> None:
        """Forget everything, the count too."""
        with self._lock:
            self._entries.clear()
            self._count = 0


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the request headers of a WSGI environment."""
    headers = {
        name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
