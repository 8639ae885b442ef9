"""The request log: what was asked, what was answered and what it cost, as far back as it is kept.

What is remembered of a request has a bounded size, however large its picture was. Keys are shown only when
they are the mock's own.
"""

from __future__ import annotations

import json
import logging
import shlex
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from .database import Database

log = logging.getLogger(__name__)
_WRITTEN_AFTER_SECONDS = 0.2
_LISTED = 50  # members of a JSON list or object that are kept
_SHOWN = 300  # characters of a string, bytes of a body as it was sent, that are kept
_VALUES = 500  # values of a whole JSON body that are kept
_SECRET_HEADERS = ("x-freepik-api-key", "x-magnific-api-key", "authorization", "cookie")


@dataclass
class RecordedRequest:
    """One request and its answer. ``at`` in Unix seconds, ``seconds`` how long the answer took to make.

    ``raw`` is the body as it was sent, ``body`` its value when it is JSON; ``answer`` is the answer's body,
    ``headers_out`` the headers added to it.
    """

    at: float
    method: str
    base: str
    path: str
    query: str
    step: str
    headers: dict[str, str]
    body: Any = None
    raw: bytes = b""
    key: str = ""
    status: int = 0
    answer: Any = None
    scenario: str = ""
    fault: str = ""
    task_id: str = ""
    charged: bool = False
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    headers_out: tuple[tuple[str, str], ...] = ()


def shown_key(key: str) -> str:
    """Return a key as the request log may show it: the mock's own keys whole, any other hidden."""
    return key if key.startswith("mock-") or not key else "(a key of yours)"


def cut(text: str) -> str:
    """Return a text, or its beginning and how long it was when it is long."""
    return text if len(text) <= _SHOWN else f"{text[:60]}… ({len(text)} characters)"


def shortened(value: Any) -> Any:
    """Return a JSON value with long strings, long lists and large objects cut; bytes become their number.

    What comes back has a bounded size, however the value was made, and is not shortened any further.
    """
    return _Shortening().of(value)


