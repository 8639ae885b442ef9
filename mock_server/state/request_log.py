"""The request journal: what was asked, what was answered and what it cost, as far back as it is kept.

Recording an exchange must cost a request next to nothing, and the memory next to nothing: what was seen
is cut short at once (a picture fills megabytes) or, where it is small, kept as it was sent, for a hundred
thousand little objects are work for the garbage collector. It becomes words only when the journal is read.
Keys are shown only when they are the mock's own.
"""

from __future__ import annotations

import json
import logging
import shlex
import threading
from collections import deque
from dataclasses import dataclass, fields
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mock_server.api import json_body

if TYPE_CHECKING:
    import sqlite3

    from .database import Database

log = logging.getLogger(__name__)
_WRITTEN_AFTER_SECONDS = 0.2
_LISTED = 50  # members of a JSON list or object that the journal keeps
_SHOWN = 300  # characters of a string, bytes of a body as it was sent, that the journal keeps
_VALUES = 500  # values of a whole JSON body that the journal keeps
_SMALL = 2 << 10  # bytes of a body, characters of an address: so much is kept until it is shown
_USUAL = 200
_SHORT_ANSWERS = ("create", "status")  # what they answer with 200 is one task
_SECRET_HEADERS = ("x-freepik-api-key", "x-magnific-api-key", "authorization", "cookie")


@dataclass(slots=True)
class Exchange:
    """One request and its answer. ``at`` in Unix seconds, ``seconds`` how long the answer took to make.

    ``raw`` is the body as it was sent, ``body`` what it says when it is JSON; ``answer`` is the answer's
    body, ``sent`` its bytes. ``as_sent`` says that ``body`` and ``answer`` are to be read from those.
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
    sent: bytes = b""
    as_sent: bool = False
    scenario: str = ""
    fault: str = ""
    task_id: str = ""
    charged: bool = False
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    headers_out: tuple[tuple[str, str], ...] = ()
    number: int = 0

    def may_be_large(self) -> bool:
        """Return whether more than a few kilobytes may be in it: all but a task and a short body."""
        unusual = self.status != _USUAL or self.step not in _SHORT_ANSWERS
        return unusual or len(self.raw) > _SMALL or len(self.path) + len(self.query) > _SMALL

    def cut_short(self) -> None:
        """Keep only what is shown of it."""
        self.path, self.query, self.key = cut(self.path), cut(self.query), cut(self.key)
        self.body, self.answer, self.raw = shortened(self.body), shortened(self.answer), self.raw[:_SMALL]
        self.sent = b""

    def keep_as_sent(self) -> None:
        """Keep its bodies as they were sent."""
        self.body, self.answer, self.as_sent = None, None, True

    def read_bodies(self) -> tuple[Any, Any]:
        """Return what the request's body says when it is JSON, and the answer's."""
        if not self.as_sent:
            return self.body, self.answer
        try:
            body = json_body.loads(self.raw)
        except json_body.JSONError:
            body = None
        return body, json.loads(self.sent)


def shown_key(key: str) -> str:
    """Return a key as the journal may show it: the mock's own keys whole, any other hidden."""
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


def curl_line(exchange: Exchange, headers: dict[str, str]) -> str:
    """Return a shell line that repeats the request; a key becomes ``$KEY``, a large body ``@body.json``."""
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
    if exchange.raw:
        text = _text(exchange.raw)
        words += ["--data-binary", "@body.json" if text is None else shlex.quote(text)]
    return " ".join(words)


def _text(raw: bytes) -> str | None:
    """Return a body as text that a shell can carry; None when it was cut or is none."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return text if len(raw) <= _SHOWN and "\0" not in text and text[:1] != "@" else None


def described(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as a JSON value."""
    body, answer = exchange.read_bodies()
    malformed = cut(exchange.raw.decode(errors="replace")) if exchange.raw and body is None else None
    sent = _titled(exchange.headers)
    headers = {
        name: shown_key(value) if name.lower() in _SECRET_HEADERS else value for name, value in sent.items()
    }
    return {
        "number": exchange.number,
        "at": exchange.at,
        "method": exchange.method,
        "path": cut(exchange.path),
        "step": exchange.step,
        "key": shown_key(exchange.key),
        "status": exchange.status,
        "task_id": exchange.task_id or None,
        "charged": exchange.charged,
        "scenario": exchange.scenario or None,
        "fault": exchange.fault or None,
        "seconds": round(exchange.seconds, 6),
        "notes": list(exchange.notes),
        "request": {"headers": headers, "body": shortened(body), "malformed": malformed},
        "answer": shortened(answer),
        "curl": curl_line(exchange, sent),
    }


_values = attrgetter(*(field.name for field in fields(Exchange)))
_to_json = json.JSONEncoder(
    default=lambda data: data.decode("latin-1")
).encode  # what is none of JSON's is bytes


def _from_json(text: str) -> Exchange:
    """Return the exchange that the database has as ``text``."""
    exchange = Exchange(*json.loads(text))
    exchange.raw, exchange.sent = (str(data).encode("latin-1") for data in (exchange.raw, exchange.sent))
    return exchange


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
        if exchange.may_be_large():
            exchange.cut_short()
        else:
            exchange.keep_as_sent()
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
            kept = [_values(item) for item in entries[-self._size :]]
            text = _to_json(kept)
            # one statement for all: Python's lock is waited for after each, while nobody else may write
            with self._database.writing() as connection:
                _count(connection, len(entries) - len(kept))
                connection.execute("INSERT INTO journal (entry) SELECT value FROM json_each(?)", (text,))
                connection.execute(
                    "DELETE FROM journal WHERE number <= (SELECT MAX(number) FROM journal) - ?", (self._size,)
                )

    def read(self, after: int = 0) -> dict[str, Any]:
        """Return ``{"total", "forgotten", "requests"}``, the oldest request first.

        ``after`` leaves out the requests up to this number.
        """
        if self._database is None:
            with self._lock:
                entries, total = list(self._entries), self._count
            requests = [described(item) for item in entries if item.number > after]
            return {"total": total, "forgotten": total - len(entries), "requests": requests}
        self.flush()
        with self._database.reading() as connection:
            total, kept = connection.execute(
                "SELECT IFNULL((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0), COUNT(*)"
                " FROM journal"
            ).fetchone()
            rows = connection.execute(
                "SELECT number, entry FROM journal WHERE number > ? ORDER BY number", (after,)
            ).fetchall()
        requests = [{**described(_from_json(entry)), "number": number} for number, entry in rows]
        return {"total": total, "forgotten": total - kept, "requests": requests}

    def clear(self) -> None:
        """Forget everything, the count too."""
        with self._lock:
            self._entries.clear()
            self._count = 0
        if self._database is not None:
            with self._database.writing() as connection:
                connection.execute("DELETE FROM journal")
                connection.execute("DELETE FROM sqlite_sequence WHERE name = 'journal'")


def _count(connection: sqlite3.Connection, more: int) -> None:
    """Count entries that are never written: the numbers go on as if they had been."""
    if more:
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'journal', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'journal')"
        )
        connection.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'journal'", (more,))


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
