"""Everything the mock remembers, in SQLite: in memory, or in a file that outlives a killed process.

One implementation serves both, so that the tests of one are the tests of the other. In memory there is
one connection behind a lock; a file has a connection for each thread that is at it, and any number of
processes. A transaction has reached the file before its request is answered: SQLite's write-ahead log
with ``synchronous=NORMAL`` survives ``kill -9`` of every process (a power cut may cost the last moments).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .settings import Settings
from .tasks import Schedule, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .pictures import Source

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE settings (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE pictures (
    digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    size INTEGER NOT NULL, data BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    created_at REAL NOT NULL, starts_at REAL, ends_at REAL, outcome TEXT NOT NULL, polls_to_end INTEGER,
    parameters TEXT NOT NULL, picture TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    scenario TEXT NOT NULL, webhook_url TEXT NOT NULL, polls INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tasks_of_owner ON tasks (owner, number);
CREATE INDEX tasks_of_picture ON tasks (picture);
CREATE TABLE charges (owner TEXT PRIMARY KEY, count INTEGER NOT NULL, megapixels REAL NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_COLUMNS = (
    "number, task_id, owner, created_at, starts_at, ends_at, outcome, polls_to_end, parameters, picture,"
    " width, height, scenario, webhook_url, polls"
)


class FullError(RuntimeError):
    """There is no room for another picture, and no finished task left that could be forgotten."""


def _task(row: tuple[Any, ...]) -> Task:
    number, task_id, owner, created_at, starts_at, ends_at, outcome, polls_to_end, parameters, *rest = row
    picture, width, height, scenario, webhook_url, polls = rest
    return Task(
        number, task_id, owner, created_at, Schedule(starts_at, ends_at, outcome, polls_to_end),
        json.loads(parameters), picture, width, height, scenario, webhook_url, polls,
    )  # fmt: skip


class Store:
    """The mock's memory. Thread-safe. ``path`` names the file; empty keeps all in memory."""

    def __init__(self, path: str, first: Settings) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._settings = (0, first)
        with self.writing() as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("INSERT INTO settings VALUES (1, 1, ?)", (first.to_json(),))
            elif found != SCHEMA_VERSION:
                raise sqlite3.DatabaseError(
                    f"{path} was written by another version of the mock (format {found}, not {SCHEMA_VERSION})"
                )
        self._load_settings()

    # connections

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30
        )
        if self.path:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for reading, or for one statement that writes."""
        if not self.path:
            with self._lock:
                if not self._idle:
                    self._idle.append(self._connect())
                yield self._idle[0]
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction that is committed at the end, or undone by an error."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; a memory store is gone after that."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    # settings

    def _load_settings(self) -> None:
        with self.reading() as connection:
            version, body = connection.execute("SELECT version, body FROM settings").fetchone()
        self._settings = (version, Settings.from_json(body))

    def settings(self) -> Settings:
        """Return the settings as they are now, whichever process changed them last."""
        if self.path:
            with self.reading() as connection:
                version = connection.execute("SELECT version FROM settings").fetchone()[0]
            if version != self._settings[0]:
                self._load_settings()
        return self._settings[1]

    def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Replace the settings by ``change`` of what they are; return the new ones. Atomic."""
        with self.writing() as connection:
            version, body = connection.execute("SELECT version, body FROM settings").fetchone()
            settings = change(Settings.from_json(body))
            connection.execute("UPDATE settings SET version = ?, body = ?", (version + 1, settings.to_json()))
            self._settings = (version + 1, settings)
        return settings

    # pictures

    def picture_header(self, digest: str) -> tuple[int, int] | None:
        """Return width and height in pixels of a picture that is already here, or None."""
        with self.reading() as connection:
            row = connection.execute("SELECT width, height FROM pictures WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else (row[0], row[1])

    def picture(self, digest: str) -> tuple[bytes, str] | None:
        """Return a picture's file and media type, or None when it was forgotten."""
        with self.reading() as connection:
            row = connection.execute("SELECT data, media_type FROM pictures WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else (row[0], row[1])

    # tasks

    def add_task(self, task: Task, source: Source | None, new_id: Callable[[int], str]) -> Task:
        """Store a task, its picture (None: it is here already) and its charge in one transaction.

        ``new_id`` makes the task's id from its number.
        """
        schedule = task.schedule
        with self.writing() as connection:
            if source is not None:
                connection.execute(
                    "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?, ?)",
                    (source.digest, source.media_type, source.width, source.height, len(source.data), source.data),
                )
            number = connection.execute(
                "INSERT INTO counters VALUES ('tasks', 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
            ).fetchone()[0]
            task = replace(task, number=number, task_id=new_id(number))
            connection.execute(
                f"INSERT INTO tasks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant of ours
                (
                    number, task.task_id, task.owner, task.created_at, schedule.starts_at, schedule.ends_at,
                    schedule.outcome, schedule.polls_to_end, json.dumps(task.parameters), task.picture, task.width,
                    task.height, task.scenario, task.webhook_url, task.polls,
                ),
            )  # fmt: skip
            megapixels = task.width * task.height * task.scale_factor**2 / 1e6
            connection.execute(
                "INSERT INTO charges VALUES (?, 1, ?) ON CONFLICT (owner) DO UPDATE"
                " SET count = count + 1, megapixels = megapixels + excluded.megapixels",
                (task.owner, megapixels),
            )
        return task

    def task(self, task_id: str) -> Task | None:
        """Return the task with this id, or None."""
        with self.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM tasks WHERE task_id = ?", (task_id,)).fetchone()  # noqa: S608 - as above
        return None if row is None else _task(row)

    def tasks(self, owner: str | None = None, limit: int = -1) -> list[Task]:
        """Return tasks, the newest first: those of one key, or all."""
        where, values = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM tasks {where} ORDER BY number DESC LIMIT {limit:d}",  # noqa: S608 - as above
                values,
            ).fetchall()
        return [_task(row) for row in rows]

    def count_poll(self, task_id: str) -> Task | None:
        """Count a status call of a task and return the task, or None."""
        with self.writing() as connection:
            connection.execute("UPDATE tasks SET polls = polls + 1 WHERE task_id = ?", (task_id,))
            row = connection.execute(f"SELECT {_COLUMNS} FROM tasks WHERE task_id = ?", (task_id,)).fetchone()  # noqa: S608 - as above
        return None if row is None else _task(row)

    def set_schedule(self, task_id: str, schedule: Schedule) -> None:
        """Give a task another future."""
        with self.reading() as connection:
            connection.execute(
                "UPDATE tasks SET starts_at = ?, ends_at = ?, outcome = ?, polls_to_end = ? WHERE task_id = ?",
                (schedule.starts_at, schedule.ends_at, schedule.outcome, schedule.polls_to_end, task_id),
            )

    # counts

    def count(self, name: str) -> int:
        """Add 1 to a counter and return what it was before."""
        with self.reading() as connection:
            value = connection.execute(
                "INSERT INTO counters VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name,),
            ).fetchone()[0]
        return int(value) - 1

    def charges(self) -> dict[str, tuple[int, float]]:
        """Return for each key how many tasks it was charged for, and their results' megapixels."""
        with self.reading() as connection:
            rows = connection.execute("SELECT owner, count, megapixels FROM charges ORDER BY owner").fetchall()
        return {owner: (count, megapixels) for owner, count, megapixels in rows}

    def clear(self) -> None:
        """Forget every task, picture, charge and count; the settings stay."""
        with self.writing() as connection:
            for table in ("tasks", "pictures", "charges", "counters"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - as above
