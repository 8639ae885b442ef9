"""The client's decisions, as rules of their own: when money may be risked again, and when to ask."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from precision_upscaler.api.models import TaskStatus
from precision_upscaler.api.retry import Failure, PollingPolicy, RetryDecision, RetryPolicy
from precision_upscaler.contract import STATUSES, TERMINAL_STATUSES, TRANSITIONS

POLICY = RetryPolicy()
http_statuses = st.none() | st.integers(100, 599)
calls = st.sampled_from(["status", "list", "download"])


@given(status=http_statuses, reached=st.booleans())
@example(status=None, reached=True)
@example(status=None, reached=False)
@example(status=200, reached=True)
@example(status=408, reached=True)
@example(status=500, reached=True)
@example(status=502, reached=True)
def test_a_create_is_sent_again_only_when_it_was_certainly_not_accepted(
    status: int | None, reached: bool
) -> None:
    verdict = POLICY.decide(Failure("create", status, reached))
    told_to_wait = status in (429, 503)
    never_arrived = status is None and not reached
    assert (verdict is RetryDecision.RETRY) == (told_to_wait or never_arrived)


@given(status=http_statuses, wish=st.none() | st.floats(0, 10**9))
@example(status=429, wish=300.0)
@example(status=429, wish=300.5)
@example(status=503, wish=301.0)
@example(status=500, wish=301.0)
@example(status=None, wish=301.0)
def test_a_create_that_is_to_wait_too_long_is_given_up_and_only_then(
    status: int | None, wish: float | None
) -> None:
    """Knocking early would be another refusal; and what may have been accepted is never given up."""
    plain = POLICY.decide(Failure("create", status))
    verdict = POLICY.decide(Failure("create", status, retry_after=wish))
    too_long = status in (429, 503) and wish is not None and wish > 300
    assert verdict is (RetryDecision.GIVE_UP if too_long else plain)
    assert POLICY.decide(Failure("status", status, retry_after=wish)) is POLICY.decide(
        Failure("status", status)
    )


@given(status=st.integers(400, 499))
def test_a_plain_refusal_of_a_create_is_final_and_free(status: int) -> None:
    verdict = POLICY.decide(Failure("create", status))
    if status == 429:
        assert verdict is RetryDecision.RETRY
    else:
        # 408 says that the service waited in vain: for all of the body, or for its own backend?
        assert verdict is (RetryDecision.RESOLVE if status == 408 else RetryDecision.GIVE_UP)


@pytest.mark.parametrize("status", [None, 200, 204, 500, 502, 504, 599])
def test_a_create_that_may_have_been_accepted_is_looked_into(status: int | None) -> None:
    assert POLICY.decide(Failure("create", status)) is RetryDecision.RESOLVE


@given(call=calls, status=http_statuses, reached=st.booleans())
def test_the_free_calls_risk_nothing(call: str, status: int | None, reached: bool) -> None:
    verdict = POLICY.decide(Failure(call, status, reached))  # type: ignore[arg-type]  # one of the calls
    assert verdict is not RetryDecision.RESOLVE
    if status is None or status == 429 or status >= 500:
        assert verdict is RetryDecision.RETRY, "a poll or a download is repeated freely"
    assert (verdict is RetryDecision.RENEW) == (call == "download" and status in (401, 403, 404, 410))


@given(call=st.sampled_from(["create", "status", "list", "download"]), status=http_statuses)
def test_a_service_whose_identity_is_in_doubt_is_not_asked_again(call: str, status: int | None) -> None:
    assert POLICY.decide(Failure(call, status, hopeless=True)) is RetryDecision.GIVE_UP  # type: ignore[arg-type]  # as above


chances = st.floats(0, 1, exclude_max=True)


@given(attempt=st.integers(0, 10_000), wish=st.floats(0, 10**9), chance=chances)
@example(attempt=0, wish=0.0, chance=0.0)
@example(attempt=0, wish=299.0, chance=0.5)
@example(attempt=0, wish=301.0, chance=0.5)
def test_a_wish_to_be_left_alone_is_granted_up_to_five_minutes(
    attempt: int, wish: float, chance: float
) -> None:
    assert POLICY.pause(attempt, wish, chance) == min(wish, 300.0)
    assert POLICY.pause(attempt, wish, chance, longest=3600.0) == min(wish, 3600.0)


@given(attempt=st.integers(0, 10_000), chance=chances)
def test_pauses_grow_to_a_bound_and_differ_between_clients(attempt: int, chance: float) -> None:
    pause = POLICY.pause(attempt, None, chance)
    full = min(2.0 ** min(attempt, 10), 30.0)
    assert full / 2 <= pause <= full


POLLING = PollingPolicy()
seconds = st.floats(0, 10_000)


@given(attempt=st.integers(0, 10_000), elapsed=seconds, expected=st.floats(1, 2_000), chance=chances)
@example(attempt=0, elapsed=0.0, expected=75.0, chance=0.0)
@example(attempt=10_000, elapsed=0.0, expected=75.0, chance=0.999)
def test_polls_are_neither_hasty_nor_forgetful(
    attempt: int, elapsed: float, expected: float, chance: float
) -> None:
    pause = POLLING.interval(attempt, elapsed, expected, chance)
    assert 0.8 <= pause <= 36.0
    if attempt > 8 and 0.5 * expected <= elapsed < 4.5 * expected:
        assert 1.2 <= pause <= 1.5, "while it may end a task is looked at as often as the limit allows"


@settings(max_examples=30)
@given(expected=st.floats(5, 1_000), chance=chances)
@example(expected=75.0, chance=0.0)
def test_one_job_alone_stays_below_the_keys_limit(expected: float, chance: float) -> None:
    times, elapsed = [], 0.0
    for attempt in range(200):
        elapsed += POLLING.interval(attempt, elapsed, expected, chance)
        times.append(elapsed)
    assert all(later - first > 60.0 for first, later in zip(times, times[50:], strict=False))


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_transitions_are_the_contracts(before: str, after: str) -> None:
    may = before == after or after in TRANSITIONS[before]
    assert TaskStatus(before).may_become(TaskStatus(after)) is may


@pytest.mark.parametrize("status", STATUSES)
def test_unknown_may_come_and_go_and_never_ends(status: str) -> None:
    assert TaskStatus(status).may_become(TaskStatus.UNKNOWN)
    assert TaskStatus.UNKNOWN.may_become(TaskStatus(status))
    assert not TaskStatus.UNKNOWN.terminal
    assert TaskStatus(status).terminal is (status in TERMINAL_STATUSES)


@given(st.text(max_size=12))
@example(" completed ")
@example("COMPLETED\n")
def test_a_word_is_a_status_or_unknown(word: str) -> None:
    known = {status.value for status in TaskStatus}
    expected = word.strip().upper() if word.strip().upper() in known else "UNKNOWN"
    assert TaskStatus.read(word) == expected
