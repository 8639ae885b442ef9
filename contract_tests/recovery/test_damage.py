"""Rows of the fault matrix: damaged records, malformed keys, a used-up plan, impossible targets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.contract import CREATE_PATH
from precision_upscaler.errors import (
    InvalidParameter,
    MalformedKey,
    OutputFailed,
    RecordDamaged,
    UpscaleError,
)
from precision_upscaler.jobs.context import Result
from precision_upscaler.jobs.delivery import check_target, deliver
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
AT = {"created": 300.0, "stored": 12.0}
"""The state in which the record is damaged, and the seconds of a task that is in it after a minute."""


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("state", AT)
def test_record_damaged(state: str, damage: str, tmp_path: Path) -> None:
    """The damaged job is named; a job of another picture goes on; repaired, nothing is lost or paid twice."""
    with JobEnvironment(tmp_path, seconds=AT[state], wsgi=True) as env:
        patient = env.settings
        env.settings = replace(patient, deadline_minutes=1.0)
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
        env.settings = patient
        check.finish(first if isinstance(first, Result) else again, lambda: None).verify()


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


class UsedUp(httpx2.BaseTransport):
    """Answers every call of one kind as a service does whose plan is used up."""

    def __init__(self, env: JobEnvironment, step: str) -> None:
        self._make = env.client
        self._step = step
        self._transport: httpx2.BaseTransport = self

    def client(self) -> UpscalerClient:
        client = self._make()
        self._transport = client._http._transport
        client._http._transport = self
        return client

    def end(self) -> None:
        self._step = ""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        task = not request.url.path.endswith(CREATE_PATH)
        step = "create" if request.method == "POST" else "status" if task else "list"
        if step == self._step:
            request.read()
            return httpx2.Response(
                429, json={"message": "You have reached the limit of the free trial usage."}
            )
        return self._transport.handle_request(request)


@pytest.mark.parametrize("step", ["list", "create", "status"])
def test_plan_used_up(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the payment nothing is sent again; after it the task is kept for Resume."""
    with JobEnvironment(tmp_path, wsgi=True) as env:
        used_up = UsedUp(env, step)
        monkeypatch.setattr(env, "client", used_up.client)
        check = RecoveryCheck(f"plan used up at {step}", env)
        first = check.record("upscale", env.attempt(env.upscale))
        assert isinstance(first, UpscaleError)
        assert first.code == "plan-used-up"
        assert first.charged == ("yes" if step == "status" else "no")
        check.finish(first, used_up.end).verify()


TARGETS: dict[str, Callable[[Path], Path]] = {
    "a name of 256 bytes": lambda folder: folder / ("x" * 252 + ".png"),
    "a name that only WebP makes too long": lambda folder: folder / ("x" * 251 + ".png"),
    "a name of 86 characters of three bytes": lambda folder: folder / ("\u65e5" * 84 + ".png"),
    "a name with a zero byte": lambda folder: folder / "a\0b.png",
}


@pytest.mark.parametrize("target", TARGETS)
def test_target_impossible(target: str, tmp_path: Path) -> None:
    """It is found out before the payment, and nothing is left behind."""
    folder = tmp_path / "results"
    folder.mkdir()
    with JobEnvironment(tmp_path, wsgi=True) as env:
        check = RecoveryCheck(f"target impossible: {target}", env)

        def attempt() -> Result:
            check_target(TARGETS[target](folder))
            return env.upscale()

        first = check.record("upscale", env.attempt(attempt))
        assert isinstance(first, InvalidParameter)
        assert env.mock.charges == 0
        assert not list(folder.iterdir())
        check.finish(first, lambda: None).verify()


@pytest.mark.parametrize("name", ["x" * 244 + ".png", "photo.png", "photo", "photo.JPG"])
def test_a_possible_target_is_written_under_its_name_and_leaves_nothing_beside_it(
    name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    check_target(folder / name)
    assert not list(folder.iterdir())
    with JobEnvironment(tmp_path, wsgi=True) as env:
        result = env.upscale()
        written = deliver(env.journal.open(result.job_id), result, folder / name, [], overwrite=False)
        assert list(folder.iterdir()) == [written]
        assert not env.journal.undelivered()


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize("delivered_meanwhile", [False, True])
def test_the_advice_for_a_result_that_cannot_be_written_works(
    reused: bool, delivered_meanwhile: bool, tmp_path: Path
) -> None:
    """Also for a reused result, and for the loser of two simultaneous runs whose job the winner delivered."""
    (tmp_path / "taken.png").write_bytes(b"x")
    with JobEnvironment(tmp_path, wsgi=True) as env:
        check = RecoveryCheck("target impossible after the payment", env)
        first = env.upscale()
        if reused:
            env.journal.open(first.job_id).deliver()
            first = env.upscale()
            assert first.reused
        job = env.journal.open(first.job_id)
        if delivered_meanwhile:
            env.journal.open(first.job_id).deliver()
        with pytest.raises(OutputFailed) as caught:
            deliver(job, first, tmp_path / "taken.png", [], overwrite=False)
        assert caught.value.charged == ("no" if reused else "yes")
        command = re.search(r"precision-upscale resume (\S+) -o OUTPUT", caught.value.advice)
        assert command is not None
        again = env.resume(command[1])
        deliver(env.journal.open(again.job_id), again, tmp_path / "other.png", [], overwrite=False)
        assert (tmp_path / "taken.png").read_bytes() == b"x"
        check.record("upscale", again)
        check.finish(again, lambda: None).verify()
