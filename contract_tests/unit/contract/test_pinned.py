"""Every bound, default, choice and pattern, each pinned by its own number and not by the document."""

from __future__ import annotations

import pytest
from precision_upscaler.contract import (
    AUTH_HEADERS,
    CREATE_PATH,
    DOCUMENT,
    LIMITS,
    PARAMETERS,
    SERVERS,
    STATUSES,
    TERMINAL_STATUSES,
    TRANSITIONS,
    parameter,
)

SCHEMAS = DOCUMENT["components"]["schemas"]
BODY = SCHEMAS["request-content_3"]


def test_sharpen_minimum_is_0() -> None:
    assert parameter("sharpen").minimum == 0


def test_sharpen_maximum_is_100() -> None:
    assert parameter("sharpen").maximum == 100


def test_sharpen_default_is_7() -> None:
    assert parameter("sharpen").default == 7


def test_smart_grain_minimum_is_0() -> None:
    assert parameter("smart_grain").minimum == 0


def test_smart_grain_maximum_is_100() -> None:
    assert parameter("smart_grain").maximum == 100


def test_smart_grain_default_is_7() -> None:
    assert parameter("smart_grain").default == 7


def test_ultra_detail_minimum_is_0() -> None:
    assert parameter("ultra_detail").minimum == 0


def test_ultra_detail_maximum_is_100() -> None:
    assert parameter("ultra_detail").maximum == 100


def test_ultra_detail_default_is_30() -> None:
    assert parameter("ultra_detail").default == 30


def test_scale_factor_minimum_is_2() -> None:
    assert parameter("scale_factor").minimum == 2


def test_scale_factor_maximum_is_16() -> None:
    assert parameter("scale_factor").maximum == 16


def test_scale_factor_default_is_ours_and_2() -> None:
    assert parameter("scale_factor").default == 2
    assert "default" not in SCHEMAS["request_content_3_scale_factor"]


def test_scale_factor_pattern() -> None:
    assert SCHEMAS["request_content_3_scale_factor"]["oneOf"][1] == {
        "type": "string",
        "pattern": "^(2|3|4|5|6|7|8|9|1[0-6])$",
    }


def test_scale_factor_has_two_branches() -> None:
    assert [branch["type"] for branch in SCHEMAS["request_content_3_scale_factor"]["oneOf"]] == [
        "integer",
        "string",
    ]


def test_flavors_in_order() -> None:
    assert [choice.value for choice in parameter("flavor").choices] == ["sublime", "photo", "photo_denoiser"]


def test_flavor_default_is_ours_and_photo() -> None:
    assert parameter("flavor").default == "photo"
    assert "default" not in SCHEMAS["flavor"]


def test_filter_nsfw_default_is_false() -> None:
    assert parameter("filter_nsfw").default is False


def test_image_alone_is_required() -> None:
    assert BODY["required"] == ["image"]


def test_body_members_in_order() -> None:
    assert list(BODY["properties"]) == [
        "image",
        "webhook_url",
        "scale_factor",
        "flavor",
        "sharpen",
        "smart_grain",
        "ultra_detail",
        "filter_nsfw",
    ]


def test_webhook_url_is_a_uri() -> None:
    assert BODY["properties"]["webhook_url"]["format"] == "uri"


def test_parameters_and_their_kinds_in_the_order_of_the_dialog() -> None:
    assert [(each.name, each.kind) for each in PARAMETERS] == [
        ("scale_factor", "integer"),
        ("flavor", "choice"),
        ("sharpen", "integer"),
        ("smart_grain", "integer"),
        ("ultra_detail", "integer"),
        ("filter_nsfw", "boolean"),
    ]


def test_statuses_in_order() -> None:
    assert STATUSES == ("CREATED", "IN_PROGRESS", "COMPLETED", "FAILED")


@pytest.mark.parametrize(
    ("status", "followers"),
    [
        ("CREATED", {"IN_PROGRESS", "COMPLETED", "FAILED"}),
        ("IN_PROGRESS", {"COMPLETED", "FAILED"}),
        ("COMPLETED", set()),
        ("FAILED", set()),
    ],
)
def test_transitions(status: str, followers: set[str]) -> None:
    assert TRANSITIONS[status] == followers


def test_terminal_statuses() -> None:
    assert {"COMPLETED", "FAILED"} == TERMINAL_STATUSES


def test_path() -> None:
    assert CREATE_PATH == "/v1/ai/image-upscaler-precision-v2"


def test_servers() -> None:
    assert SERVERS == ("https://api.freepik.com", "https://api.magnific.com")


def test_key_headers() -> None:
    assert AUTH_HEADERS == ("x-freepik-api-key", "x-magnific-api-key")


def test_smallest_side_sent_is_160() -> None:
    assert LIMITS["minimum_input_side"] == 160


def test_largest_side_made_is_10060() -> None:
    assert LIMITS["maximum_output_side"] == 10060


def test_longest_aspect_is_3() -> None:
    assert LIMITS["maximum_aspect"] == 3


def test_formats() -> None:
    assert LIMITS["formats"] == ["PNG", "JPEG", "WebP"]


def test_the_one_known_contradiction() -> None:
    assert [(item["pointer"], item["kind"]) for item in DOCUMENT["x-known-contradictions"]] == [
        (
            "/components/responses/bad-request/content/application~1problem+json/examples/invalid_page/value",
            "different-shape",
        )
    ]


def test_what_the_service_leaves_open_is_decided_and_written_down() -> None:
    decisions = {item["subject"]: item["decision"] for item in DOCUMENT["x-decisions"]}
    assert decisions["2.0 where an integer is asked for"] == "refused"
    assert all(item["why"] for item in DOCUMENT["x-decisions"])
