from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.api.prefer_header import PreferenceError, Preferences, preferences


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("", Preferences()),
        ("respond-async, wait=10", Preferences()),
        ("scenario=failed", Preferences(scenario="failed")),
        ("Scenario = reset@status*2 , code=503", Preferences(scenario="reset@status*2", code=503)),
        (
            'example="success - failed task", seconds=1.5',
            Preferences(example="success - failed task", pace={"seconds": 1.5}),
        ),
        ("polls=3, queue=0, polls=9", Preferences(pace={"polls": 3.0, "queue": 0.0})),
        (r'example="a \"b\""', Preferences(example='a "b"')),
    ],
)
def test_a_preference_is_read(header: str, meant: Preferences) -> None:
    assert preferences(header) == meant


@pytest.mark.parametrize(
    "header",
    [
        "scenario=nope",
        "code=99",
        "code=abc",
        "seconds=-1",
        "seconds=nan",
        "seconds=inf",
        "polls=0",
        "polls=1.5",
        "queue=x",
    ],
)
def test_a_preference_that_means_nothing_is_refused(header: str) -> None:
    with pytest.raises(PreferenceError):
        preferences(header)


@given(st.text(st.characters(max_codepoint=255)))
def test_any_header_is_read_or_refused(header: str) -> None:
    with contextlib.suppress(PreferenceError):
        assert isinstance(preferences(header), Preferences)
