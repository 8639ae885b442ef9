"""What the core says reaches a front end's user in the user's language, with the values in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.errors import NoKey, UpscaleError
from precision_upscaler.frontend import i18n, texts
from precision_upscaler.jobs.context import WarningEvent
from precision_upscaler.messages import Message, joined, translatable

GERMAN = {
    "There is no API key for {host}.": "Für {host} gibt es keinen API-Schlüssel.",
    "{title} must be at most {most}.": "{title} darf höchstens {most} sein.",
    "Sharpen": "Schärfen",
    "Nothing was charged.": "Nichts wurde abgebucht.",
}


def german(text: str) -> str:
    return GERMAN.get(text, text)


def through_the_pipe(error: UpscaleError) -> dict[str, object]:
    event: dict[str, object] = json.loads(json.dumps(error.to_event()))
    return event


def test_a_sentence_with_a_value_is_said_in_the_users_language() -> None:
    event = through_the_pipe(NoKey(translatable("There is no API key for {host}.", host="api.freepik.com")))
    assert event["what"] == "There is no API key for api.freepik.com."
    told = "Für api.freepik.com gibt es keinen API-Schlüssel."
    assert i18n.translated_member(event, "what", german) == told
    assert texts.answers(event, german)[:2] == [told, "Nichts wurde abgebucht."]


def test_a_value_that_is_a_sentence_itself_is_translated_too() -> None:
    error = UpscaleError(
        translatable("{title} must be at most {most}.", title=translatable("Sharpen"), most=100)
    )
    assert (
        i18n.translated_member(through_the_pipe(error), "what", german) == "Schärfen darf höchstens 100 sein."
    )


def test_advice_with_something_added_is_translated_too() -> None:
    error = NoKey(
        "Gone.",
        advice=joined("Nothing was charged.", translatable("{title} ends.", title=translatable("Sharpen"))),
    )
    assert texts.answers(through_the_pipe(error), german)[2] == "Nichts wurde abgebucht. Schärfen ends."


def test_several_sentences_are_translated_each_for_itself() -> None:
    error = UpscaleError(
        joined("Nothing was charged.", translatable("{title} {x}", title="{odd}", x=1), "{x")
    )
    assert (
        i18n.translated_member(through_the_pipe(error), "what", german)
        == "Nichts wurde abgebucht. {odd} 1 {x"
    )


def test_warnings_are_told_but_for_what_the_front_end_sees_itself() -> None:
    warnings = [
        WarningEvent("wrong-scale", "It is too small.").to_event(),
        WarningEvent("adopted", "Found.").to_event(),
    ]
    assert i18n.warning_messages(warnings, german) == ["Found."]


def test_a_warning_is_translated_as_well() -> None:
    event = WarningEvent("code", "Nothing was charged.").to_event()
    assert i18n.translated_member(event, "message", german) == "Nichts wurde abgebucht."


@pytest.mark.parametrize("sentences", [None, {}, {"what": [{"text": "Other.", "values": {}}]}])
def test_words_that_came_without_their_sentences_stay_as_they_are(sentences: object) -> None:
    event = {"event": "error", "what": "Im Vordergrund gesagt.", "sentences": sentences}
    assert i18n.translated_member(event, "what", german) == "Im Vordergrund gesagt."


@given(st.text())
def test_anybodys_words_pass_unchanged(words: str) -> None:
    error = UpscaleError(translatable("The service answered {status}: {words}.", status=400, words=words))
    assert (
        i18n.translated_member(through_the_pipe(error), "what", texts.same)
        == f"The service answered 400: {words}."
    )
    assert i18n.translated_member(through_the_pipe(UpscaleError(words)), "what", texts.same) == words


def test_a_value_that_is_missing_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        translatable("{host} is gone.")
    assert isinstance(translatable("Fine."), Message)
