from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.contract import TRANSITIONS

from mock_server.state.task_model import (
    COMPLETED,
    CREATED,
    FAILED,
    IN_PROGRESS,
    TERMINAL,
    Schedule,
    ended_now,
)

moments = st.none() | st.floats(0, 1000)
schedules = st.builds(
    Schedule,
    starts_at=moments,
    ends_at=moments,
    outcome=st.sampled_from([COMPLETED, FAILED]),
    polls_to_end=st.none() | st.integers(1, 10),
)


@given(schedules, st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=30))
def test_a_status_only_moves_as_the_contract_allows(
    schedule: Schedule, steps: list[tuple[float, bool]]
) -> None:
    now, polls = 0.0, 0
    seen = [schedule.status(now, polls)]
    for seconds, polled in steps:
        now, polls = now + seconds, polls + polled
        seen.append(schedule.status(now, polls))
    for before, after in pairwise(seen):
        assert after == before or after in TRANSITIONS[before]


@given(schedules, st.floats(0, 1000), st.floats(0, 1000), st.sampled_from(sorted(TERMINAL)))
def test_a_task_that_is_ended_stays_so(schedule: Schedule, now: float, later: float, outcome: str) -> None:
    ended = ended_now(schedule, now, outcome)
    assert ended.status(now, 0) == ended.status(now + later, 0) == outcome
    assert ended.starts_at is not None
    assert ended.starts_at <= now


def test_a_schedule_goes_by_time() -> None:
    schedule = Schedule(5.0, 80.0)
    assert [schedule.status(now, 0) for now in (0, 4.9, 5, 79.9, 80, 1e9)] == [
        CREATED, CREATED, IN_PROGRESS, IN_PROGRESS, COMPLETED, COMPLETED,
    ]  # fmt: skip


def test_a_schedule_goes_by_polls() -> None:
    schedule = Schedule(None, None, FAILED, polls_to_end=2)
    assert [schedule.status(1e9, polls) for polls in (0, 1, 2, 3)] == [CREATED, IN_PROGRESS, FAILED, FAILED]
