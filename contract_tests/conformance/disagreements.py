"""All requests on which another implementation differs from our mock, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disagreement:
    """Requests that one of ``implementation`` and our mock accepts; ``names`` are those of the cases."""

    implementation: str
    why: str
    names: frozenset[str]


_UNDECODED = frozenset(
    {
        "image is empty",
        "image is blank",
        "image is no base64",
        "image is base64 of no picture",
        "image is cut base64",
        "image is http, not https",
    }
)
_TWICE = frozenset({"sharpen given twice", "image given twice"})
_NOT_KNOWABLE = frozenset(
    {"list with an unknown key", "status of an unknown task", "status of an upper-case id"}
)
_NO_PICTURE = "The schema says string; what the string must hold stands in the description alone."
_NAMES_TWICE = "Its JSON parser keeps the last of two members with one name; the service's is unknown."
_NO_STATE = "It knows neither keys nor tasks: it sees that a key is there and that an id is a uuid, no more."
_EMPTY_IS_NONE = "A sister endpoint documents an empty address as none; our mock refuses it with --strict."

DISAGREEMENTS: tuple[Disagreement, ...] = (
    Disagreement("prism", _NO_PICTURE, _UNDECODED),
    Disagreement("prism", _NAMES_TWICE, _TWICE),
    Disagreement("prism", _NO_STATE, _NOT_KNOWABLE),
    Disagreement("prism", _EMPTY_IS_NONE, frozenset({"webhook_url is empty"})),
    Disagreement(
        "prism",
        "In JavaScript 2.0 and 2 are one number; OpenAPI 3.0's integer is written without a fraction. What "
        "the service does is unknown, and our mock takes the safe side (x-decisions in the document).",
        frozenset(
            {
                "sharpen is whole float",
                "smart_grain is whole float",
                "ultra_detail is whole float",
                "scale_factor is whole float",
                "scale_factor is 2.0",
                "scale_factor is 16.0",
                "scale_factor is written 2e0",
                "scale_factor is written 2.0",
                "sharpen is written 7e0",
            }
        ),
    ),
)
