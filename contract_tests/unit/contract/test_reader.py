"""The reader refuses exactly what each schema keyword refuses, and names the keyword and the place."""

from __future__ import annotations

import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from precision_upscaler.contract import Violation, violations
from precision_upscaler.contract.schema import ecma_pattern, resolve, unsupported

INTEGER = {"type": "integer", "minimum": 2, "maximum": 16}
DIGITS = {"type": "string", "pattern": "^(2|3|1[0-6])$"}
ONE_OF = {"oneOf": [INTEGER, DIGITS]}
DOCUMENT = {
    "components": {
        "schemas": {
            "named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "a/b~c": {"type": "boolean"},
        }
    }
}
NAMED = {"$ref": "#/components/schemas/named"}
WITH_COUNT = {
    "allOf": [
        NAMED,
        {
            "type": "object",
            "required": ["counts"],
            "properties": {"counts": {"type": "array", "items": INTEGER}, "inner": NAMED},
        },
    ]
}


def broken(schema: dict[str, Any], value: object, *, closed: bool = False) -> list[tuple[Any, ...]]:
    return [tuple(each) for each in violations(DOCUMENT, schema, value, closed=closed)]


@pytest.mark.parametrize(
    ("kind", "fitting", "article"),
    [
        ("object", {}, "an"),
        ("array", [], "an"),
        ("string", "", "a"),
        ("integer", 0, "an"),
        ("boolean", False, "a"),
    ],
)
def test_type_takes_its_own_kind_alone(kind: str, fitting: object, article: str) -> None:
    values: tuple[Any, ...] = ({}, [], "", 0, False, 0.0, 1.5, None, float("nan"))
    for value in values:
        expected = [] if type(value) is type(fitting) else [((), "type", f"must be {article} {kind}")]
        assert broken({"type": kind}, value) == expected, repr(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (2, []),
        (16, []),
        (1, [((), "minimum", "must be at least 2")]),
        (17, [((), "maximum", "must be at most 16")]),
        (-(10**30), [((), "minimum", "must be at least 2")]),
        (10**30, [((), "maximum", "must be at most 16")]),
        (True, [((), "type", "must be an integer")]),
        (2.0, [((), "type", "must be an integer")]),
    ],
)
def test_integer_bounds(value: object, found: list[Any]) -> None:
    assert broken(INTEGER, value) == found


@pytest.mark.parametrize("value", ["2", "3", "10", "16"])
def test_pattern_takes(value: str) -> None:
    assert broken(DIGITS, value) == []


@pytest.mark.parametrize("value", ["", "2\n", "\n2", "02", " 2", "2 ", "1", "17", "٢", "2x", "x2", "2|3"])
def test_pattern_refuses(value: str) -> None:
    assert broken(DIGITS, value) == [((), "pattern", "must match ^(2|3|1[0-6])$")]


def test_enum() -> None:
    schema = {"type": "string", "enum": ["a", "b"]}
    assert broken(schema, "b") == []
    assert broken(schema, "c") == [((), "enum", "must be one of a, b")]
    assert broken(schema, "A") == [((), "enum", "must be one of a, b")]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (2, []),
        ("2", []),
        (17, [((), "maximum", "must be at most 16")]),
        ("17", [((), "pattern", "must match ^(2|3|1[0-6])$")]),
        (None, [((), "oneOf", "must be an integer or must be a string")]),
    ],
)
def test_one_of_says_what_the_branch_of_the_right_type_says(value: object, found: list[Any]) -> None:
    assert broken(ONE_OF, value) == found


def test_one_of_refuses_what_fits_twice() -> None:
    schema = {"oneOf": [{"type": "integer"}, INTEGER, {"type": "string"}]}
    assert broken(schema, 2) == [((), "oneOf", "must fit one branch and fits 2")]
    assert broken(schema, 1) == []


def test_members_items_and_all_of_are_named_by_their_path() -> None:
    assert broken(WITH_COUNT, {"name": "n", "counts": [2], "more": 1}) == []
    assert broken(WITH_COUNT, {"counts": [2, 17], "inner": {"name": 1}}) == [
        (("name",), "required", "is required"),
        (("counts", 1), "maximum", "must be at most 16"),
        (("inner", "name"), "type", "must be a string"),
    ]


