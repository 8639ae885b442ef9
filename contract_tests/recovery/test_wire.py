"""Each wire fault on each of the four calls, once and until it is healed, reached by the service or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.api.client import Timeouts
from precision_upscaler.api.retry import RetryPolicy

from contract_tests.support.jobs.faulty_proxy import ANSWER_FAULTS, CALLS, FaultyProxy, Plan
from contract_tests.support.jobs.job_environment import PATIENT, JobEnvironment
from contract_tests.support.jobs.recovery_check import RecoveryCheck

STALL, TOTAL = 0.15, 0.1
"""Seconds of real time for the faults that only a deadline ends."""

PLANS = [
    Plan(call, fault, reached, times)
    for call in CALLS
    for fault in ANSWER_FAULTS
    # whether the service reached it matters where hearing costs money
    for reached in ((True, False) if call == "create" else (True,))
    for times in (1, None)
] + [
    Plan(call, f"{how}_{way}", times=times)
    for call, way in (("create", "upload"), ("download", "download"))
    for how in ("cut", "stall")
    for times in (1, None)
]


def timeouts(plan: Plan) -> Timeouts:
    """Return the deadlines of which one ends the fault; a slow machine is not to meet any other."""
    if plan.fault.startswith("stall"):
        return replace(PATIENT, stall=STALL)
    if plan.fault == "dribble":
        total = {"create": "answer", "status": "call", "list": "call", "download": "download"}[plan.call]
        return replace(PATIENT, **{total: TOTAL})
    return PATIENT


def name(plan: Plan) -> str:
    reached = "" if "_" in plan.fault else "-reached" if plan.reached else "-unreached"
    return f"{plan.call}-{plan.fault}{reached}-{'once' if plan.times else 'always'}"


@pytest.mark.parametrize("plan", PLANS, ids=name)
def test_a_wire_fault_costs_nobody_anything(plan: Plan, tmp_path: Path) -> None:
    brief = timeouts(plan)
    with JobEnvironment(tmp_path, timeouts=brief) as env, FaultyProxy(env.mock.url, replace(plan)) as proxy:
        env.base_url = proxy.url
        env.settings = replace(env.settings, deadline_minutes=0.5)
        env.retries = RetryPolicy(creates=2, others=3)
        check = RecoveryCheck(name(plan), env)
        first = check.record("upscale", env.attempt(env.upscale))
        assert proxy.struck, "the fault never struck: the cell proves nothing"
        if plan.times and brief is PATIENT:
            assert first is env.result or plan.call == "create", f"one fault is survived: {first}"

        def heal() -> None:
            proxy.heal()
            env.timeouts = PATIENT

        check.finish(first, heal).verify()
