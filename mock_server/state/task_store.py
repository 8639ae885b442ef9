"""Tasks, their pictures and what they were charged, in the mock's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .task_model import Schedule, Task

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from mock_server.imaging.input_image import Source

    from .database import Database
    from .webhook_store import Webhook

_COLUMNS = (
    "number, task_id, owner, created_at, starts_at, ends_at, outcome, polls_to_end, parameters, picture,"
    " width, height, megapixels, scenario, webhook_url, base, polls"
)
_INSERT_TASK = (
    f"INSERT INTO tasks ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"  # noqa: S608 - a constant
    " WHERE EXISTS (SELECT 1 FROM pictures WHERE digest = ?)"
)
_SELECT_TASK = f"SELECT {_COLUMNS} FROM tasks WHERE task_id = ?"  # noqa: S608 - a constant
_SELECT_ALL = f"SELECT {_COLUMNS} FROM tasks ORDER BY number DESC LIMIT ?"  # noqa: S608 - a constant
_SELECT_OWNED = f"SELECT {_COLUMNS} FROM tasks WHERE owner = ? ORDER BY number DESC LIMIT ?"  # noqa: S608 - a constant
_TIDY_EVERY = 64  # tasks; a look at the counters at every one would not be free
_SIZES = 4096  # pictures whose size is remembered


class StorageFullError(RuntimeError):
    """There is no room for another picture, and no finished task left that could be forgotten."""


def _task(row: tuple[Any, ...]) -> Task:
    number, task_id, owner, created_at, starts_at, ends_at, outcome, polls_to_end, parameters, *rest = row
    return Task(
        number, task_id, owner, created_at, Schedule(starts_at, ends_at, outcome, polls_to_end),
        parameters, *rest,
    )  # fmt: skip


class TaskStore:
    """The tasks of one mock. At most about ``max_tasks`` and ``max_picture_bytes`` are kept."""

    def __init__(self, database: Database, max_tasks: int, max_picture_bytes: int) -> None:
        self._database = database
        self._max_tasks = max_tasks
        self._max_picture_bytes = max_picture_bytes
        self._no_tidying = 0, 0  # from this task's number up to that one
        self._sizes: dict[str, tuple[int, int]] = {}

    # pictures

    def picture_size(self, digest: str) -> tuple[int, int] | None:
        """Return width and height in pixels of a picture that has been here, or None.

        A digest's size never changes, so it is remembered; whether the picture is still here is for
        :meth:`add_task` to see, in its transaction.
        """
        size = self._sizes.get(digest)
        if size is None:
            with self._database.reading() as connection:
                row = connection.execute(
                    "SELECT width, height FROM pictures WHERE digest = ?", (digest,)
                ).fetchone()
            if row is None:
                return None
            if len(self._sizes) >= _SIZES:
                self._sizes.clear()
            size = self._sizes[digest] = (row[0], row[1])
        return size

    def picture(self, digest: str) -> tuple[bytes, str] | None:
        """Return a picture's file and media type, or None when it was forgotten."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT data, media_type FROM pictures WHERE digest = ?", (digest,)
            ).fetchone()
        return None if row is None else (row[0], row[1])

    # tasks

    def add_task(
        self,
        task: Task,
        source: Source | None,
        new_id: Callable[[int], str],
        webhooks: Sequence[Webhook] = (),
    ) -> Task | None:
        """Store a task, its picture and webhooks in one transaction; the task is its own charge.

        ``new_id`` makes the id of a task that has none from its number. ``source`` is None when the picture
        is here already; if it was forgotten in between, nothing is stored and the answer is None.
        :class:`StorageFullError` when there is no room.
        """
        with self._database.writing() as connection:
            if source is not None:
                self._add_picture(connection, source, task.created_at)
            task_id = task.task_id or new_id(_last_number(connection) + 1)
            added = _insert(connection, task._replace(task_id=task_id))
            for webhook in webhooks if added else ():
                connection.execute(
                    "INSERT INTO deliveries"
                    " (webhook_id, task_id, status, due_at, next_at, attempts, state, log)"
                    " VALUES (?, ?, ?, ?, 0, 0, 'waiting', '[]')",
                    (webhook.webhook_id, task_id, webhook.status, webhook.due_at),
                )
        if added is not None and added.number % _TIDY_EVERY == 0:
            with self._database.writing() as connection:
                self._tidy(connection, added.number, task.created_at)
        return added

    def _tidy(self, connection: sqlite3.Connection, number: int, now: float) -> None:
        """Forget what is too much, now that there is a task of this number."""
        begun, again = self._no_tidying
        if begun <= number < again:
            return
        count = number - _counted(connection, "forgotten tasks", 0)
        if self._forget(connection, count - self._max_tasks, now) < count - self._max_tasks:
            # it looked through all of them: the next look is for when they have become a good many more
            self._no_tidying = number, number + count // 16

    def _add_picture(self, connection: sqlite3.Connection, source: Source, now: float) -> None:
        size = len(source.data)
        while _counted(connection, "picture bytes", 0) + size > self._max_picture_bytes:
            if not self._forget(connection, 1, now):
                raise StorageFullError
        added = connection.execute(
            "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?, ?, ?, ?)",
            (source.digest, source.media_type, source.width, source.height, size, source.data),
        ).rowcount
        _counted(connection, "picture bytes", size * added)

    def _forget(self, connection: sqlite3.Connection, most: int, now: float) -> int:
        """Forget at most ``most`` of the oldest tasks that have ended; return how many there were."""
        if most <= 0:
            return 0
        rows = connection.execute(
            "SELECT number, task_id FROM tasks WHERE ends_at <= ? ORDER BY number LIMIT ?", (now, most)
        ).fetchall()
        for number, task_id in rows:
            # what it was charged is not forgotten with it
            connection.execute(
                "INSERT INTO charges SELECT owner, 1, megapixels FROM tasks WHERE number = ?"
                " ON CONFLICT (owner) DO UPDATE"
                " SET count = count + 1, megapixels = megapixels + excluded.megapixels",
                (number,),
            )
            connection.execute("DELETE FROM tasks WHERE number = ?", (number,))
            connection.execute("DELETE FROM scenario_calls WHERE subject = ?", (task_id,))
            connection.execute("DELETE FROM deliveries WHERE task_id = ?", (task_id,))
        freed = connection.execute(
            "DELETE FROM pictures"
            " WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.picture = pictures.digest) RETURNING size"
        ).fetchall()
        _counted(connection, "picture bytes", -sum(size for (size,) in freed))
        _counted(connection, "forgotten tasks", len(rows))
        return len(rows)

    def task(self, task_id: str) -> Task | None:
        """Return the task with this id, or None."""
        with self._database.reading() as connection:
            row = connection.execute(_SELECT_TASK, (task_id,)).fetchone()
        return None if row is None else _task(row)

    def tasks(self, owner: str | None = None, limit: int = -1) -> list[Task]:
        """Return tasks, the newest first: those of one key, or all; at most ``limit`` unless that is -1."""
        query, values = (_SELECT_ALL, (limit,)) if owner is None else (_SELECT_OWNED, (owner, limit))
        with self._database.reading() as connection:
            rows = connection.execute(query, values).fetchall()
        return [_task(row) for row in rows]

    def states(self, owner: str) -> list[tuple[str, Schedule, int]]:
        """Return id, schedule and number of polls of a key's tasks, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT task_id, starts_at, ends_at, outcome, polls_to_end, polls FROM tasks"
                " WHERE owner = ? ORDER BY number DESC",
                (owner,),
            ).fetchall()
        return [(row[0], Schedule(*row[1:5]), row[5]) for row in rows]

    def change_task(self, task_id: str, change: Callable[[Task], Task]) -> Task | None:
        """Replace a task's schedule and poll count by those of ``change`` of it; None when there is none.

        Its waiting webhooks follow the new schedule. Atomic.
        """
        with self._database.writing() as connection:
            row = connection.execute(_SELECT_TASK, (task_id,)).fetchone()
            if row is None:
                return None
            task = change(_task(row))
            new = task.schedule
            connection.execute(
                "UPDATE tasks SET starts_at = ?, ends_at = ?, outcome = ?, polls_to_end = ?, polls = ?"
                " WHERE task_id = ?",
                (new.starts_at, new.ends_at, new.outcome, new.polls_to_end, task.polls, task_id),
            )
            if task.webhook_url:
                connection.execute(
                    "UPDATE deliveries SET due_at = ?, status = ?"
                    " WHERE task_id = ? AND attempts = 0 AND status <> 'IN_PROGRESS'",
                    (new.ends_at, new.outcome, task_id),
                )
                connection.execute(
                    "UPDATE deliveries SET due_at = ?"
                    " WHERE task_id = ? AND attempts = 0 AND status = 'IN_PROGRESS'",
                    (new.starts_at, task_id),
                )
        return task

    # counts

    def count_scenario_call(self, subject: str, scenario: str) -> int:
        """Count a call that a scenario may apply to; return how many there were before."""
        with self._database.writing() as connection:
            count = connection.execute(
                "INSERT INTO scenario_calls VALUES (?, ?, 1)"
                " ON CONFLICT (subject, scenario) DO UPDATE SET count = count + 1 RETURNING count",
                (subject, scenario),
            ).fetchone()[0]
        return int(count) - 1

    def charges(self) -> dict[str, tuple[int, float]]:
        """Return for each key how many tasks it was charged for, and their results' megapixels.

        Tasks that were forgotten count.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT owner, SUM(count), SUM(megapixels) FROM ("
                " SELECT owner, COUNT(*) AS count, SUM(megapixels) AS megapixels FROM tasks GROUP BY owner"
                " UNION ALL SELECT * FROM charges) GROUP BY owner ORDER BY owner"
            ).fetchall()
        return {owner: (count, megapixels) for owner, count, megapixels in rows}

    def counters(self) -> dict[str, int]:
        """Return the counters: ``tasks`` ever created, ``forgotten tasks``, ``picture bytes``."""
        with self._database.reading() as connection:
            counters = dict(connection.execute("SELECT name, value FROM counters").fetchall())
            return {**counters, "tasks": _last_number(connection)}


def _insert(connection: sqlite3.Connection, task: Task) -> Task | None:
    """Store a task and return it with its number; None when its picture is not here."""
    schedule = task.schedule
    done = connection.execute(
        _INSERT_TASK,
        (
            None, task.task_id, task.owner, task.created_at, schedule.starts_at, schedule.ends_at,
            schedule.outcome, schedule.polls_to_end, task.parameters_json, task.picture, task.width,
            task.height, task.megapixels, task.scenario, task.webhook_url, task.base, task.polls,
            task.picture,
        ),
    )  # fmt: skip
    return task._replace(number=done.lastrowid or 0) if done.rowcount else None


def _last_number(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").fetchone()
    return 0 if row is None else int(row[0])


def _counted(connection: sqlite3.Connection, name: str, more: int = 1) -> int:
    """Add to a counter and return what it is then."""
    row = connection.execute(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
        " RETURNING value",
        (name, more),
    ).fetchone()
    return int(row[0])
