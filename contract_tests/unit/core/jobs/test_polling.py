"""The limit of requests a minute is kept, and every one of many jobs gets its turn."""

from __future__ import annotations

import errno
import threading
from bisect import insort
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.api import rate_limiter as ledger_module
from precision_upscaler.api.rate_limiter import RateLimiter, next_slot
from precision_upscaler.api.retry import Call, PollingPolicy, goes_first

if TYPE_CHECKING:
    from pathlib import Path

waits = st.lists(st.floats(0, 30), min_size=1, max_size=150)
limits = st.integers(1, 60)


def slots(pauses: list[float], limit: int) -> list[tuple[float, float]]:
    """Return (asked, slot) for requests that are asked for ``pauses`` seconds apart."""
    now = 0.0
    taken: list[float] = []
    found = []
    for pause in pauses:
        now += pause
        slot = next_slot(taken, now, limit)
        insort(taken, slot)
        found.append((now, slot))
    return found


@given(waits, limits)
def test_no_minute_holds_more_than_the_limit(pauses: list[float], limit: int) -> None:
    given_out = sorted(slot for _, slot in slots(pauses, limit))
    for first, later in zip(given_out, given_out[limit:], strict=False):
        assert later - first >= 60


@given(waits, limits)
def test_slots_come_in_the_order_they_were_asked_for(pauses: list[float], limit: int) -> None:
    given_out = [slot for _, slot in slots(pauses, limit)]
    assert given_out == sorted(given_out)
    assert all(slot >= asked for asked, slot in slots(pauses, limit))


def test_a_single_job_is_never_held_back() -> None:
    pauses = [PollingPolicy().steady] * 100
    assert all(slot == asked for asked, slot in slots(pauses, 50))


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=150), limits)
def test_what_goes_first_keeps_the_limit_too(asked: list[tuple[float, bool]], limit: int) -> None:
    now = 0.0
    taken: list[float] = []
    for pause, first in asked:
        now += pause
        slot = next_slot(taken, now, limit, first=first)
        assert slot >= now
        if first and sum(at > now - 60 for at in taken) < limit:
            assert slot == now
        insort(taken, slot)
    for earlier, later in zip(taken, taken[limit:], strict=False):
        assert later - earlier >= 60


def test_eight_tasks_that_start_one_after_the_other_do_not_wait_for_the_polls_of_the_earlier_ones(
    tmp_path: Path,
) -> None:
    clock = StandingClock()
    ledger = RateLimiter(tmp_path, "key", 50, clock)
    starting: tuple[Call, ...] = ("list", "create")
    for _ in range(8):
        begun = clock.now
        for call in starting:
            ledger.wait_for_slot(first=goes_first(call))
        assert clock.now == begun
        for _ in range(3):
            ledger.wait_for_slot(first=goes_first("status"))


def test_nobody_waits_for_most_of_a_minute_when_eight_jobs_poll() -> None:
    waited = [slot - asked for asked, slot in slots([1.2] * 200, 50)]
    assert max(waited) < 5


class StandingClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        if wake is None or not wake.is_set():
            self.now += max(0.0, seconds)


def test_two_processes_share_one_limit(tmp_path: Path) -> None:
    clock = StandingClock()
    ledgers = [RateLimiter(tmp_path, "key", 10, clock) for _ in range(2)]
    times = []
    for number in range(30):
        ledgers[number % 2].wait_for_slot()
        times.append(clock.now)
    assert all(later - first >= 60 - 0.002 for first, later in zip(times, times[10:], strict=False))


def test_a_cancelled_wait_gives_its_slot_back(tmp_path: Path) -> None:
    clock = StandingClock()
    ledger = RateLimiter(tmp_path, "key", 1, clock)
    ledger.wait_for_slot()
    cancelled = threading.Event()
    cancelled.set()
    ledger.wait_for_slot(cancelled)
    assert clock.now == 1000.0
    ledger.wait_for_slot()
    assert clock.now == pytest.approx(1060, abs=0.01)


@pytest.mark.parametrize(("limit", "callers"), [(50, 128), (10, 32), (5, 32), (2, 8), (1, 4)])
def test_a_crowd_that_asks_at_once_keeps_the_limit(limit: int, callers: int, tmp_path: Path) -> None:
    """However far ahead the last of them has to wait, no slot is forgotten."""
    came = sorted(Crowd(tmp_path, limit).slots(callers))
    for first, later in zip(came, came[limit:], strict=False):
        assert later - first >= 60 - 0.002
    # nor does anybody wait for longer than the limit asks for
    assert came[-1] - came[0] <= 60 * (callers / limit) + 1


class Crowd:
    """Callers that all ask before the first of them has slept: each has a process of its own."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self.waits = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.waits

    def time(self) -> float:
        return self.monotonic()

    def sleep(self, seconds: float, _wake: threading.Event | None = None) -> None:
        self.waits = seconds

    def slots(self, callers: int) -> list[float]:
        """Return when each caller's slot comes."""
        found = []
        for _ in range(callers):
            self.waits = 0.0
            RateLimiter(self.folder, "key", self.limit, self).wait_for_slot()
            found.append(self.monotonic())
        return found


def test_a_slot_far_ahead_outlives_the_others(tmp_path: Path) -> None:
    """The crowd before it has cancelled; whoever kept on waiting for the last slot still has it."""
    clock = StandingClock()
    path = RateLimiter(tmp_path, "key", 1, clock)._path
    path.write_text("1000.000 1600.000\n")
    clock.now = 1590.0
    RateLimiter(tmp_path, "key", 1, clock).wait_for_slot()
    assert clock.now == pytest.approx(1660, abs=0.01)


@pytest.mark.parametrize("content", [b"", b"1000.0\n", b"nonsense", b"1000.000 10", b"\xff\xfe", b"nan nan"])
def test_a_damaged_ledger_holds_nobody_up(content: bytes, tmp_path: Path) -> None:
    clock = StandingClock()
    ledger = RateLimiter(tmp_path, "key", 1, clock)
    ledger._path.write_bytes(content)
    ledger.wait_for_slot()
    assert clock.now == 1000.0


def test_a_full_disk_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _flags: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ledger_module, "open_private", full)
    RateLimiter(tmp_path, "key", 1, StandingClock()).wait_for_slot()


def test_times_of_an_earlier_boot_hold_nobody_up(tmp_path: Path) -> None:
    clock = StandingClock()
    clock.now = 500_000.0
    ledger = RateLimiter(tmp_path, "key", 1, clock)
    ledger.wait_for_slot()
    clock.now = 499_990.0
    ledger.wait_for_slot()
    assert clock.now == 499_990.0
    clock.now = 20.0
    ledger.wait_for_slot()
    assert clock.now == 20.0
