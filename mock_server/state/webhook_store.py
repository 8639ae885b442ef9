"""The webhooks that are to be delivered and how their delivery went, in the mock's database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .database import Database

_DELIVERY = "number, webhook_id, task_id, status, due_at, next_at, attempts, state, log"
_SELECT = f"SELECT {_DELIVERY} FROM deliveries ORDER BY number"  # noqa: S608 - a constant


class Webhook(NamedTuple):
    """A call back that is to be made: ``due_at`` in task time, None while that is not known."""

    webhook_id: str
    status: str
    due_at: float | None


class Delivery(NamedTuple):
    """A webhook as it is kept; ``state`` is waiting, delivered, given_up or refused; ``log`` is JSON."""

    number: int
    webhook_id: str
    task_id: str
    status: str
    due_at: float | None
    next_at: float
    attempts: int
    state: str
    log: str


class Outbox:
    """The webhooks of one mock. ``shared`` says that another process may add some."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.shared = bool(database.path)

    def claim(self, task_now: float, wire_now: float, seconds: float) -> Delivery | None:
        """Take a webhook that is due, so that no other process delivers it for ``seconds``."""
        with self._database.writing() as connection:
            row = connection.execute(
                f"SELECT {_DELIVERY} FROM deliveries WHERE state = 'waiting' AND due_at <= ? AND next_at <= ?"  # noqa: S608 - a constant
                " ORDER BY due_at, number LIMIT 1",
                (task_now, wire_now),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = ? WHERE number = ?",
                (wire_now + seconds, row[0]),
            )
        return Delivery(*row)

    def record(self, number: int, state: str, next_at: float, log: str) -> None:
        """Write down how an attempt went: the webhook's new state, its next attempt, its log."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE deliveries SET state = ?, next_at = ?, log = ? WHERE number = ?",
                (state, next_at, log, number),
            )

    def next_due(self) -> tuple[float | None, float | None]:
        """Return when the next webhook falls due (task time) and the next retry (wire time); None: never."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT MIN(due_at) FILTER (WHERE attempts = 0), MIN(next_at) FILTER (WHERE attempts > 0)"
                " FROM deliveries WHERE state = 'waiting'"
            ).fetchone()
        return row[0], row[1]

    def read(self) -> list[Delivery]:
        """Return every webhook, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT).fetchall()
        return [Delivery(*row) for row in rows]
