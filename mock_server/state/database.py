"""The mock's memory: SQLite, in memory, or in a file that outlives a killed process.

One implementation serves both, so that the tests of one are the tests of the other. In memory there is one
connection behind a lock. A file has a connection for each thread that uses it, and may be used by several
processes: with a write-ahead log and ``synchronous=NORMAL`` no acknowledged task is lost with a killed
process, and a power cut may cost the last transactions but never damages the file.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA_VERSION = 4
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
    scenario TEXT NOT NULL, webhook_url TEXT NOT NULL, base TEXT NOT NULL, polls INTEGER NOT NULL,
    megapixels REAL NOT NULL
);
CREATE INDEX tasks_of_owner ON tasks (owner, number);
CREATE INDEX tasks_of_picture ON tasks (picture);
CREATE TABLE charges (owner TEXT PRIMARY KEY, count INTEGER NOT NULL, megapixels REAL NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE scenario_calls (
    subject TEXT NOT NULL, scenario TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (subject, scenario)
) WITHOUT ROWID;
CREATE TABLE hits (bucket TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX hits_of_bucket ON hits (bucket, at);
CREATE TABLE waits (owner TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL, task_id TEXT NOT NULL,
    status TEXT NOT NULL, due_at REAL, next_at REAL NOT NULL, attempts INTEGER NOT NULL,
    state TEXT NOT NULL, log TEXT NOT NULL
);
CREATE INDEX deliveries_of_task ON deliveries (task_id);
CREATE INDEX deliveries_waiting ON deliveries (due_at) WHERE state = 'waiting';
CREATE TABLE requests (number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
"""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'settings'"
_LAYOUT = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_FORGET_REQUEST_COUNT = "DELETE FROM sqlite_sequence WHERE name = 'requests'"


class Database:
    """The tables, transactions on them, and the settings. Thread-safe. ``path`` empty: in memory."""

    def __init__(self, path: str, first: Settings) -> None:
        self.path = path
        self._lock = threading.RLock()  # of the one connection in memory, and of the list of idle ones
        self._writing = threading.RLock()  # who waits for SQLite's own lock sleeps and looks again
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._watcher: sqlite3.Connection | None = None  # notices that another connection has written
        self._data_version = 0
        self._settings = (0, first)
        try:
            self._begin(first)
        except BaseException:
            self.close()
            raise

    def _begin(self, first: Settings) -> None:
        with self.writing() as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    raise sqlite3.DatabaseError("it is a database of another program")
                for statement in _SCHEMA.split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("INSERT INTO settings VALUES (1, 1, ?)", (first.to_json(),))
            elif found != SCHEMA_VERSION:
                raise sqlite3.DatabaseError(
                    f"it is of another version of the mock (format {found}, not {SCHEMA_VERSION})"
                )
        if self.path:
            with self.reading() as connection:
                connection.execute(
                    "PRAGMA journal_mode = WAL"
                )  # kept in the file; now it is known to be ours
            self._watcher = self._connect()
        self._load_settings()

    # connections

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30
        )
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for reading; no other thread has it meanwhile."""
        if not self.path:
            with self._lock:
                if not self._idle:
                    self._idle.append(self._connect())
                yield self._idle[0]
            return
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction that is committed at the end, or undone by an error."""
        with self._writing, self.reading() as connection:
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
            if self._watcher is not None:
                self._watcher.close()
            while self._idle:
                self._idle.pop().close()

    # settings

    def _load_settings(self) -> None:
        with self.reading() as connection:
            version, body = connection.execute("SELECT version, body FROM settings").fetchone()
        if version != self._settings[0]:
            self._settings = (version, Settings.from_json(body))

    @property
    def known(self) -> Settings:
        """The settings as this process read them last: in a request, as they were when it came."""
        return self._settings[1]

    def settings(self) -> Settings:
        """Return the settings as they are now, whichever process changed them last."""
        if self._watcher is not None:
            with self._lock:
                found = 0 if self._closed else self._watcher.execute("PRAGMA data_version").fetchone()[0]
                changed, self._data_version = found != self._data_version, found
            if changed:
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

    # all of it

    def clear(self) -> None:
        """Forget everything but the settings; task numbers and the request log's start over."""
        with self.writing() as connection:
            for (table,) in connection.execute(_TABLES).fetchall():
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables

    def snapshot(self) -> bytes:
        """Return everything but the request log as the bytes of a SQLite file."""
        copy = sqlite3.connect(":memory:")
        with closing(copy):
            with self.reading() as connection:
                connection.backup(copy)
            copy.execute("DELETE FROM requests")
            copy.execute(_FORGET_REQUEST_COUNT)
            copy.commit()
            data = bytearray(copy.serialize())
        data[18:20] = b"\x01\x01"  # "no write-ahead log": with one, the bytes could not be opened from memory
        return bytes(data)

    def restore(self, data: bytes) -> None:
        """Replace all but the request log by a snapshot; ValueError when it is none of this version."""
        copy = sqlite3.connect(":memory:")
        with closing(copy):
            try:
                copy.deserialize(data)
                version = copy.execute("PRAGMA user_version").fetchone()[0]
                sound = copy.execute("PRAGMA quick_check").fetchone()[0] == "ok"
                layout = copy.execute(_LAYOUT).fetchall()
                Settings.from_json(copy.execute("SELECT body FROM settings").fetchone()[0])
            except (sqlite3.Error, MemoryError, OverflowError, ValueError, TypeError, KeyError):
                raise ValueError("this is no snapshot of the mock") from None
            with self._writing, self.reading() as connection:
                if version != SCHEMA_VERSION or not sound or layout != connection.execute(_LAYOUT).fetchall():
                    raise ValueError("this is no snapshot of this version of the mock")
                before = connection.execute("SELECT version FROM settings").fetchone()[0]
                # other processes notice new settings by their version: it must not go back
                copy.execute("UPDATE settings SET version = ?", (before + 1,))
                copy.execute("DELETE FROM requests")
                copy.executemany(
                    "INSERT INTO requests VALUES (?, ?)", connection.execute("SELECT * FROM requests")
                )
                copy.execute(_FORGET_REQUEST_COUNT)  # the snapshot's, and what the rows have just made of it
                copy.executemany(
                    "INSERT INTO sqlite_sequence VALUES (?, ?)",
                    connection.execute("SELECT name, seq FROM sqlite_sequence WHERE name = 'requests'"),
                )
                copy.commit()
                copy.backup(connection)
        self._load_settings()
