"""What a person is shown of the contract: every parameter, in words a retoucher understands."""

from __future__ import annotations

import re

import pytest
from precision_upscaler.contract import DOCUMENT, PARAMETERS, Parameter, parameter

from mock_server.api.validation import request_violations

PROTOCOL_TALK = re.compile(
    r"string|integer|boolean|JSON|API|HTTP|endpoint|request|decimal|enum|body|call", re.IGNORECASE
)


@pytest.mark.parametrize("each", PARAMETERS, ids=lambda each: each.name)
def test_words_are_for_people(each: Parameter) -> None:
    for text in (each.title, each.help, *(choice.help for choice in each.choices)):
        assert text.strip() == text
        assert text[0].isupper()
        assert not PROTOCOL_TALK.search(text), text
    assert each.help.endswith(".")


@pytest.mark.parametrize("each", PARAMETERS, ids=lambda each: each.name)
def test_default_is_accepted_by_the_request_schema(each: Parameter) -> None:
    assert request_violations({"image": "aGk=", each.name: each.default}) == []


@pytest.mark.parametrize("each", PARAMETERS, ids=lambda each: each.name)
def test_each_kind_carries_what_it_needs_and_nothing_else(each: Parameter) -> None:
    assert (each.minimum is not None) == (each.maximum is not None) == (each.kind == "integer")
    assert bool(each.choices) == (each.kind == "choice")


def test_every_choice_has_a_title_of_its_own() -> None:
    titles = [choice.title for choice in parameter("flavor").choices]
    assert titles == ["Sublime", "Photo", "Photo denoiser"]


def test_titles() -> None:
    assert [each.title for each in PARAMETERS] == [
        "Scale factor",
        "Flavor",
        "Sharpen",
        "Smart grain",
        "Ultra detail",
        "Filter NSFW content",
    ]


def test_help_falls_back_on_the_description() -> None:
    schema = DOCUMENT["components"]["schemas"]["request-content_3"]["properties"]["sharpen"]
    assert parameter("sharpen").help == schema["description"]
    schema = DOCUMENT["components"]["schemas"]["request_content_3_scale_factor"]
    assert parameter("scale_factor").help == schema["x-help"]


def test_unknown_parameter() -> None:
    with pytest.raises(KeyError, match="sharpness"):
        parameter("sharpness")
