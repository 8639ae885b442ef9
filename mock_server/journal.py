"""The request journal: what was asked, what was answered and what it cost, as far back as it is kept.

Recording an exchange must cost a request next to nothing, so what was seen is kept as it was and turned
into words only when the journal is read. Keys are shown only when they are the mock's own.
"""

from __future__ import annotations

import json
import logging
import shlex
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from .database import Database

log = logging.getLogger(__name__)
_WRITTEN_AFTER_SECONDS = 0.2
_LISTED = 50  # members of a JSON list that the journal shows
_SHOWN = 300  # characters of a JSON string that the journal shows
_SECRET_HEADERS = ("x-freepik-api-key", "x-magnific-api-key", "authorization", "cookie")


@dataclass(slots=True)
class Exchange:
    """One request and its answer. ``at`` in Unix seconds, ``seconds`` how long the answer took to make."""

    at: float
    method: str
    base: str
    path: str
    query: str
    step: str
    headers: list[tuple[str, str]]
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
    headers_out: tuple[tuple[str, str], ...] = ()
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
        return [shortened(member) for member in value[:_LISTED]] + ["…"] * (len(value) > _LISTED)
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return value


def curl_line(exchange: Exchange, headers: dict[str, str], body: str | None) -> str:
    """Return a shell line that repeats the request; a key becomes ``$KEY``, a picture ``@body.json``."""
    words = [
        "curl",
        "-sS",
        "-X",
        exchange.method,
        shlex.quote(exchange.base + quote(exchange.path) + ("?" + exchange.query if exchange.query else "")),
    ]
    for name, value in headers.items():
        if name.lower() in (
            "host",
            "content-length",
            "connection",
            "accept-encoding",
            "user-agent",
            "accept",
        ):
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
    text = None if exchange.body is None else json.dumps(exchange.body, ensure_ascii=False)
    sent = _titled(exchange.headers)
    headers = {
        name: shown_key(value) if name.lower() in _SECRET_HEADERS else value for name, value in sent.items()
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
        "curl": curl_line(exchange, sent, text),
    }


class Journal:
    """The last exchanges, at most ``size``. Thread-safe.

    With a database several processes share one journal: what they saw is written to it a moment later,
    so that no request waits for it, and at the latest when the journal is read through this object.
    """

    def __init__(self, size: int, database: Database | None = None) -> None:
        self._size = size
        self._database = database
        self._entries: deque[Exchange] = deque(maxlen=size if database is None else None)
        self._count = 0
        self._lock = threading.Lock()
        self._writer: threading.Timer | None = None

    def add(self, exchange: Exchange) -> None:
        """Remember an exchange; the oldest one is forgotten when there are too many."""
        if log.isEnabledFor(logging.INFO):
            notes = "".join(f" ({note})" for note in exchange.notes)
            log.info("%s %s %s%s", exchange.method, exchange.path, exchange.status, notes)
        with self._lock:
            self._count += 1
            exchange.number = self._count
            self._entries.append(exchange)
            if self._database is not None and self._writer is None:
                self._writer = threading.Timer(_WRITTEN_AFTER_SECONDS, self.flush)
                self._writer.daemon = True
                self._writer.start()

    def flush(self) -> None:
        """Write what is not in the database yet."""
        if self._database is None:
            return
        with self._lock:
            entries, self._writer = list(self._entries), None
            self._entries.clear()
        if entries:
            texts = [json.dumps(described(item)) for item in entries[-self._size :]]
            with self._database.writing() as connection:
                missed = len(entries) - len(texts)
                if missed:
                    connection.execute(
                        "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'journal'", (missed,)
                    )
                connection.executemany("INSERT INTO journal (entry) VALUES (?)", [(text,) for text in texts])
                connection.execute(
                    "DELETE FROM journal WHERE number <= (SELECT MAX(number) FROM journal) - ?", (self._size,)
                )

    def read(self) -> dict[str, Any]:
        """Return ``{"total", "forgotten", "requests"}``, the oldest request first."""
        if self._database is None:
            with self._lock:
                entries, total = list(self._entries), self._count
            requests = [described(item) for item in entries]
        else:
            self.flush()
            with self._database.reading() as connection:
                rows = connection.execute("SELECT number, entry FROM journal ORDER BY number").fetchall()
                found = connection.execute(
                    "SELECT seq FROM sqlite_sequence WHERE name = 'journal'"
                ).fetchone()
            total = found[0] if found else 0
            requests = [{**json.loads(entry), "number": number} for number, entry in rows]
        return {"total": total, "forgotten": total - len(requests), "requests": requests}

    def clear(self) -> None:
        """Forget everything, the count too."""
        with self._lock:
            self._entries.clear()
            self._count = 0
        if self._database is not None:
            with self._database.writing() as connection:
                connection.execute("DELETE FROM journal")
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'journal'")


def headers_of(environ: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the request headers of a WSGI environment, names as it has them (``HTTP_USER_AGENT``)."""
    return [item for item in environ.items() if item[0][:5] == "HTTP_" or item[0] == "CONTENT_TYPE"]


def _titled(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.removeprefix("HTTP_").replace("_", "-").title(): value for name, value in headers}
