r"""Strategies for requests and answers, written by hand.

Generators drawn from a schema never find the values that tell a sloppy check from a right one
(``"2\n"``, an Arabic two, ``2.0``, ``true``), so these lean on them, and each property names them as
explicit examples as well.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st

from contract_tests.support.cases import IMAGE

from .oracle import FLAVORS, SLIDERS

HUGE = 10**40

# Arabic, Devanagari, full-width, superscript: decimal digits or numbers to Python, none to the contract
ODD_DIGITS = "\u0662\u0968\uff12\u00b2\u2461"
DIGITS_AND_NEAR = "0123456789" + ODD_DIGITS + " \t\n\r+-._exX\x00\u00a0\ufeff"

integers = st.one_of(
    st.integers(-3, 20),
    st.integers(95, 105),
    st.integers(-HUGE, HUGE),
    st.sampled_from([2**31, 2**63, 2**64]),
)
floats = st.one_of(st.integers(-3, 110).map(float), st.floats(allow_nan=False, allow_infinity=False))
scale_like_texts = st.one_of(
    st.integers(-5, 30).map(str),
    st.text(DIGITS_AND_NEAR, max_size=4),
    st.tuples(
        st.sampled_from(["", "0", " ", "\n", "+"]),
        st.integers(2, 16),
        st.sampled_from(["", " ", "\n", ".0", "x"]),
    ).map(lambda parts: f"{parts[0]}{parts[1]}{parts[2]}"),
)
flavor_like_texts = st.one_of(
    st.sampled_from(FLAVORS),
    st.sampled_from(FLAVORS).map(str.upper),
    st.sampled_from(FLAVORS).map(lambda name: name + "\n"),
    st.sampled_from(FLAVORS).map(lambda name: name[:-1]),
)
addresses = st.one_of(
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS", "ftp"]),
        st.sampled_from(["127.0.0.1", "[::1]", "example.com", "user:pw@example.com:8080"]),
        st.text("abz019-._~%/@:!$&'()*+,;= \n\u00fc<>\"\\^`{|}", max_size=6).map(lambda text: "/" + text),
        st.sampled_from(["", "?a=b&c", "#part", "?q#f", "?q?#f"]),
    ),
    st.text(max_size=8),
)
scalars = st.one_of(
    st.none(), st.booleans(), integers, floats, scale_like_texts, flavor_like_texts, st.text(max_size=5)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

scale_factors = st.integers(2, 16) | st.integers(2, 16).map(str)
valid_members: dict[str, st.SearchStrategy[Any]] = {
    "scale_factor": scale_factors,
    "flavor": st.sampled_from(FLAVORS),
    "sharpen": st.integers(0, 100),
    "smart_grain": st.integers(0, 100),
    "ultra_detail": st.integers(0, 100),
    "filter_nsfw": st.booleans(),
}
valid_parameters = st.fixed_dictionaries({}, optional=valid_members)
"""Parameters the document allows, any of them left out, as JSON members."""

near_members: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(SLIDERS, integers | scalars | json_values),
    "scale_factor": integers | scale_like_texts | floats | json_values,
    "flavor": flavor_like_texts | json_values,
    "filter_nsfw": st.booleans() | json_values,
}


@st.composite
def nearly_valid_parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Draw parameters of which one or two, or none, are near the edge of what is allowed or beyond it."""
    members: dict[str, Any] = draw(valid_parameters)
    for name in draw(st.lists(st.sampled_from(sorted(near_members)), max_size=2, unique=True)):
        members[name] = draw(near_members[name])
    return members


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """Draw create bodies: nearly valid ones, with odd pictures and addresses, and anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(json_values)
    body = {"image": draw(st.just(IMAGE) | st.just(IMAGE) | json_values), **draw(nearly_valid_parameters())}
    if draw(st.integers(0, 2)) == 0:
        body["webhook_url"] = draw(addresses | json_values)
    if draw(st.integers(0, 4)) == 0:
        body[draw(st.text(min_size=1, max_size=6))] = draw(json_values)
    return body


NOT_WHOLE: list[Any] = [2.0, 2.5, True, False, None, [2], {"v": 2}, HUGE, -HUGE]
WRONG_SCALES: list[Any] = [
    *NOT_WHOLE,
    1,
    17,
    "1",
    "17",
    "2\n",
    "16\n",
    "02",
    " 2",
    "2 ",
    "2.0",
    "+2",
    "",
    "1_0",
    *ODD_DIGITS,
]
"""Scale factors that a sloppy check lets through; examples of every property about them."""
