from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.state.clock import Clock, ClockState, steady_unix_time

times = st.floats(0, 1e10)
spans = st.floats(0, 1e6)
speeds = st.sampled_from([0.0, 0.5, 1.0, 60.0, 1000.0])
steps = st.one_of(
    st.tuples(st.just("wait"), spans),
    st.tuples(st.just("advance"), spans),
    st.tuples(st.just("speed"), speeds),
)


@given(times, speeds, st.lists(steps, max_size=20))
def test_time_never_goes_back(start: float, speed: float, taken: list[tuple[str, float]]) -> None:
    real = start
    clock = Clock(ClockState(start, start, speed), lambda: real)
    before, wire_before = clock.now(), clock.wire()
    for kind, value in taken:
        if kind == "wait":
            real += value
        elif kind == "advance":
            clock.state = clock.state.moved(real, value)
        else:
            clock.state = clock.state.at_speed(real, value)
        assert clock.now() >= before
        assert clock.wire() >= wire_before * (1 - 1e-12)
        before, wire_before = clock.now(), clock.wire()


@given(times, speeds, spans)
def test_task_time_runs_at_its_speed(start: float, speed: float, span: float) -> None:
    state = ClockState(start, start, speed)
    assert state.at(start + span) - start == pytest.approx(span * speed, rel=1e-3, abs=1e-3)


def test_time_set_back_in_the_world_stops_task_time_and_does_not_turn_it() -> None:
    assert ClockState(1000.0, 500.0, 1.0).at(400.0) == 1000.0


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_clock_moves_forward_only(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        ClockState(0, 0, 1).moved(0, seconds)
    with pytest.raises(ValueError, match="speed must be"):
        ClockState(0, 0, 1).at_speed(0, seconds)


def test_wire_time_is_the_worlds_unless_the_clock_stands_still() -> None:
    clock = Clock(ClockState(100.0, 5000.0, 60.0), lambda: 5010.0)
    assert (clock.now(), clock.wire(), clock.real()) == (700.0, 5010.0, 5010.0)
    clock.state = clock.state.at_speed(5010.0, 0)
    assert clock.manual
    assert clock.wire() == 5010.0
    clock.state = clock.state.moved(5010.0, 90)
    assert (clock.now(), clock.wire()) == (790.0, 5100.0)
    clock.state = clock.state.at_speed(5010.0, 1)
    assert (clock.now(), clock.wire()) == (790.0, 5100.0)


def test_a_clock_that_was_never_moved_tells_the_worlds_time() -> None:
    state = ClockState(1000.0, 1000.0, 0.0)
    assert state.at_speed(1500.0, 60.0).wire(1501.0) == 1501.0
    assert state.moved(1500.0, 2000.0).at_speed(1600.0, 60.0).wire(1700.0) == 3100.0


def test_the_worlds_time_is_unix_time() -> None:
    assert steady_unix_time()() == pytest.approx(time.time(), abs=5)
