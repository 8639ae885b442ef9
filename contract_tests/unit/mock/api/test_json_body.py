from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.api.json_body import JSONError, loads

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


@given(values, st.booleans())
def test_every_json_value_is_read_as_python_reads_it(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a": 1, "b": 2, "a": 1}', "'a' appears twice"),
        (b'[{"x": {"a": 1, "a": 2}}]', "'a' appears twice"),
        (b"NaN", "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b"1e999", "1e999 is out of range"),
        (rb'"\ud800"', "lone surrogate"),
        (rb'{"\udc00": 1}', "lone surrogate"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xff\xfe1\x00", "not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "not JSON"),
        (b"", "not JSON"),
        (b'{"a": 1} x', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'"\n"', "not JSON"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else None,
)
def test_what_is_not_strictly_json_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(JSONError, match=why):
        loads(raw)


def test_an_escaped_surrogate_pair_is_a_character() -> None:
    assert loads(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize(
    ("begin", "end", "most"), [("[", "]", 128), ('{"a":', "}", 128), ('[{"a":', "}]", 64)]
)
def test_nesting_has_a_limit_that_does_not_depend_on_who_calls(begin: str, end: str, most: int) -> None:
    loads((begin * most + "1" + end * most).encode())
    with pytest.raises(JSONError, match="nested too deeply"):
        loads((begin * (most + 1) + "1" + end * (most + 1)).encode())


def test_much_is_not_deep() -> None:
    value: list[list[dict[str, object]]] = [[{}]] * 1000
    assert loads(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_are_a_value_or_refused(raw: bytes) -> None:
    try:
        value = loads(raw)
    except JSONError:
        return
    assert value == json.loads(raw)
