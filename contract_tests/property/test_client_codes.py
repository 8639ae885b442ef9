"""What each HTTP status means for each call, code by code, and the numbers of the pauses between them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from precision_upscaler.api.retry import (
    Call,
    Failure,
    PollingPolicy,
    RetryDecision,
    RetryPolicy,
    goes_first,
    parse_retry_after,
)

RETRY, RENEW, RESOLVE, GIVE_UP = (
    RetryDecision.RETRY,
    RetryDecision.RENEW,
    RetryDecision.RESOLVE,
    RetryDecision.GIVE_UP,
)
# status: what it means for a create, for the status and list calls, for a download
MEANINGS: dict[int | None, tuple[RetryDecision, RetryDecision, RetryDecision]] = {
    None: (RESOLVE, RETRY, RETRY),
    200: (RESOLVE, RETRY, RETRY),  # an answer that nobody can read
    299: (RESOLVE, RETRY, RETRY),
    300: (GIVE_UP, GIVE_UP, GIVE_UP),
    302: (GIVE_UP, GIVE_UP, GIVE_UP),
    399: (GIVE_UP, GIVE_UP, GIVE_UP),
    400: (GIVE_UP, GIVE_UP, GIVE_UP),
    401: (GIVE_UP, GIVE_UP, RENEW),
    402: (GIVE_UP, GIVE_UP, GIVE_UP),
    403: (GIVE_UP, GIVE_UP, RENEW),
    404: (GIVE_UP, GIVE_UP, RENEW),
    407: (GIVE_UP, GIVE_UP, GIVE_UP),
    408: (RESOLVE, RETRY, RETRY),
    409: (GIVE_UP, GIVE_UP, GIVE_UP),
    410: (GIVE_UP, GIVE_UP, RENEW),
    411: (GIVE_UP, GIVE_UP, GIVE_UP),
    413: (GIVE_UP, GIVE_UP, GIVE_UP),
    424: (GIVE_UP, GIVE_UP, GIVE_UP),
    425: (GIVE_UP, RETRY, RETRY),
    426: (GIVE_UP, GIVE_UP, GIVE_UP),
    428: (GIVE_UP, GIVE_UP, GIVE_UP),
    429: (RETRY, RETRY, RETRY),
    430: (GIVE_UP, GIVE_UP, GIVE_UP),
    499: (GIVE_UP, GIVE_UP, GIVE_UP),
    500: (RESOLVE, RETRY, RETRY),
    501: (RESOLVE, RETRY, RETRY),
    502: (RESOLVE, RETRY, RETRY),
    503: (RETRY, RETRY, RETRY),
    504: (RESOLVE, RETRY, RETRY),
    505: (RESOLVE, RETRY, RETRY),
    599: (RESOLVE, RETRY, RETRY),
}


@pytest.mark.parametrize("status", MEANINGS, ids=str)
def test_what_a_status_means(status: int | None) -> None:
    policy = RetryPolicy()
    create, read, download = MEANINGS[status]
    assert policy.decide(Failure("create", status)) is create
    assert policy.decide(Failure("status", status)) is read
    assert policy.decide(Failure("list", status)) is read
    assert policy.decide(Failure("download", status)) is download


def test_a_failure_is_taken_for_the_dearer_one_unless_it_is_said_otherwise() -> None:
    assert Failure("create").reached
    assert not Failure("create").hopeless
    assert RetryPolicy().decide(Failure("create", reached=False)) is RETRY


@pytest.mark.parametrize("value", [Failure("create"), RetryPolicy(), PollingPolicy()])
def test_a_decision_cannot_be_changed_behind_ones_back(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        value.status = 200  # type: ignore[attr-defined]  # it has none, or may not have another


@pytest.mark.parametrize(
    ("call", "first"), [("create", True), ("list", True), ("download", True), ("status", False)]
)
def test_polls_let_everything_else_go_first(call: Call, first: bool) -> None:
    assert goes_first(call) is first


def test_how_often_a_call_is_repeated() -> None:
    policy = RetryPolicy()
    assert (policy.creates, policy.others) == (4, 6)


@pytest.mark.parametrize(
    ("attempt", "lowest", "highest"),
    [(0, 0.5, 1), (1, 1, 2), (3, 4, 8), (4, 8, 16), (5, 15, 30), (99, 15, 30)],
)
def test_pauses_double_up_to_half_a_minute(attempt: int, lowest: float, highest: float) -> None:
    policy = RetryPolicy()
    assert policy.pause(attempt, None, 0.0) == lowest
    assert policy.pause(attempt, None, 1.0) == highest
    assert policy.pause(attempt, None, 0.5) == pytest.approx((lowest + highest) / 2)


@pytest.mark.parametrize(
    ("wish", "pause"), [(0.0, 0.0), (-1.0, 0.0), (2.5, 2.5), (300.0, 300.0), (301.0, 300.0)]
)
def test_a_wish_to_be_left_alone(wish: float, pause: float) -> None:
    assert RetryPolicy().pause(7, wish, 0.9) == pause


@pytest.mark.parametrize(
    ("attempt", "elapsed", "pause"),
    [
        (0, 0.0, 1.0),
        (1, 0.0, 1.5),
        (2, 0.0, 2.25),
        (4, 0.0, 5.0625),
        (5, 0.0, 6.0),  # slow before half the expected time
        (50, 44.0, 6.0),
        (50, 46.0, 4.0),  # and never beyond the moment where looking closely begins
        (50, 49.0, 1.35),
        (50, 50.0, 1.35),
        (50, 499.0, 1.35),
        (50, 500.0, 15.0),  # stragglers: 3 % of the time so far
        (50, 2000.0, 30.0),
        (10_000, 2000.0, 30.0),
    ],
)
def test_how_a_task_of_a_hundred_seconds_is_polled(attempt: int, elapsed: float, pause: float) -> None:
    policy = PollingPolicy()
    assert policy.interval(attempt, elapsed, 100.0, 0.5) == pytest.approx(pause)
    assert policy.interval(attempt, elapsed, 100.0, 0.0) == pytest.approx(pause * 0.9)
    assert policy.interval(attempt, elapsed, 100.0, 1.0) == pytest.approx(pause * 1.1)


def test_a_short_task_that_drags_on_is_still_asked_at_the_usual_pace() -> None:
    assert PollingPolicy().interval(50, 60.0, 10.0, 0.5) == pytest.approx(1.8)
    assert PollingPolicy(first=5.0).interval(0, 20.0, 10.0, 0.5) == pytest.approx(5.0)


def test_a_task_is_waited_for_an_hour() -> None:
    assert PollingPolicy().deadline == 3600.0


NOON = 784_111_777.0  # the example date of RFC 9110


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:47", 10.0),  # without a zone it is HTTP's only one
        ("Sun, 06 Nov 1994 09:49:47 +0100", 10.0),
        ("-1", None),
        ("soon", None),
        ("1_0", None),
        ("1e3", None),
        ("٣", None),
    ],
)
def test_retry_after_in_every_form(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOON) == seconds
