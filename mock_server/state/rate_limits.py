"""Rate limits: 50 requests a minute for a key, and 50 and 10 a second for an address.

Counted over a sliding window, the strictest reading of the service's words. Refused requests do not
count. The mock also remembers when it told a key to wait, so that a client that does not is found out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from .database import Database


class Limit(NamedTuple):
    """At most ``most`` requests in any ``window`` seconds."""

    name: str
    most: int
    window: float


PER_KEY = Limit("key", 50, 60.0)
PER_ADDRESS = (Limit("address-burst", 250, 5.0), Limit("address", 1200, 120.0))
"""50 a second over 5 seconds, and 10 a second over 2 minutes."""


class Decision(NamedTuple):
    """Whether a request is let through, what its ``X-RateLimit`` headers say, and how long to wait if not."""

    allowed: bool
    remaining: int
    reset_seconds: int
    wait_seconds: int

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers: the key's limit, what is left of it, seconds until more is free."""
        return (
            ("X-RateLimit-Limit", str(PER_KEY.most)),
            ("X-RateLimit-Remaining", str(max(0, self.remaining))),
            ("X-RateLimit-Reset", str(self.reset_seconds)),
        )


class RateLimits:
    """The limits of one mock, and who was told to wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decide(self, key: str, address: str, now: float) -> Decision:
        """Count a request of ``key`` from ``address`` at wire time ``now``, unless it is refused."""
        buckets = {f"{limit.name}:{address}": limit for limit in PER_ADDRESS}
        places = self.hit({**buckets, f"{PER_KEY.name}:{key}": PER_KEY}, now)
        left, free_in = places[-1]
        waits = [seconds for free, seconds in places if free < 0]
        return Decision(not waits, left, _whole(free_in), _whole(max(waits, default=free_in)))

    def hit(self, buckets: dict[str, Limit], now: float) -> list[tuple[int, float]]:
        """Count a request against several limits, unless one of them is reached: then against none.

        Returns for each how many more fit into the window ``(now - window, now]``, -1 when this one did
        not, and after how many seconds of wire time the next place is free.
        """
        with self._database.writing() as connection:
            seen = [(limit, *_seen(connection, name, now - limit.window)) for name, limit in buckets.items()]
            passes = all(count < limit.most for limit, count, _ in seen)
            if passes:
                connection.executemany("INSERT INTO hits VALUES (?, ?)", [(name, now) for name in buckets])
        return [
            (
                limit.most - count - passes if count < limit.most else -1,
                (now if oldest is None else oldest) + limit.window - now,
            )
            for limit, count, oldest in seen
        ]

    def wait_until(self, owner: str) -> float:
        """Return until when a key was told to wait (wire time); 0 when it was not."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT until FROM waits WHERE owner = ?", (owner,)).fetchone()
        return 0.0 if row is None else float(row[0])

    def tell_to_wait(self, owner: str, until: float) -> None:
        """Remember that a key was told to wait until ``until`` (wire time); 0 forgets it."""
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO waits VALUES (?, ?)", (owner, until))


def _whole(seconds: float) -> int:
    """Return seconds as headers state them: whole, and at least 1."""
    return max(1, math.ceil(seconds))


def _seen(connection: sqlite3.Connection, bucket: str, until: float) -> tuple[int, float | None]:
    """Return how many requests a bucket has after ``until``, and when the oldest was; forget the others."""
    connection.execute("DELETE FROM hits WHERE bucket = ? AND at <= ?", (bucket, until))
    row = connection.execute("SELECT COUNT(*), MIN(at) FROM hits WHERE bucket = ?", (bucket,)).fetchone()
    return row[0], row[1]
