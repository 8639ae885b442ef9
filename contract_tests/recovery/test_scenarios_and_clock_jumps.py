"""Every recorded oddity and every scenario of the mock's catalogue, and clocks that jump."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.errors import UpscaleError

from contract_tests.support.jobs.job_environment import PATIENT, JobEnvironment
from contract_tests.support.jobs.recovery_check import RecoveryCheck
from mock_server.scenarios.catalogue import CATALOGUE

ENDS_WELL = frozenset(
    {
        "two_results",
        "generated_objects",
        "has_nsfw",
        "error_null",
        "unwrapped_body",
        "unknown_status",
        "wrong_scale",
        "completed_at_once",
        "expired_link",
        "truncated_download",
        "slow_download",
        "http_503_then_ok",
        "http_429",
        "http_429_no_retry_after",
        "drop_after_accept",
    }
)
"""What a user need not even notice."""

NAMED = {
    "failed": "task-failed",
    "cancelled": "task-cancelled",
    "plan_exhausted_429": "plan-used-up",
    "stuck_created": "still-running",
    "stuck_in_progress": "still-running",
    "completed_empty": "no-picture",
    "corrupt_image": "result-broken",
    "not_an_image": "result-broken",
    "http_500": "service-unavailable",
    "html_error_page": "service-unavailable",
    "unknown_task_404": "task-unknown",
    "invalid_key_401": "invalid-key",
    "no_credits_402": "no-credits",
    "structured_401": "invalid-key",
    "asset_expired_403": "forbidden",
    "not_in_plan_403": "forbidden",
    "forbidden_403": "forbidden",
    "bad_request_message": "refused",
    "bad_request_problem": "refused",
    "bad_request_example": "refused",
    "bad_request_recorded": "refused",
}
"""What the user is told while the oddity lasts."""


FINAL_ERRORS = {
    name: NAMED[name]
    for name in (
        "failed",
        "cancelled",
        "stuck_created",
        "stuck_in_progress",
        "completed_empty",
        "corrupt_image",
        "not_an_image",
        "unknown_task_404",
    )
}
"""What stays so when the service behaves again: the task itself is beyond help."""


@pytest.mark.parametrize("scenario", CATALOGUE)
def test_an_oddity_costs_nobody_anything(scenario: str, tmp_path: Path) -> None:
    entry = CATALOGUE[scenario]
    on_the_wire = entry.wire or entry.download in ("truncated", "slow")
    # a byte every 0.15 seconds: half a minute for the shortest answer
    quick = replace(PATIENT, call=0.3, answer=0.3) if entry.wire == "dribble" else PATIENT
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=not on_the_wire, timeouts=quick) as env:
        if entry.download == "slow":
            env.mock.app.service.sleep = env.clock.sleep
        env.settings = replace(env.settings, deadline_minutes=1.0)
        check = RecoveryCheck(
            scenario, env, compare=scenario != "tinted", final_error=FINAL_ERRORS.get(scenario)
        )
        first = check.record("upscale", env.attempt(env.upscale))
        if scenario in ENDS_WELL:
            assert first is env.result, f"{scenario}: {first}"
        if scenario in NAMED:
            assert isinstance(first, UpscaleError)
            assert first.code == NAMED[scenario]

        def heal() -> None:
            env.mock.play("")
            env.timeouts = PATIENT

        check.finish(first, heal).verify()


CREATE_TWISTS = [
    f"{name}@create"
    for name in (
        "error_null",
        "unwrapped_body",
        "http_500",
        "html_error_page",
        "http_503_then_ok",
        "http_429",
    )
]


@pytest.mark.parametrize("scenario", CREATE_TWISTS)
def test_a_strange_answer_to_the_paid_call_is_never_a_second_payment(scenario: str, tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=True) as env:
        check = RecoveryCheck(scenario, env)
        first = check.record("upscale", env.attempt(env.upscale))
        check.finish(first, lambda: env.mock.play("")).verify()


YEAR = 366 * 86400.0
JUMPS: dict[str, Callable[[], float]] = {
    "a year forward": lambda: YEAR,
    "a year back": lambda: -YEAR,
    "an hour back": lambda: -3600.0,
    "to and fro": lambda: random.choice((-YEAR, YEAR, -60.0, 60.0)),
}


@pytest.mark.parametrize("scenario", ["", "drop_after_accept", "expired_link", "http_429", "completed_empty"])
@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_costs_nobody_anything(jump: str, scenario: str, tmp_path: Path) -> None:
    random.seed(1)
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=not scenario.startswith("drop")) as env:
        env.clock.jump = JUMPS[jump]
        check = RecoveryCheck(f"{scenario}, clock {jump}", env, final_error=FINAL_ERRORS.get(scenario))
        first = check.record("upscale", env.attempt(env.upscale))
        assert sum(env.clock.slept) < 600, "a jump of the wall clock must not change how long is waited"
        check.finish(first, lambda: env.mock.play("")).verify()
