"""The document, read by the validator, agrees with a second, independent reading on every body."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from precision_upscaler.contract import PARAMETERS

from contract_tests.support.cases import IMAGE
from contract_tests.support.failure import curl, explain
from mock_server.api.validation import request_violations

from .oracle import filled, wrong_members
from .strategies import ODD_DIGITS, WRONG_SCALES, bodies, scale_factors


def test_defaults_are_the_documented_ones() -> None:
    assert filled({}) == {each.name: each.default for each in PARAMETERS}


@settings(max_examples=300)
@given(bodies())
@example({"image": IMAGE, "sharpen": True})
@example({"image": IMAGE, "sharpen": 7.0})
@example({"image": IMAGE, "flavor": "photo\n"})
@example({"image": IMAGE, "scale_factor": "2\n"})
@example({"image": IMAGE, "scale_factor": ODD_DIGITS[0]})
@example({"image": IMAGE, "webhook_url": "https://example.com/#a#b"})
@example({"image": IMAGE, "webhook_url": "http://[::1/"})
@example({"image": IMAGE, "webhook_url": "http://a:80x/"})
@example({"image": IMAGE, "webhook_url": "http://127.0.0.1/%"})
@example({"image": None})
@example({})
def test_exactly_the_wrong_members_are_named(body: Any) -> None:
    found = request_violations(body)
    named = {str(each.path[0]) if each.path else "" for each in found}
    assert named == wrong_members(body), explain(
        "openapi.json's request-content_3",
        wanted=f"violations at {sorted(wrong_members(body))}",
        said=f"violations {found}",
        request=curl("POST", body=str(body)),
        example=repr(body),
    )


@given(scale_factors)
def test_a_number_and_its_string_are_judged_alike(factor: int | str) -> None:
    for form in (int(factor), str(factor)):
        assert request_violations({"image": IMAGE, "scale_factor": form}) == []


def test_every_wrong_scale_factor_is_refused() -> None:
    for factor in WRONG_SCALES:
        assert request_violations({"image": IMAGE, "scale_factor": factor}), repr(factor)
