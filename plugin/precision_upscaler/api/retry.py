"""When to ask again and when to give up: polling and retrying as pure decisions.

Nothing here reads a clock, sleeps or rolls dice; the caller hands in elapsed seconds and a random
number, which is what makes every decision testable by properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Literal

Call = Literal["create", "status", "list", "download"]


def goes_first(call: Call) -> bool:
    """Whether ``call`` goes before the polls of other jobs where they share the requests of a minute."""
    return call != "status"


@dataclass(frozen=True)
class PollingPolicy:
    """How often a task is read while it runs.

    Starts at ``first`` seconds for the task that is quick against all expectation and slows down to
    ``early``. From half the expected time to five times of it, in which every task of public record
    ended (one took four times), it asks every ``steady`` seconds: an end is then known 0.7 s later on
    average, at 44 requests a minute; the rest of 50 is for creating and finding tasks. Stragglers are
    asked less and less often. How several jobs share the limit is the ledger's business.
    """

    first: float = 1.0
    growth: float = 1.5
    early: float = 6.0
    steady: float = 1.35
    late: float = 5.0
    straggling: float = 0.03
    slowest: float = 30.0
    jitter: float = 0.1
    deadline: float = 3600.0

    def interval(self, attempt: int, elapsed: float, expected: float, random: float) -> float:
        """Return the seconds from a poll's start to that of the next; ``attempt`` counts them from 0.

        ``elapsed`` counts since the task was created; ``random`` is a random number in [0, 1), which
        spreads the polls of many jobs by plus or minus ``jitter``.
        """
        if elapsed < 0.5 * expected:
            ceiling = max(self.steady, min(self.early, 0.5 * expected - elapsed))
        elif elapsed < self.late * expected:
            ceiling = self.steady
        else:
            ceiling = max(self.steady, self.straggling * elapsed)
        quick = self.first * self.growth ** min(attempt, 50)
        seconds = min(quick, ceiling, self.slowest)
        return max(self.first, seconds) * (1 + self.jitter * (2 * random - 1))


class RetryDecision(Enum):
    """What a failed call means for the job."""

    RETRY = "try again after a pause"
    RENEW = "the link has expired: read the task again for a new one"
    RESOLVE = "the create may have been accepted: find out before anything else"
    GIVE_UP = "no repetition will help"


@dataclass(frozen=True)
class Failure:
    """What is known about a call that did not succeed.

    ``status`` is the HTTP status, None when there was no answer; ``reached`` says whether the whole
    request may have reached the service; ``retry_after`` is the wish of the answer in seconds.
    """

    call: Call
    status: int | None = None
    reached: bool = True
    retry_after: float | None = None
    hopeless: bool = False


_EXPIRED_LINK = frozenset({401, 403, 404, 410})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOLD_TO_WAIT = frozenset({429, 503})
_TOO_MANY = 429
_EARLIEST_UNIX_TIME = 1e9


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently a failed call is repeated.

    ``creates`` bounds the repetitions of a create that was certainly not accepted; ``others`` those
    of the free calls in a row (polling itself has only the deadline).
    """

    creates: int = 4
    others: int = 6
    base: float = 1.0
    slowest: float = 30.0
    longest_retry_after: float = 300.0

    def decide(self, failure: Failure) -> RetryDecision:
        """Decide what ``failure`` means. A create is repeated only if it certainly was not accepted."""
        if failure.hopeless:
            return RetryDecision.GIVE_UP
        if failure.call == "create":
            return self._decide_create(failure)
        if failure.status is None or failure.status in _TRANSIENT:
            return RetryDecision.RETRY
        if failure.call == "download" and failure.status in _EXPIRED_LINK:
            return RetryDecision.RENEW
        return RetryDecision.RETRY if failure.status >= 500 or failure.status < 300 else RetryDecision.GIVE_UP  # noqa: PLR2004 - HTTP's classes

    def asks_too_long(self, failure: Failure) -> bool:
        """Whether the service wants to be left alone for longer than anybody waits before a payment."""
        wish = failure.retry_after
        return failure.status in _TOLD_TO_WAIT and wish is not None and wish > self.longest_retry_after

    def _decide_create(self, failure: Failure) -> RetryDecision:
        if failure.status in _TOLD_TO_WAIT:
            return RetryDecision.GIVE_UP if self.asks_too_long(failure) else RetryDecision.RETRY
        if failure.status is None:
            return RetryDecision.RESOLVE if failure.reached else RetryDecision.RETRY
        # a plain refusal was not accepted; a 2xx nobody can read and every other 5xx may have been
        refused = 300 <= failure.status < 500 and failure.status != 408  # noqa: PLR2004 - HTTP's classes
        return RetryDecision.GIVE_UP if refused else RetryDecision.RESOLVE

    def pause(
        self, attempt: int, retry_after: float | None, random: float, longest: float | None = None
    ) -> float:
        """Return the seconds before repetition ``attempt`` (0 is the first), with full jitter.

        A Retry-After is honoured as it is, up to ``longest`` (``longest_retry_after`` when not given).
        """
        if retry_after is not None:
            return min(max(retry_after, 0.0), self.longest_retry_after if longest is None else longest)
        return float(min(self.slowest, self.base * 2 ** min(attempt, 30)) * (0.5 + 0.5 * random))


@dataclass(frozen=True)
class RateLimitStatus:
    """What an answer says about the key's rate limit.

    ``per_minute`` is the limit, None when not said; ``wait`` the seconds in which nothing more is allowed.
    """

    per_minute: int | None = None
    wait: float = 0.0


def read_rate_limit(status: int, headers: Mapping[str, str], now: float) -> RateLimitStatus:
    """Read ``X-RateLimit-*`` and, of a 429, ``Retry-After``; ``headers`` have lower-case names.

    ``X-RateLimit-Reset`` is taken as seconds, or as unix time when it is that large. A limit of 0 or one
    that is no number says nothing.
    """
    limit = _whole(headers.get("x-ratelimit-limit"))
    remaining = _whole(headers.get("x-ratelimit-remaining"))
    wait = 0.0
    if remaining == 0:
        reset = parse_retry_after(headers.get("x-ratelimit-reset"), now) or 0.0
        wait = reset - now if reset > _EARLIEST_UNIX_TIME else reset
    if status == _TOO_MANY:
        wait = max(wait, parse_retry_after(headers.get("retry-after"), now) or 0.0)
    return RateLimitStatus(limit or None, max(0.0, wait))


def _whole(value: str | None) -> int | None:
    # a list of limits, as some gateways send it, begins with the one that matters now
    first = (value or "").partition(",")[0].partition(";")[0].strip()
    return int(first) if re.fullmatch(r"[0-9]{1,9}", first) else None


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Read a Retry-After header, in seconds or as HTTP date, against unix time ``now``.

    Returns seconds, never negative, or None when there is no usable value.
    """
    value = (value or "").strip()
    # digits of ASCII alone (RFC 9110); float() would also take "1_0", "1e3" and an Arabic three
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:  # HTTP knows no other zone
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)