class _Shortening:
    """One value's shortening, which counts how much it has let through."""

    def __init__(self) -> None:
        self._left = _VALUES

    def of(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            return "…"
        if isinstance(value, str):
            return cut(value)
        if isinstance(value, bytes):
            return f"({len(value)} bytes)"
        if not value or not isinstance(value, (dict, list)):
            return value
        more = ["…"] * (len(value) > _LISTED)
        if isinstance(value, list):
            return [self.of(member) for member in value[:_LISTED]] + more
        members = {cut(name): self.of(member) for name, member in islice(value.items(), _LISTED)}
        return members | dict.fromkeys(more, "…")


def curl_line(record: RecordedRequest, headers: dict[str, str]) -> str:
    """Return a shell line that repeats the request; a key becomes ``$KEY``, a large body ``@body.json``."""
    words = [
        "curl",
        "-sS",
        "-X",
        record.method,
        shlex.quote(
            record.base + quote(cut(record.path)) + ("?" + cut(record.query) if record.query else "")
        ),
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
    if record.raw:
        text = _text(record.raw)
        words += ["--data-binary", "@body.json" if text is None else shlex.quote(text)]
    return " ".join(words)


def _text(raw: bytes) -> str | None:
    """Return a body as text that a shell can carry; None when it was cut or is none."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if len(raw) <= _SHOWN and "\0" not in text and text[:1] != "@" else None


def described(record: RecordedRequest) -> dict[str, Any]:
    """Return a recorded request as a JSON value of bounded size."""
    raw = record.raw[: 4 * _SHOWN]
    malformed = cut(raw.decode(errors="replace")) if raw and record.body is None else None
    sent = _titled(record.headers)
    headers = {
        name: shown_key(value) if name.lower() in _SECRET_HEADERS else value for name, value in sent.items()
    }
    return {
        "at": record.at,
        "method": record.method,
        "path": cut(record.path),
        "step": record.step,
        "key": cut(shown_key(record.key)),
        "status": record.status,
        "task_id": record.task_id or None,
        "charged": record.charged,
        "scenario": record.scenario or None,
        "fault": record.fault or None,
        "seconds": round(record.seconds, 6),
        "notes": list(record.notes),
        "request": {"headers": headers, "body": shortened(record.body), "malformed": malformed},
        "answer": shortened(record.answer),
        "curl": curl_line(record, sent),
    }


class RequestLog:
    """The last requests, at most ``size``. Thread-safe.

    With a database the log outlives the process: requests are written to it a moment later, so that none
    waits for it, and at the latest when the log is read.
    """

    def __init__(self, size: int, database: Database | None = None) -> None:
        self._size = size
        self._database = database
        self._entries: deque[tuple[int, dict[str, Any]]] = deque(maxlen=size if database is None else None)
        self._count = 0
        self._lock = threading.Lock()
        self._flushing = threading.Lock()  # so that the last flush waits for one in progress
        self._writer: threading.Timer | None = None

    def add(self, record: RecordedRequest) -> None:
        """Remember a request; the oldest one is forgotten when there are too many."""
        if log.isEnabledFor(logging.INFO):
            notes = "".join(f" ({note})" for note in record.notes)
            log.info("%s %s %s%s", record.method, cut(record.path), record.status, notes)
        entry = described(record)
        with self._lock:
            self._count += 1
            self._entries.append((self._count, entry))
            if self._database is not None and self._writer is None:
                self._writer = threading.Timer(_WRITTEN_AFTER_SECONDS, self._write)
                self._writer.daemon = True
                self._writer.start()

    def _write(self) -> None:
        try:
            self.flush()
        except sqlite3.Error:  # such as a full disk; a request that was answered cannot fail any more
            log.exception("requests could not be written to the request log")

    def flush(self) -> None:
        """Write what is not in the database yet."""
        if self._database is None:
            return
        with self._flushing:
            with self._lock:
                entries = [entry for _, entry in self._entries]
                self._writer = None
                self._entries.clear()
            if entries:
                self._store(self._database, entries)

    def _store(self, database: Database, entries: list[dict[str, Any]]) -> None:
        kept = entries[-self._size :] if self._size else []
        with database.writing() as connection:
            _count(connection, len(entries) - len(kept))
            connection.executemany(
                "INSERT INTO requests (entry) VALUES (?)", [(json.dumps(entry),) for entry in kept]
            )
            connection.execute(
                "DELETE FROM requests WHERE number <= (SELECT MAX(number) FROM requests) - ?", (self._size,)
            )

    def read(self, after: int = 0) -> dict[str, Any]:
        """Return ``{"total", "forgotten", "requests"}``, the oldest request first.

        ``after`` leaves out the requests up to this number.
        """
        if self._database is None:
            with self._lock:
                entries, total = list(self._entries), self._count
            kept = len(entries)
            requests = [{"number": number, **entry} for number, entry in entries if number > after]
        else:
            self.flush()
            with self._database.reading() as connection:
                total, kept = connection.execute(
                    "SELECT IFNULL((SELECT seq FROM sqlite_sequence WHERE name = 'requests'), 0), COUNT(*)"
                    " FROM requests"
                ).fetchone()
                rows = connection.execute(
                    "SELECT number, entry FROM requests WHERE number > ? ORDER BY number", (after,)
                ).fetchall()
            requests = [{"number": number, **json.loads(entry)} for number, entry in rows]
        return {"total": total, "forgotten": total - kept, "requests": requests}

    def clear(self) -> None:
        """Forget everything, the count too."""
        with self._lock:
            self._entries.clear()
            self._count = 0
        if self._database is not None:
            with self._database.writing() as connection:
                connection.execute("DELETE FROM requests")
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'requests'")


def _count(connection: sqlite3.Connection, more: int) -> None:
    """Count entries that are never written: the numbers go on as if they had been."""
    if more:
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'requests', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'requests')"
        )
        connection.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'requests'", (more,))


def headers_of(environ: dict[str, Any]) -> dict[str, str]:
    """Return the request headers of a WSGI environment, names as it has them (``HTTP_USER_AGENT``).

    Long values are cut, as what is long elsewhere.
    """
    return {
        name: value if len(value) <= _SHOWN else cut(value)
        for name, value in environ.items()
        if name[:5] == "HTTP_" or name == "CONTENT_TYPE"
    }


def _titled(headers: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("HTTP_").replace("_", "-").title(): value for name, value in headers.items()}