def test_closed_names_undeclared_members_at_any_depth() -> None:
    value = {"name": "n", "counts": [2], "inner": {"name": "n", "z": 1, "a": 1}, "more": 1}
    assert broken(WITH_COUNT, value, closed=True) == [
        (("inner", "a"), "undeclared", "is declared nowhere in the schema"),
        (("inner", "z"), "undeclared", "is declared nowhere in the schema"),
        (("more",), "undeclared", "is declared nowhere in the schema"),
    ]
    items = {"type": "array", "items": NAMED}
    assert broken(items, [{"name": "n"}, {"name": "n", "x": 1}], closed=True) == [
        ((1, "x"), "undeclared", "is declared nowhere in the schema")
    ]


def test_a_violation_is_a_named_tuple() -> None:
    (found,) = violations(DOCUMENT, INTEGER, 1, ("body",))
    assert found == Violation(path=("body",), keyword="minimum", message="must be at least 2")


UUID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"


@pytest.mark.parametrize("value", [UUID, UUID.upper()])
def test_uuid_takes(value: str) -> None:
    assert broken({"type": "string", "format": "uuid"}, value) == []


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
    assert broken({"type": "string", "format": "uuid"}, value) == [((), "format", "must be a UUID")]


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
    assert broken({"type": "string", "format": "uri"}, value) == []


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
    assert broken({"type": "string", "format": "uri"}, value) == [((), "format", "must be a URI")]


def test_resolve_follows_references_with_escapes_and_chains() -> None:
    document = {**DOCUMENT, "hop": {"$ref": "#/components/schemas/a~1b~0c"}}
    assert resolve(document, {"$ref": "#/hop"}) == {"type": "boolean"}
    with pytest.raises(KeyError):
        resolve(document, {"$ref": "#/components/schemas/none"})


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "integer", "exclusiveMinimum": 1}, "unknown keyword exclusiveMinimum"),
        ({"type": "string", "nullable": True}, "unknown keyword nullable"),
        ({"minimum": 1}, "minimum without type integer"),
        ({"type": "string", "maximum": 1}, "maximum without type integer"),
        ({"pattern": "^a$"}, "pattern without type string"),
        ({"format": "uri"}, "format without type string"),
        ({"enum": [1]}, "enum without type string"),
        ({"items": {}}, "items without type array"),
        ({"properties": {}}, "properties without type object"),
        ({"required": ["a"]}, "required without type object"),
        ({"type": "number"}, "unknown type number"),
        ({"type": "string", "format": "date"}, "unknown format date"),
    ],
)
def test_what_the_reader_cannot_check_it_says(schema: dict[str, Any], problem: str) -> None:
    assert unsupported(schema) == [problem]


def test_extensions_are_no_keywords() -> None:
    assert unsupported({"type": "string", "x-title": "Title", "description": "", "default": ""}) == []


@pytest.mark.parametrize(
    ("pattern", "python"),
    [
        ("^a$", r"^a\Z"),
        ("^(a$|b$)", r"^(a\Z|b\Z)"),
        (r"^\$$", r"^\$\Z"),
        ("^[$]$", r"^[$]\Z"),
        (r"^[\]$]$", r"^[\]$]\Z"),
        (r"\\$", r"\\\Z"),
        ("a$b", r"a\Zb"),
    ],
)
def test_dollar_is_the_end_of_the_text(pattern: str, python: str) -> None:
    assert ecma_pattern(pattern) == python


@pytest.mark.parametrize("pattern", [r"^\d$", r"a\b", r"(a)\1", r"[\w]"])
def test_escapes_that_the_two_languages_read_differently_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="reads otherwise"):
        ecma_pattern(pattern)
    with pytest.raises(ValueError, match="reads otherwise"):
        unsupported({"type": "string", "pattern": pattern})


SCALE = "^(2|3|4|5|6|7|8|9|1[0-6])$"


@given(st.text(alphabet="0123456789 \n٢²+-.", max_size=4))
@example("2\n")
@example("٢")
@example("1\n0")
def test_the_scale_pattern_takes_fifteen_strings(text: str) -> None:
    assert bool(re.search(ecma_pattern(SCALE), text)) == (text in {str(number) for number in range(2, 17)})
