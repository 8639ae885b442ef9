"""What the document's types, patterns and formats take and refuse, as the mock's validator reads them."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from mock_server.api.validation import compile_schema, request_violations

UUID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"


def broken(**members: Any) -> list[tuple[tuple[str | int, ...], str]]:
    found = request_violations({"image": "aGk=", **members})
    return [(violation.path, violation.keyword) for violation in found]


@pytest.mark.parametrize(
    ("value", "keyword"),
    [
        (0, None),
        (100, None),
        (-1, "minimum"),
        (101, "maximum"),
        (-(10**30), "minimum"),
        (10**30, "maximum"),
        (True, "type"),
        (7.0, "type"),
        ("7", "type"),
        (None, "type"),
    ],
)
def test_a_slider_takes_whole_numbers_within_its_bounds(value: object, keyword: str | None) -> None:
    assert broken(sharpen=value) == ([] if keyword is None else [(("sharpen",), keyword)])


@pytest.mark.parametrize(
    ("value", "keyword"),
    [(2, None), ("2", None), (17, "maximum"), ("17", "pattern"), (None, "oneOf"), (2.0, "oneOf")],
)
def test_a_wrong_scale_factor_is_judged_by_the_branch_of_its_type(value: object, keyword: str | None) -> None:
    assert broken(scale_factor=value) == ([] if keyword is None else [(("scale_factor",), keyword)])


@pytest.mark.parametrize("value", ["", "2\n", "\n2", "02", " 2", "2 ", "1", "17", "٢", "2x", "x2", "2|3"])
def test_the_scale_pattern_refuses(value: str) -> None:
    assert broken(scale_factor=value) == [(("scale_factor",), "pattern")]


@given(st.text(alphabet="0123456789 \n٢²+-.", max_size=4))
@example("2\n")
@example("٢")
@example("1\n0")
def test_the_scale_pattern_takes_fifteen_strings(text: str) -> None:
    assert (broken(scale_factor=text) == []) == (text in {str(number) for number in range(2, 17)})


def test_a_choice_is_one_of_its_words_in_their_spelling() -> None:
    assert broken(flavor="photo") == []
    assert broken(flavor="Photo") == broken(flavor="vivid") == [(("flavor",), "enum")]


def test_a_missing_member_and_a_wrong_body_are_named() -> None:
    assert [(each.path, each.keyword) for each in request_violations({})] == [(("image",), "required")]
    assert [(each.path, each.keyword) for each in request_violations([])] == [((), "type")]


def test_a_message_never_repeats_the_image() -> None:
    (violation,) = request_violations({"image": ["aGk="] * 1000})
    assert "aGk" not in violation.message


@pytest.mark.parametrize("value", [UUID, UUID.upper()])
def test_uuid_takes(value: str) -> None:
    assert compile_schema({"type": "string", "format": "uuid"}).is_valid(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        UUID + "\n",
        UUID[:-1],
        UUID + "0",
        "x" + UUID,
        UUID.replace("-", ""),
        UUID.replace("0", "g"),
        f"{{{UUID}}}",
    ],
)
def test_uuid_refuses(value: str) -> None:
    assert not compile_schema({"type": "string", "format": "uuid"}).is_valid(value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "https://user:pw@example.com:8080/a/b;c?d=e&f=%20#g",
        "http://[::1]:80/",
        "http://127.0.0.1/",
        "urn:isbn:0451450523",
        "mailto:a@b.c",
        "HTTPS://EXAMPLE.COM/%7Ea",
    ],
)
def test_uri_takes(value: str) -> None:
    assert broken(webhook_url=value) == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "example.com/path",
        "//example.com",
        "https://exa mple.com",
        "https://example.com/\n",
        "https://example.com\n",
        "1https://example.com",
        "https://example.com/ü",
        "https://example.com/%zz",
        "https://example.com/a[b]",
        "http://[::1",
        "http://a:80x/",
        "https://example.com/#a#b",
        "https://example.com/<>",
    ],
)
def test_uri_refuses(value: str) -> None:
    assert broken(webhook_url=value) == [(("webhook_url",), "format")]
