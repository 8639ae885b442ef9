"""A live run cannot overspend, cannot begin unasked, and writes nothing down that is secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest

from contract_tests import targets
from contract_tests.cases import IMAGE
from contract_tests.live_record import Recorder
from contract_tests.purse import Purse
from contract_tests.wire import KEY, task_body

if TYPE_CHECKING:
    from pathlib import Path

TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
OTHER = "7f9c24e8-3b12-4fef-91e0-5b5e0d6a1a11"
LINK = f"https://ai-statics.freepik.com/upscaler_result_{TASK}.png?token=exp=1~hmac=abc&size=stable"


def test_a_purse_is_never_overdrawn() -> None:
    purse = Purse(0.25)
    purse.reserve(scale_factor=2)
    spent = purse.spent
    assert 0 < spent <= 0.25
    purse.cap = 1.5 * spent
    with pytest.raises(pytest.skip.Exception, match=r"the spending cap .* is reached"):
        purse.reserve(scale_factor=2)
    assert purse.spent == spent


def test_what_was_refused_is_given_back() -> None:
    purse = Purse(5.0)
    purse.reserve()
    taken = purse.spent
    purse.give_back()
    assert taken > 0
    assert purse.spent == 0.0


@pytest.mark.parametrize(("status", "spent"), [(200, True), (500, True), (400, False), (401, False)])
def test_only_a_clear_refusal_is_free(status: int, spent: bool) -> None:
    purse = Purse(5.0)
    target = targets.Live("https://api.freepik.com", KEY, purse, None)
    body = task_body(TASK, "CREATED") if status == 200 else {"message": "No."}
    answer = httpx2.Response(status, json=body)
    target.close()
    target._client = httpx2.Client(transport=httpx2.MockTransport(lambda _: answer))
    target.call("POST", body="{}")
    assert (purse.spent > 0) is spent
    assert target.charges == int(spent)
    target.close()


def test_the_record_holds_no_key_no_token_no_id_and_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    recorder = Recorder(path, secrets=(KEY,))
    answer = httpx2.Response(
        200,
        json=task_body(TASK, "COMPLETED", LINK),
        headers={
            "Set-Cookie": "session=1",
            "X-Request-Id": "abc",
            "X-RateLimit-Remaining": "49",
            "Server": KEY,
        },
    )
    recorder.write("POST", "/v1/x", json.dumps({"image": IMAGE, "sharpen": 7}), answer)
    recorder.write("GET", f"/v1/x/{OTHER}", None, httpx2.Response(404, json={"message": f"{KEY} {TASK}"}))
    text = path.read_text()
    for secret in (KEY, "hmac=abc", TASK, OTHER, IMAGE, "session", "abc"):
        assert secret not in text, secret
    first, second = map(json.loads, text.splitlines())
    assert first["answer"]["headers"]["x-ratelimit-remaining"] == "49"
    assert first["answer"]["body"].count("task-1") == 2
    assert '"sharpen": 7' in first["request"]["body"]
    assert second["request"]["path"] == "/v1/x/task-2"
    assert "task-1" in second["answer"]["body"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--target=live"], "--spending-cap"), (["--target=live", "--spending-cap=0"], "--spending-cap")],
)
def test_a_live_run_needs_a_cap(
    arguments: list[str], words: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = dict(pair.removeprefix("--").split("=") for pair in arguments)

    class Asked:
        def getoption(self, name: str) -> object:
            value = options.get(name.removeprefix("--"))
            return float(value) if name == "--spending-cap" and value else value

    monkeypatch.setattr(targets.Choice, "target", pytestconfig.getoption("--target"))
    with pytest.raises(pytest.UsageError, match=words):
        targets.configure(Asked())  # type: ignore[arg-type]  # all that is asked of a configuration


def test_a_live_run_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(pytest.UsageError, match="FREEPIK_API_KEY"):
        targets._live_account()
    monkeypatch.setenv("MAGNIFIC_API_KEY", KEY)
    assert targets._live_account() == ("https://api.magnific.com", KEY)
