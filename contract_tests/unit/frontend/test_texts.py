"""The texts: every sentence can be filled, says what it must, and passes through the translation."""

from __future__ import annotations

import inspect
import re

import pytest
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.options import FIT_LAYER, OWN

VALUES = {
    "layers": "“Sky” and “Sea”",
    "group": "Clouds",
    "name": "Sky",
    "parent": "Group",
    "width": 100,
    "height": 50,
    "asked_width": 200,
    "asked_height": 100,
    "maximum": 524288,
    "colors": 64,
    "problem": "box: missing",
}


def codes(function: object) -> list[str]:
    """Return the codes a function has a sentence for, from its own source."""
    return re.findall(r'^        "([a-z-]+)": _\(', inspect.getsource(function), re.MULTILINE)  # type: ignore[arg-type]  # has a source


@pytest.mark.parametrize("code", codes(texts.refusal))
def test_every_refusal_is_a_filled_sentence(code: str) -> None:
    sentence = texts.refusal(code, texts.same, **VALUES)
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize("code", codes(texts.note))
def test_every_note_is_a_filled_sentence(code: str) -> None:
    sentence = texts.note(code, texts.same, **VALUES)
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_there_are_sentences_to_test() -> None:
    assert len(codes(texts.refusal)) >= 15
    assert len(codes(texts.note)) >= 15


def test_an_unknown_code_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        texts.refusal("made-up")


def test_a_locked_position_names_the_way_out_as_the_dialog_calls_it() -> None:
    placement = next(one for one in OWN if one.name == "placement")
    title = next(choice.title for choice in placement.choices if choice.value == FIT_LAYER)
    assert f"“{title}”" in texts.refusal("locked-position", name="Sky")


def test_a_refusal_says_that_it_cost_nothing() -> None:
    assert texts.refused("Too small.") == "Too small. Nothing was sent and nothing was charged."


def test_a_translation_replaces_the_sentence_and_keeps_the_values() -> None:
    german = {"The pixels of “{name}” are locked. Unlock them and start again.": "„{name}“ ist gesperrt."}
    assert texts.refusal("locked-content", lambda text: german.get(text, text), name="Himmel") == (
        "„Himmel“ ist gesperrt."
    )


ERROR = {
    "event": "error",
    "code": "x",
    "what": "It broke.",
    "charged": "yes",
    "charge": "The task has been charged.",
    "advice": "Choose Resume.",
    "log": "/tmp/a.log",
}


def test_an_error_gives_its_three_answers_and_the_log() -> None:
    assert texts.error(ERROR) == "It broke.\nThe task has been charged.\nChoose Resume.\nLog: /tmp/a.log"


def test_a_path_below_the_users_home_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert texts.error({**ERROR, "log": "/home/ann/x/a.log"}).endswith("\nLog: ~/x/a.log")
    assert texts.short_path("/home/anna/x") == "/home/anna/x"


def test_an_error_in_a_summary_needs_no_log() -> None:
    line = texts.failure("Sky", ERROR)
    assert line == "“Sky”: It broke. The task has been charged. Choose Resume."
    summary = texts.summary(["“Sea” is now 2 × 2 pixels."], [line])
    assert summary.splitlines() == [
        "1 of 2 layers were upscaled.",
        "• “Sea” is now 2 × 2 pixels.",
        f"• {line}",
    ]


@pytest.mark.parametrize(
    ("charged", "words"),
    [("no", "Nothing was charged"), ("yes", "has been charged"), ("unknown", "not certain")],
)
def test_a_cancel_says_what_it_cost(charged: str, words: str) -> None:
    event = {"event": "cancelled", "charged": charged, "message": ""}
    assert words in texts.error(event)
    assert words in texts.charge(charged)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0, ""), (1, "5 seconds"), (81, "80 seconds"), (131, "2 minutes"), (311, "5 minutes")],
)
def test_a_time_is_said_as_roughly_as_it_is_known(seconds: float | None, words: str) -> None:
    assert words in texts.expected(seconds)
    assert bool(texts.expected(seconds)) == bool(words)


def test_every_stage_of_the_protocol_has_its_line() -> None:
    for stage in ("preparing", "sending", "waiting", "downloading", "checking"):
        assert texts.stage({"stage": stage}) != stage
    assert texts.stage({"stage": "something new"}) == "something new"
    line = texts.many_stages({"waiting": 2, "sending": 1}, 3)
    assert line == "3 layers. Sending the picture: 1, Waiting for the service: 2"


@pytest.mark.parametrize("event", [texts.no_python_error(), texts.worker_missing_error(OSError("gone"))])
def test_errors_of_the_front_end_have_the_protocols_members(event: dict[str, object]) -> None:
    assert set(event) == {"event", "code", "what", "charged", "charge", "advice", "log", "job_id", "details"}
    assert str(event["advice"]).endswith(".")


def test_a_worker_that_misses_a_part_of_the_plugin_says_to_install_it_again() -> None:
    lines = ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'httpx2'"]
    event = texts.worker_died_error(1, "no", None, lines)
    sentence = texts.error(event)
    assert "No module named 'httpx2'" in sentence
    assert "its folder must hold precision_upscaler and vendor" in sentence


def test_a_worker_that_dies_after_the_payment_is_left_to_resume_whatever_it_misses() -> None:
    event = texts.worker_died_error(1, "yes", "job", ["ModuleNotFoundError: No module named 'httpx2'"])
    assert "Resume Precision Upscales" in texts.error(event)
    assert event["charged"] == "yes"


def test_the_line_for_scripts_names_every_new_image() -> None:
    assert texts.new_images([3, 14]) == "New images: 3 14"


def test_what_cannot_be_written_as_text_is_said_all_the_same() -> None:
    class Odd(Exception):
        def __format__(self, spec: str) -> str:
            raise UnicodeError

        def __str__(self) -> str:
            return "said"

    assert texts.words_of(Odd()) == "said"


@pytest.mark.parametrize(("where", "words"), [("keyring", "keyring"), ("file", "only you can read")])
def test_the_place_of_a_stored_key_is_named(where: str, words: str) -> None:
    assert words in texts.key_stored(where)
