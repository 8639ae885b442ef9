"""A live run cannot overspend, cannot begin unasked, and writes nothing down that is secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.cases import IMAGE
from contract_tests.support.pictures import png
from contract_tests.support.service import targets
from contract_tests.support.service.live_record import Recorder, Scrubber
from contract_tests.support.service.scripted_network import API, KEY, NEW_API, task_body
from contract_tests.support.service.spending_cap import SpendingCap

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

TASK = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"
OTHER = "7f9c24e8-3b12-4fef-91e0-5b5e0d6a1a11"
LINK = f"https://ai-statics.freepik.com/upscaler_result_{TASK}.png?token=exp=1~hmac=abc&size=stable"


def test_the_spending_cap_is_never_exceeded() -> None:
    cap = SpendingCap(0.25)
    cap.reserve(scale_factor=2)
    spent = cap.spent
    assert 0 < spent <= 0.25
    cap.limit = 1.5 * spent
    with pytest.raises(pytest.skip.Exception, match=r"the spending cap .* is reached"):
        cap.reserve(scale_factor=2)
    assert cap.spent == spent


def test_what_was_refused_is_given_back() -> None:
    cap = SpendingCap(5.0)
    cap.reserve()
    taken = cap.spent
    cap.release()
    assert taken > 0
    assert cap.spent == 0.0


def live_target(
    answer: httpx2.Response, cap: SpendingCap, recorder: Recorder | None = None, server: str = API
) -> targets.Live:
    """Return the live target, with one answer for every request where the network would be."""
    target = targets.Live(server, KEY, cap, Scrubber((KEY,)), recorder)
    target.close()
    target._client = httpx2.Client(transport=httpx2.MockTransport(lambda _: answer))
    return target


@pytest.mark.parametrize(("status", "spent"), [(200, True), (500, True), (400, False), (401, False)])
def test_only_a_clear_refusal_is_free(status: int, spent: bool) -> None:
    cap = SpendingCap(5.0)
    body = task_body(TASK, "CREATED") if status == 200 else {"message": "No."}
    target = live_target(httpx2.Response(status, json=body), cap)
    target.call("POST", body="{}")
    assert (cap.spent > 0) is spent
    assert target.charges == int(spent)
    target.close()


@pytest.mark.parametrize(("server", "variable"), [(API, "$FREEPIK_API_KEY"), (NEW_API, "$MAGNIFIC_API_KEY")])
def test_an_unlawful_answer_is_shown_without_key_and_token(server: str, variable: str) -> None:
    answer = httpx2.Response(200, json={**task_body(TASK, "DONE", LINK), KEY: KEY})
    target = live_target(answer, SpendingCap(5.0), server=server)
    with pytest.raises(AssertionError) as caught:
        target.call("POST", body="{}")
    words = str(caught.value)
    assert not [secret for secret in (KEY, "hmac=abc", TASK) if secret in words]
    assert f'{variable}" ' in words, "the line can be run by hand"
    assert f"{server}/v1/ai" in words
    target.close()


def test_a_failed_live_test_is_reported_without_key_and_token(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(
        f"""
        from contract_tests.support.service.live_record import Scrubber
        from contract_tests.support.service.targets import SecretScrubber

        def pytest_configure(config):
            config.pluginmanager.register(SecretScrubber(Scrubber(({KEY!r},))))
        """
    )
    pytester.makepyfile(
        f"""
        def test_it():
            link, key = {LINK!r}, "".join(reversed({KEY[::-1]!r}))
            print(key, link)
            assert link == key
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--showlocals")
    done.assert_outcomes(failed=1)
    told = done.stdout.str() + done.stderr.str()
    assert "token=TOKEN" in told, "what is not secret is still shown"
    assert not [secret for secret in (KEY, "hmac=abc", TASK) if secret in told], told


def test_the_record_holds_no_key_no_token_no_id_and_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    recorder = Recorder(path, Scrubber((KEY,)))
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
    missing = httpx2.Response(404, json={"message": f"{KEY} {TASK}"})
    recorder.write("POST", "/v1/x", json.dumps({"image": IMAGE, "sharpen": 7}), answer, 0.1)
    recorder.write("GET", f"/v1/x/{OTHER}", None, missing, 0.1)
    text = path.read_text()
    for secret in (KEY, "hmac=abc", TASK, OTHER, IMAGE, "session", "abc"):
        assert secret not in text, secret
    first, second = map(json.loads, text.splitlines())
    assert first["answer"]["headers"]["x-ratelimit-remaining"] == "49"
    assert first["answer"]["body"].count("task-1") == 2
    assert '"sharpen": 7' in first["request"]["body"]
    assert second["request"]["path"] == "/v1/x/task-2"
    assert "task-1" in second["answer"]["body"]


def test_the_record_tells_how_long_answers_took_and_links_live(tmp_path: Path) -> None:
    path, moments = tmp_path / "seen.jsonl", iter([1000.0, 1002.5, 1090.0])
    recorder = Recorder(path, Scrubber((KEY,)), now=lambda: next(moments))
    link = LINK.replace("exp=1~", "exp=4602~")
    done = live_target(
        httpx2.Response(200, json=task_body(TASK, "COMPLETED", link)), SpendingCap(5.0), recorder
    )
    done.call("GET", f"{CREATE_PATH}/{TASK}")
    picture = httpx2.Response(200, content=png(320, 320), headers={"Content-Type": "image/png"})
    fetched = live_target(picture, SpendingCap(5.0), recorder)
    fetched.fetch(link)
    polled, downloaded = map(json.loads, path.read_text().splitlines())
    assert (polled["at"], polled["link_lives"]) == (2.5, [3600])
    assert 0 <= polled["took"] < 60
    assert (downloaded["at"], downloaded["link_lives"]) == (90.0, [])
    assert downloaded["request"]["path"].endswith("?token=TOKEN&size=stable")
    assert f"({len(png(320, 320))} bytes that begin with b'\\x89PNG" in downloaded["answer"]["body"]
    for target in (done, fetched):
        target.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target=live"], "--spending-cap"),
        (["--target=live", "--spending-cap=0"], "--spending-cap"),
        (["--target=live", "--spending-cap=1", "--dist=loadfile"], "one process"),
    ],
)
def test_a_live_run_needs_one_cap(
    arguments: list[str], words: str, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = dict(pair.removeprefix("--").split("=") for pair in arguments)

    class Asked:
        def getoption(self, name: str, default: object = None) -> object:
            value = options.get(name.removeprefix("--"), default)
            return float(str(value)) if name == "--spending-cap" and value else value

    monkeypatch.setattr(targets.Selection, "target", pytestconfig.getoption("--target"))
    with pytest.raises(pytest.UsageError, match=words):
        targets.configure(Asked())  # type: ignore[arg-type]  # all that is asked of a configuration


def test_a_live_run_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FREEPIK_API_KEY", "MAGNIFIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(pytest.UsageError, match="FREEPIK_API_KEY"):
        targets._live_account()
    monkeypatch.setenv("MAGNIFIC_API_KEY", KEY)
    assert targets._live_account() == ("https://api.magnific.com", KEY)
