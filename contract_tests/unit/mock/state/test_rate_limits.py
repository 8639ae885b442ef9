from __future__ import annotations

import bisect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.support.mock_calls import START, Caller
from mock_server.state.clock import ClockState
from mock_server.state.database import Database
from mock_server.state.rate_limits import PER_ADDRESS, PER_KEY, Limit, RateLimits
from mock_server.state.settings import Settings

Make = Callable[..., Caller]


def test_the_limits_of_an_address_are_the_documented_ones() -> None:
    assert [(limit.most, limit.window) for limit in PER_ADDRESS] == [(250, 5.0), (1200, 120.0)]


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5), st.floats(0.5, 5), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(
    gaps: list[float], most: int, window: float, other: int
) -> None:
    database = Database("", Settings(clock=ClockState(0, 0, 0), link_secret="", webhook_secret=""))
    limits = RateLimits(database)
    buckets = {"one": Limit("one", most, window), "two": Limit("two", other, 2 * window)}
    now = 0.0
    passed: list[float] = []
    for gap in gaps:
        now += gap
        inside = [len(passed) - bisect.bisect_right(passed, now - span) for span in (window, 2 * window)]
        (left, seconds), (left_too, seconds_too) = limits.hit(buckets, now)
        passes = inside[0] < most and inside[1] < other
        assert left == (most - inside[0] - passes if inside[0] < most else -1)
        assert left_too == (other - inside[1] - passes if inside[1] < other else -1)
        if passes:
            passed.append(now)
        assert 0 <= seconds <= window + 1e-9
        assert 0 <= seconds_too <= 2 * window + 1e-9
    database.close()


def test_each_key_waits_for_itself() -> None:
    database = Database("", Settings(clock=ClockState(0, 0, 0), link_secret="", webhook_secret=""))
    limits = RateLimits(database)
    limits.tell_to_wait("one", 5.0)
    assert (limits.wait_until("one"), limits.wait_until("other")) == (5.0, 0.0)
    database.close()


def test_fifty_a_minute_for_a_key(make: Make) -> None:
    caller = make(rate_limit=True)
    answers = [caller.listed() for _ in range(50)]
    assert all(answer.status_code == 200 for answer in answers)
    assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers] == list(range(49, -1, -1))
    refused = caller.listed()
    assert (refused.status_code, refused.json) == (429, {"message": "Too Many Requests"})
    assert refused.headers["Retry-After"] == refused.headers["X-RateLimit-Reset"] == "60"
    assert refused.headers["X-RateLimit-Limit"] == "50"
    assert caller.listed(key="mock-failed").status_code == 200, "another key has its own"
    caller.advance(60)
    assert caller.listed().status_code == 200


def test_the_last_second_is_stated_as_one(make: Make) -> None:
    caller = make(rate_limit=True)
    assert caller.listed().headers["X-RateLimit-Reset"] == "60"
    caller.advance(59.5)
    assert caller.listed().headers["X-RateLimit-Reset"] == "1"


def test_status_polls_count_and_refused_requests_do_not(make: Make) -> None:
    caller = make(rate_limit=True)
    task_id = caller.new_task()
    for _ in range(49):
        assert caller.status(task_id).status_code == 200
    caller.advance(30)
    assert [caller.status(task_id).status_code for _ in range(20)] == [429] * 20
    caller.advance(30)
    assert caller.status(task_id).status_code == 200


def test_an_address_is_limited_whatever_its_keys(make: Make) -> None:
    keys = tuple(f"key-{number}" for number in range(7))
    caller = make(rate_limit=True, api_key=keys)
    codes = [caller.listed(key=keys[number % 7]).status_code for number in range(260)]
    assert codes == [200] * 250 + [429] * 10
    caller.advance(5)
    assert caller.listed(key="mock-key").status_code == 200


def test_what_the_keys_limit_refuses_does_not_count_against_the_address(make: Make) -> None:
    caller = make(rate_limit=True, api_key=("another",))
    codes = [caller.listed().status_code for _ in range(300)]
    assert codes == [200] * 50 + [429] * 250
    assert caller.listed(key="another").status_code == 200


def test_what_the_address_limit_refuses_does_not_count_against_the_key(make: Make) -> None:
    keys = tuple(f"key-{number}" for number in range(5))
    caller = make(rate_limit=True, api_key=keys)
    for number in range(250):
        assert caller.listed(key=keys[number % 5]).status_code == 200
    for _ in range(60):
        refused = caller.listed()
        assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (429, "50")
        assert refused.headers["Retry-After"] == "5"
    caller.advance(5)
    assert caller.listed().headers["X-RateLimit-Remaining"] == "49"


def test_there_are_no_limits_unless_they_are_asked_for(caller: Caller) -> None:
    answers = [caller.listed() for _ in range(PER_KEY.most + 5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


@pytest.mark.parametrize(("waited", "noted"), [(0.0, True), (0.5, True), (0.96, False), (1.0, False)])
def test_a_client_that_ignores_retry_after_is_written_down(
    caller: Caller, waited: float, noted: bool
) -> None:
    assert caller.create(key="mock-http_429").headers["Retry-After"] == "1"
    caller.advance(waited)
    caller.create(key="mock-http_429")
    notes = caller.app.request_log.read()["requests"][-1]["notes"]
    assert bool(notes) is noted
    assert all("ignored Retry-After" in note for note in notes)


def test_where_there_is_no_retry_after_there_is_nothing_to_ignore(caller: Caller) -> None:
    for _ in range(3):
        caller.create(key="mock-http_429_no_retry_after")
    assert [entry["notes"] for entry in caller.app.request_log.read()["requests"]] == [[], [], []]


def test_a_client_can_be_punished(make: Make) -> None:
    caller = make(punish=True)
    codes = []
    for waited in (0, 0.5, 0.9, 1, 1, 1):
        caller.advance(waited)
        codes.append(caller.create(key="mock-http_429").status_code)
    assert codes == [429, 429, 429, 429, 200, 429]  # the second and third came too early and were not counted


def test_wire_time_is_the_worlds_while_the_clock_runs(make: Make) -> None:
    caller = make(rate_limit=True, speed=600.0)
    for _ in range(51):
        last = caller.listed()
    assert last.status_code == 429
    caller.world.now = START + 59
    assert caller.listed().status_code == 429
    caller.world.now = START + 60
    assert caller.listed().status_code == 200
