"""Targets that are impossible, damaged records, malformed keys and a used-up plan: rows of the fault matrix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from precision_upscaler.errors import MalformedKey, RecordDamaged, UpscaleError
from precision_upscaler.jobs.context import Result
from precision_upscaler.storage.credentials import require_key
from precision_upscaler.storage.job_record import State

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.recovery_check import RecoveryCheck

DAMAGE: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut off": lambda text: text[: len(text) // 2],
    "the last byte is missing": lambda text: text.rstrip()[:-1],
    "a wrongly typed value": lambda text: json.dumps({**json.loads(text), "expected": "large"}),
    "a wrongly typed time": lambda text: json.dumps({**json.loads(text), "history": [["x", "y"]]}),
    "a newer version": lambda text: json.dumps({**json.loads(text), "version": 99}),
}
AT = {"created": "stuck_created", "stored": ""}
"""In which state the record is damaged, and the scenario in which a job stops there."""


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("state", AT)
def test_record_damaged(state: str, damage: str, tmp_path: Path) -> None:
    """The damaged job is named; a job of another picture goes on; repaired, nothing is lost or paid twice."""
    with JobEnvironment(tmp_path, scenario=AT[state], wsgi=True) as env:
        check = RecoveryCheck(f"record damaged ({damage}), {state}", env)
        first = check.record("upscale", env.attempt(env.upscale))
        (job,) = env.journal
        assert job.state is State(state)
        path = job.folder / "job.json"
        whole = path.read_text()
        path.write_text(DAMAGE[damage](whole))
        assert [item.folder for item in env.journal.damaged()] == [job.folder]
        ending = env.attempt(lambda: env.resume(job.job_id))
        assert isinstance(ending, RecordDamaged)
        assert ending.charged == "unknown"
        again = env.attempt(env.upscale) if job.record.digest in DAMAGE[damage](whole) else None
        assert again is None or isinstance(again, RecordDamaged), "the same request is not paid twice"
        assert env.mock.charges == 1
        path.write_text(whole)
        check.finish(first if isinstance(first, Result) else again, lambda: env.mock.play("")).verify()


@pytest.mark.parametrize("value", ["two words", "key\u20107", "k\u00e9y", "key\n7"], ids=ascii)
def test_key_malformed(value: str, tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as env:
        check = RecoveryCheck("key malformed", env)

        def attempt() -> Result:
            require_key(tmp_path, "https://api.freepik.com", {"FREEPIK_API_KEY": value})
            return env.upscale()

        first = check.record("upscale", env.attempt(attempt))
        assert isinstance(first, MalformedKey)
        assert env.mock.charges == 0
        check.finish(first, lambda: None).verify()


@pytest.mark.parametrize("step", ["list", "create", "status"])
def test_plan_used_up(step: str, tmp_path: Path) -> None:
    """Before the payment nothing is sent again; after it the task is kept for Resume."""
    with JobEnvironment(tmp_path, scenario=f"plan_exhausted_429@{step}", wsgi=True) as env:
        check = RecoveryCheck(f"plan used up at {step}", env)
        first = check.record("upscale", env.attempt(env.upscale))
        assert isinstance(first, UpscaleError)
        assert first.code == "plan-used-up"
        assert first.charged == ("yes" if step == "status" else "no")
        check.finish(first, lambda: env.mock.play("")).verify()
