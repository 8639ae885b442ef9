"""Rate limits: 50 requests a minute for a key, and 50 and 10 a second for an address.

Counted over a sliding window, the strictest reading of the service's words. Refused requests do not
count. The mock also remembers when it told a key to wait, so that a client that does not is found out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Database


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` requests in any ``window`` seconds."""

    name: str
    most: int
    window: float


PER_KEY = Limit("key", 50, 60.0)
PER_ADDRESS = (Limit("address-burst", 250, 5.0), Limit("address", 1200, 120.0))
"""50 a second over 5 seconds, and 10 a second over 2 minutes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is let through, and what its ``X-RateLimit`` headers say."""

    allowed: bool
    remaining: int
    reset_seconds: int

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

    def judge(self, key: str, address: str, now: float) -> Verdict:
        """Count a request of ``key`` from ``address`` at wire time ``now`` and say if it is let through."""
        for limit in PER_ADDRESS:
            left, seconds = self.hit(f"{limit.name}:{address}", now, limit.window, limit.most)
            if left < 0:
                return Verdict(allowed=False, remaining=0, reset_seconds=math.ceil(seconds))
        left, seconds = self.hit(f"{PER_KEY.name}:{key}", now, PER_KEY.window, PER_KEY.most)
        return Verdict(left >= 0, left, max(1, math.ceil(seconds)))

    def hit(self, bucket: str, now: float, window: float, limit: int) -> tuple[int, float]:
        """Count a request against a limit, unless the limit is reached; times in seconds of wire time.

        Returns how many more fit into the window ``(now - window, now]``, -1 when this one did not, and
        after how many seconds the next place is free.
        """
        with self._database.writing() as connection:
            connection.execute("DELETE FROM hits WHERE bucket = ? AND at <= ?", (bucket, now - window))
            count, oldest = connection.execute(
                "SELECT COUNT(*), MIN(at) FROM hits WHERE bucket = ?", (bucket,)
            ).fetchone()
            if count < limit:
                connection.execute("INSERT INTO hits VALUES (?, ?)", (bucket, now))
                oldest = now if oldest is None else oldest
                count += 1
                return limit - count, oldest + window - now
        return -1, oldest + window - now

    def wait_until(self, owner: str) -> float:
        """Return until when a key was told to wait (wire time); 0 when it was not."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT until FROM waits WHERE owner = ?", (owner,)).fetchone()
        return 0.0 if row is None else float(row[0])

    def tell_to_wait(self, owner: str, until: float) -> None:
        """Remember that a key was told to wait until ``until`` (wire time); 0 forgets it."""
        with self._database.reading() as connection:
            connection.execute("INSERT OR REPLACE INTO waits VALUES (?, ?)", (owner, until))
