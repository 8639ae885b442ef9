"""What the service says about its limit is obeyed by every process of the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from precision_upscaler.api.rate_limiter import RateLimiter
from precision_upscaler.api.retry import RateLimitStatus

from contract_tests.support.jobs.job_environment import FakeClock, JobEnvironment


def minute(limiter: RateLimiter, clock: FakeClock, requests: int) -> float:
    """Return the seconds that so many requests take."""
    begun = clock.monotonic()
    for _ in range(requests):
        limiter.wait_for_slot()
    return clock.monotonic() - begun


def test_a_higher_limit_is_used_and_shared(tmp_path: Path) -> None:
    clock = FakeClock()
    first, second = (RateLimiter(tmp_path, "key", 50, clock) for _ in range(2))
    first.observe(RateLimitStatus(300))
    assert minute(second, clock, 300) <= 60


def test_a_lower_limit_is_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = RateLimiter(tmp_path, "key", 50, clock)
    limiter.observe(RateLimitStatus(10))
    assert minute(limiter, clock, 30) > 110


def test_a_user_s_own_lower_limit_is_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = RateLimiter(tmp_path, "key", 5, clock, at_most=5)
    limiter.observe(RateLimitStatus(300))
    assert minute(limiter, clock, 15) > 110


def test_a_wish_to_wait_holds_every_process_but_no_longer_than_a_minute(tmp_path: Path) -> None:
    clock = FakeClock()
    first, second = (RateLimiter(tmp_path, "key", 50, clock) for _ in range(2))
    first.observe(RateLimitStatus(None, 7.0))
    assert minute(second, clock, 1) == pytest.approx(7.0)
    first.observe(RateLimitStatus(None, 7200.0))
    assert minute(second, clock, 1) == pytest.approx(60.0)


def test_the_wish_of_an_earlier_boot_holds_nobody_up(tmp_path: Path) -> None:
    clock = FakeClock()
    RateLimiter(tmp_path, "key", 50, clock).observe(RateLimitStatus(None, 50.0))
    clock.steady = 3.0
    assert minute(RateLimiter(tmp_path, "key", 50, clock), clock, 1) == 0.0


def test_another_key_has_its_own_limit(tmp_path: Path) -> None:
    clock = FakeClock()
    RateLimiter(tmp_path, "key", 50, clock).observe(RateLimitStatus(1, 50.0))
    assert minute(RateLimiter(tmp_path, "other", 50, clock), clock, 10) == 0.0


def test_the_notes_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    clock = FakeClock()
    limiter = RateLimiter(tmp_path, "key", 1, clock)
    limiter._path.write_text(f"{clock.steady:.3f} {clock.steady:.3f}\n")
    assert minute(limiter, clock, 1) == pytest.approx(60.0, abs=0.1)


def test_a_job_obeys_what_the_service_says(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True, rate_limit=True) as env:
        told: list[RateLimitStatus] = []
        client = env.client()
        client._observe = told.append
        client.list()
        client.close()
        assert told
        assert told[0].per_minute == 50
