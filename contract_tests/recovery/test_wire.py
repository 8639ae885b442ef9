"""Each wire fault on each of the four calls, once and until it is healed, heard by the service or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.api.client import Timeouts
from precision_upscaler.api.retry import RetryPolicy

from contract_tests.support.world import PATIENT, World

from .line import ANSWER_FAULTS, CALLS, FaultyLine, Plan
from .verdict import Judge

STALL, TOTAL = 0.15, 0.1
"""Seconds of real time for the faults that only a deadline ends."""

PLANS = [
    Plan(call, fault, heard, times)
    for call in CALLS
    for fault in ANSWER_FAULTS
    # whether the service heard it matters where hearing costs money
    for heard in ((True, False) if call == "create" else (True,))
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
    heard = "" if "_" in plan.fault else "-heard" if plan.heard else "-unheard"
    return f"{plan.call}-{plan.fault}{heard}-{'once' if plan.times else 'always'}"


@pytest.mark.parametrize("plan", PLANS, ids=name)
def test_a_wire_fault_costs_nobody_anything(plan: Plan, tmp_path: Path) -> None:
    brief = timeouts(plan)
    with World(tmp_path, timeouts=brief) as world, FaultyLine(world.mock.url, replace(plan)) as line:
        world.base_url = line.url
        world.settings = replace(world.settings, deadline_minutes=0.5)
        world.retries = RetryPolicy(creates=2, others=3)
        judge = Judge(name(plan), world)
        first = judge.hear("upscale", world.attempt(world.upscale))
        assert line.struck, "the fault never struck: the cell proves nothing"
        if plan.times and brief is PATIENT:
            assert first is world.result or plan.call == "create", f"one fault is survived: {first}"

        def heal() -> None:
            line.heal()
            world.timeouts = PATIENT

        judge.settle(first, heal).check()
