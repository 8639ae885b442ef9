"""The mock's memory: SQLite, in memory, or in a file that outlives a killed process.

One implementation serves both, so that the tests of one are the tests of the other. In memory there is
one connection behind a lock; a file has a connection for each thread that is at it, and any number of
processes. A transaction has reached the system before its request is answered: SQLite's write-ahead log
survives ``kill -9`` of every process. Nobody waits for the disk: a power cut may cost the file.
"""

from __future__ import annotations

import mmap
import sqlite3
import struct
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from .settings import Settings

try:
    import fcntl
except ImportError:  # Windows, where no two processes of a mock share a file
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

SCHEMA_VERSION = 2
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
CREATE TABLE strikes (
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
CREATE TABLE journal (number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL);
"""
_TABLES = ("tasks", "pictures", "charges", "counters", "strikes", "hits", "waits", "deliveries", "journal")
_LAYOUT = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_COUNT = struct.Struct("=Q")
_FORGET_COUNT = "DELETE FROM sqlite_sequence WHERE name = 'journal'"


class _Shared:
    """What those who have a file open share beside it: whose turn it is to write, and a count of changes.

    SQLite has a lock of its own, which stays in force, but who waits for that sleeps a millisecond or more
    and looks again; for this one the system wakes up the next at once. ``changes`` counts how often the
    settings began or ended to be changed; None where it cannot be known.
    """

    def __init__(self, path: str) -> None:
        self._threads = threading.Lock()
        self._file = self._memory = None
        if path and fcntl is not None:
            self._file = Path(path + "-shared").open("a+b")  # noqa: SIM115 - closed by close()
            self._file.truncate(_COUNT.size)
            self._memory = mmap.mmap(self._file.fileno(), _COUNT.size)

    def take_turn(self) -> None:
        """Wait until nobody else writes; whoever is killed has given the turn back."""
        self._threads.acquire()
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def end_turn(self) -> None:
        """Let the next one write."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    @property
    def changes(self) -> int | None:
        """How often the settings began or ended to be changed."""
        memory = self._memory
        return None if memory is None else int(_COUNT.unpack_from(memory)[0])

    def count_change(self) -> None:
        """Count that the settings begin, or end, to be changed; in one's turn alone."""
        if self._memory is not None:
            _COUNT.pack_into(self._memory, 0, _COUNT.unpack_from(self._memory)[0] + 1)

    def close(self) -> None:
        """Close the file; who comes later has SQLite's lock alone, and reads the settings every time."""
        with self._threads:
            if self._file is not None:
                self._file.close()
            self._file = self._memory = None


class _Lent:
    """A connection lent for reading."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        self._connection = self._database.take()
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._database.give_back(self._connection)


class _Turn(_Lent):
    """A connection lent while nobody else writes."""

    __slots__ = ()

    def __enter__(self) -> sqlite3.Connection:
        connection = super().__enter__()
        self._database.shared.take_turn()
        return connection

    def __exit__(self, *_: object) -> None:
        self._database.shared.end_turn()
        super().__exit__()


class _Transaction(_Turn):
    """A connection lent inside a transaction that is committed at the end, or undone by an error."""

    __slots__ = ("_of_settings",)

    def __init__(self, database: Database, *, of_settings: bool) -> None:
        super().__init__(database)
        self._of_settings = of_settings

    def __enter__(self) -> sqlite3.Connection:
        connection = super().__enter__()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            super().__exit__()
            raise
        return connection

    def __exit__(self, *error: object) -> None:
        if self._of_settings:
            self._database.shared.count_change()
        try:
            self._connection.execute("COMMIT" if error[0] is None else "ROLLBACK")
        finally:
            if self._of_settings:
                self._database.shared.count_change()
            super().__exit__()


class Database:
    """The tables, transactions on them, and the settings. Thread-safe. ``path`` empty: in memory."""

    def __init__(self, path: str, first: Settings) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self.shared = _Shared(path)
        self._changes: int | None = None
        self._settings = (0, first)
        try:
            self._begin(first)
        except BaseException:
            self.close()
            raise

    def _begin(self, first: Settings) -> None:
        with self.writing(settings=True) as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                connection.execute("INSERT INTO settings VALUES (1, 1, ?)", (first.to_json(),))
            elif found != SCHEMA_VERSION:
                raise sqlite3.DatabaseError(
                    f"{self.path} is of another version of the mock (format {found}, not {SCHEMA_VERSION})"
                )
        self._load_settings()

    # connections

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30
        )
        if self.path:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
        return connection

    def take(self) -> sqlite3.Connection:
        """Return a connection for this thread alone until :meth:`give_back`."""
        if self.path:
            try:
                return self._idle.pop()
            except IndexError:
                return self._connect()
        self._lock.acquire()
        if not self._idle:
            self._idle.append(self._connect())
        return self._idle[0]

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Take back what :meth:`take` lent."""
        if not self.path:
            self._lock.release()
        elif self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lend a connection for reading."""
        return _Lent(self)

    def writing_once(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lend a connection for one statement that writes: that is a transaction by itself."""
        return _Turn(self)

    def writing(self, *, settings: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        """Lend a connection inside a transaction that is committed at the end, or undone by an error.

        ``settings`` says that it may change them.
        """
        return _Transaction(self, of_settings=settings)

    def close(self) -> None:
        """Close every connection; a memory store is gone after that."""
        with self._lock:
            self._closed = True
            self.shared.close()
            while self._idle:
                self._idle.pop().close()

    # settings

    def _load_settings(self) -> None:
        with self.reading() as connection:
            version, body = connection.execute("SELECT version, body FROM settings").fetchone()
        self._settings = (version, Settings.from_json(body))

    @property
    def known(self) -> Settings:
        """The settings as this process read them last: in a request, as they were when it came."""
        return self._settings[1]

    def settings(self) -> Settings:
        """Return the settings as they are now, whichever process changed them last."""
        if self.path:
            changes = self.shared.changes  # before the look at them: what changes meanwhile counts once more
            if changes is None or changes != self._changes:
                with self.reading() as connection:
                    version = connection.execute("SELECT version FROM settings").fetchone()[0]
                if version != self._settings[0]:
                    self._load_settings()
                self._changes = changes
        return self._settings[1]

    def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Replace the settings by ``change`` of what they are; return the new ones. Atomic."""
        with self.writing(settings=True) as connection:
            version, body = connection.execute("SELECT version, body FROM settings").fetchone()
            settings = change(Settings.from_json(body))
            connection.execute("UPDATE settings SET version = ?, body = ?", (version + 1, settings.to_json()))
            self._settings = (version + 1, settings)
        return settings

    # all of it

    def clear(self) -> None:
        """Forget everything but the settings; task numbers and the journal's start over."""
        with self.writing() as connection:
            for table in (*_TABLES, "sqlite_sequence"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants

    def snapshot(self) -> bytes:
        """Return everything but the journal as the bytes of a SQLite file."""
        copy = sqlite3.connect(":memory:")
        with closing(copy):
            with self.reading() as connection:
                connection.backup(copy)
            copy.execute("DELETE FROM journal")
            copy.execute(_FORGET_COUNT)
            copy.commit()
            data = bytearray(copy.serialize())
        data[18:20] = b"\x01\x01"  # "no write-ahead log": with one, the bytes could not be opened from memory
        return bytes(data)

    def restore(self, data: bytes) -> None:
        """Replace everything but the journal by a snapshot; ValueError when it is none of this version."""
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
            with self.reading() as connection:
                if version != SCHEMA_VERSION or not sound or layout != connection.execute(_LAYOUT).fetchall():
                    raise ValueError("this is no snapshot of this version of the mock")
                before = connection.execute("SELECT version FROM settings").fetchone()[0]
                # other processes notice new settings by their version: it must not go back
                copy.execute("UPDATE settings SET version = ?", (before + 1,))
                copy.execute("DELETE FROM journal")
                copy.executemany(
                    "INSERT INTO journal VALUES (?, ?)", connection.execute("SELECT * FROM journal")
                )
                copy.execute(_FORGET_COUNT)  # the snapshot's, and what the rows have just made of it
                copy.executemany(
                    "INSERT INTO sqlite_sequence VALUES (?, ?)",
                    connection.execute("SELECT name, seq FROM sqlite_sequence WHERE name = 'journal'"),
                )
                copy.commit()
                self.shared.take_turn()
                try:
                    self.shared.count_change()
                    copy.backup(connection)
                    self.shared.count_change()
                finally:
                    self.shared.end_turn()
        self._load_settings()
