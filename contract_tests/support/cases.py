"""One table of create calls, valid and not, that every subject is held to.

A case is a JSON body and what must become of it. Five subjects are asked the same question: the
contract's reader, ``UpscaleRequest``, the mock over HTTP, the arguments of the GIMP procedures, and
the command line (``contract_tests/support/subjects``). Numbers stand here as numbers: nothing is computed
from the document that the cases are to check.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .pictures import base64_png

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = base64_png()
"""What stands for the picture unless a case is about the picture."""

_MISSING = object()


@dataclass(frozen=True)
class Case:
    """One create call.

    ``members`` are the body's members besides ``image``; ``valid`` is the document's judgement and
    ``rule`` the words of it; ``keyword`` names the schema keyword that an invalid body breaks. ``raw``
    is the body as text where no JSON value says it (NaN, a repeated key). ``stricter`` maps a subject
    to the reason why it refuses what the document accepts, ``looser`` to why it accepts what that refuses.
    """

    name: str
    about: str
    members: dict[str, Any]
    valid: bool
    rule: str
    keyword: str | None = None
    raw: str | None = None
    stricter: dict[str, str] = field(default_factory=dict)
    looser: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        """Return the body as JSON value."""
        if "" in self.members:
            return self.members[""]
        body = {"image": IMAGE, **self.members}
        return {name: value for name, value in body.items() if value is not _MISSING}

    @property
    def text(self) -> str:
        """Return the body as the text that goes over the wire."""
        return self.raw if self.raw is not None else json.dumps(self.body)

    @property
    def value(self) -> Any:
        """Return the value of the one parameter the case is about."""
        return self.members[self.about]


SLIDERS = ("sharpen", "smart_grain", "ultra_detail")
SLIDER_RULE = "an integer from 0 to 100"
SCALE_RULE = 'an integer from 2 to 16, or its decimal string "2" ... "16" and no other string'
FLAVOR_RULE = "exactly one of sublime, photo, photo_denoiser"
BOOLEAN_RULE = "true or false"
IMAGE_RULE = "a string, and required"
URI_RULE = "a string that is a URI (RFC 3986)"
BODY_RULE = "a JSON object"

HUGE = 10**30
NO_SCALE_STRINGS = {
    "one": "1",
    "seventeen": "17",
    "zero": "0",
    "hundred": "100",
    "twenty": "20",
    "negative": "-2",
    "plus": "+2",
    "leading zero": "02",
    "leading space": " 2",
    "trailing space": "2 ",
    "trailing line feed": "2\n",
    "leading line feed": "\n2",
    "sixteen and line feed": "16\n",
    "carriage return": "2\r",
    "fraction": "2.0",
    "exponent": "2e0",
    "hexadecimal": "0x2",
    "underscore": "1_0",
    "Arabic digit": "٢",
    "Devanagari digit": "२",
    "full-width digit": "\uff12",
    "superscript": "\u00b2",
    "mixed digits": "1\u0660",
    "empty": "",
    "word": "two",
    "unit": "2x",
    "two numbers": "2|3",
    "null character": "2\x00",
    "byte order mark": "\ufeff2",
    "no-break space": "2\u00a0",
}
NO_INTEGERS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "list": [7],
    "object": {"value": 7},
    "half": 7.5,
    "whole float": 7.0,
    "tiny float": 1e-30,
    "huge float": 1e300,
}


def _sliders() -> Iterator[Case]:
    for name in SLIDERS:
        for value in (0, 1, 7, 30, 50, 99, 100):
            yield Case(f"{name} = {value}", name, {name: value}, valid=True, rule=SLIDER_RULE)
        for value, keyword in ((-1, "minimum"), (101, "maximum"), (-HUGE, "minimum"), (HUGE, "maximum")):
            yield Case(f"{name} = {value:.4g}", name, {name: value}, False, SLIDER_RULE, keyword)
        for label, wrong in NO_INTEGERS.items():
            yield Case(f"{name} is {label}", name, {name: wrong}, False, SLIDER_RULE, "type")
        # \u0667 is an Arabic seven, which Python's int() takes
        for text in (
            "7",
            "0",
            "100",
            "",
            " 7",
            "7\n",
            "07",
            "7.0",
            "\u0667",
            "1_0",
            "+7",
            "seven",
            "101",
            "-1",
        ):
            yield Case(f"{name} is the string {text!a}", name, {name: text}, False, SLIDER_RULE, "type")


def _scale_factors() -> Iterator[Case]:
    name = "scale_factor"
    for value in range(2, 17):
        yield Case(f"{name} = {value}", name, {name: value}, True, SCALE_RULE)
        yield Case(f"{name} is the string '{value}'", name, {name: str(value)}, True, SCALE_RULE)
    for value, keyword in ((1, "minimum"), (0, "minimum"), (-2, "minimum"), (17, "maximum")):
        yield Case(f"{name} = {value}", name, {name: value}, False, SCALE_RULE, keyword)
    for value, keyword in ((HUGE, "maximum"), (-HUGE, "minimum"), (2**31, "maximum"), (2**64 + 2, "maximum")):
        yield Case(f"{name} = {value:.4g}", name, {name: value}, False, SCALE_RULE, keyword)
    for label, text in NO_SCALE_STRINGS.items():
        yield Case(f"{name} is a string: {label}", name, {name: text}, False, SCALE_RULE, "pattern")
    for label, number in {**NO_INTEGERS, "2.0": 2.0, "2.5": 2.5, "16.0": 16.0}.items():
        yield Case(f"{name} is {label}", name, {name: number}, False, SCALE_RULE, "oneOf")


def _flavors() -> Iterator[Case]:
    name = "flavor"
    for value in ("sublime", "photo", "photo_denoiser"):
        yield Case(f"{name} = {value}", name, {name: value}, True, FLAVOR_RULE)
    for text in (
        "",
        "Photo",
        "PHOTO",
        "photo ",
        " photo",
        "photo\n",
        "photo-denoiser",
        "portrait",
        "photo,sublime",
        "ph\u03bfto",  # a Greek omicron
        "0",
    ):
        yield Case(f"{name} is {text!a}", name, {name: text}, False, FLAVOR_RULE, "enum")
    others: dict[str, Any] = {"null": None, "0": 0, "true": True, "list": ["photo"], "object": {}}
    for label, wrong in others.items():
        yield Case(f"{name} is {label}", name, {name: wrong}, False, FLAVOR_RULE, "type")


def _nsfw() -> Iterator[Case]:
    name = "filter_nsfw"
    for value in (True, False):
        yield Case(f"{name} = {value}", name, {name: value}, True, BOOLEAN_RULE)
    others: dict[str, Any] = {"0": 0, "1": 1, "'true'": "true", "empty": "", "null": None, "list": []}
    for label, wrong in others.items():
        yield Case(f"{name} is {label}", name, {name: wrong}, False, BOOLEAN_RULE, "type")


def _images() -> Iterator[Case]:
    yield Case("image is missing", "image", {"image": _MISSING}, False, IMAGE_RULE, "required")
    others: dict[str, Any] = {"null": None, "5": 5, "true": True, "list": [IMAGE], "object": {}}
    for label, wrong in others.items():
        yield Case(f"image is {label}", "image", {"image": wrong}, False, IMAGE_RULE, "type")
    for label, text in {
        "empty": "",
        "blank": " ",
        "no base64": "@@@@",
        "base64 of no picture": "aGVsbG8gd29ybGQ=",
        "cut base64": IMAGE[:-7],
        "http, not https": "http://example.com/picture.png",
    }.items():
        yield Case(
            f"image is {label}",
            "image",
            {"image": text},
            True,
            IMAGE_RULE,
            stricter={"mock": "the description asks for an https address or a picture in base64"},
        )
    yield Case("image is an address", "image", {"image": "https://example.com/p.png"}, True, IMAGE_RULE)


def _webhooks() -> Iterator[Case]:
    name = "webhook_url"
    yield Case(f"{name} on loopback", name, {name: "http://127.0.0.1:9/hook?a=b"}, True, URI_RULE)
    sister = "a sister endpoint documents the empty address as none; the mock refuses it with --strict"
    yield Case(f"{name} is empty", name, {name: ""}, False, URI_RULE, "format", looser={"mock": sister})
    for text in (
        "hook",
        "example.com/hook",
        "//example.com/hook",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/h\u00fcbsch",
        "https://example.com/%zz",
    ):
        yield Case(f"{name} is {text!a}", name, {name: text}, False, URI_RULE, "format")
    others: dict[str, Any] = {"null": None, "5": 5, "list": [], "object": {}}
    for label, wrong in others.items():
        yield Case(f"{name} is {label}", name, {name: wrong}, False, URI_RULE, "type")


def _bodies() -> Iterator[Case]:
    yield Case("picture alone", "", {}, True, "everything but the picture has a default")
    every = {"scale_factor": 2, "flavor": "photo", "sharpen": 7, "smart_grain": 7, "ultra_detail": 30}
    yield Case("every default written out", "", {**every, "filter_nsfw": False}, True, "defaults are values")
    low = {"scale_factor": 2, "flavor": "sublime", "sharpen": 0, "smart_grain": 0, "ultra_detail": 0}
    yield Case("everything lowest", "", low, True, "bounds belong to the range")
    high = {"scale_factor": 16, "flavor": "photo_denoiser", "sharpen": 100, "smart_grain": 100}
    yield Case("everything highest", "", {**high, "ultra_detail": 100}, True, "bounds belong to the range")
    yield Case("two wrong at once", "", {"sharpen": 101, "ultra_detail": -1}, False, SLIDER_RULE, "maximum")
    misspelt = "a misspelt name is a mistake, not a wish"
    yield Case(
        "a member nobody knows",
        "sharpness",
        {"sharpness": 7},
        True,
        "the schema is open",
        stricter={"request": misspelt, "command line": misspelt, "gimp": misspelt},
    )
    others: dict[str, Any] = {"list": [], "string": "image", "null": None, "number": 5, "true": True}
    for label, wrong in others.items():
        yield Case(f"the body is a {label}", "", {"": wrong}, False, BODY_RULE, "type")


def _texts() -> Iterator[Case]:
    """Yield bodies that only exist as text: what Python's parser lets through and JSON does not have."""
    json_rule = "JSON (RFC 8259), each name once"
    image = json.dumps(IMAGE)
    for label, text in {
        "sharpen is NaN": f'{{"image": {image}, "sharpen": NaN}}',
        "scale_factor is NaN": f'{{"image": {image}, "scale_factor": NaN}}',
        "sharpen is Infinity": f'{{"image": {image}, "sharpen": Infinity}}',
        "sharpen is -Infinity": f'{{"image": {image}, "sharpen": -Infinity}}',
        "sharpen is 1e400": f'{{"image": {image}, "sharpen": 1e400}}',
        "scale_factor is written 2e0": f'{{"image": {image}, "scale_factor": 2e0}}',
        "scale_factor is written 2.0": f'{{"image": {image}, "scale_factor": 2.0}}',
        "sharpen is written 7e0": f'{{"image": {image}, "sharpen": 7e0}}',
        "sharpen is written 07": f'{{"image": {image}, "sharpen": 07}}',
        "sharpen is written +7": f'{{"image": {image}, "sharpen": +7}}',
        "sharpen given twice": f'{{"image": {image}, "sharpen": 7, "sharpen": 7}}',
        "image given twice": f'{{"image": {image}, "image": {image}}}',
        "lone surrogate": f'{{"image": {image}, "flavor": "\\ud800"}}',
        "trailing comma": f'{{"image": {image},}}',
        "cut in the middle": f'{{"image": {image}',
        "two bodies": f'{{"image": {image}}}{{"image": {image}}}',
        "single quotes": "{'image': 'x'}",
        "empty body": "",
        "white space alone": " \n",
        "deeply nested": "[" * 100_000,
    }.items():
        yield Case(label, "", {}, valid=False, rule=json_rule, keyword="json", raw=text)
    zero = f'{{"image": {image}, "sharpen": -0}}'
    yield Case("sharpen is written -0", "", {}, valid=True, rule=SLIDER_RULE, raw=zero)


CASES: tuple[Case, ...] = tuple(
    case
    for group in (_sliders, _scale_factors, _flavors, _nsfw, _images, _webhooks, _bodies, _texts)
    for case in group()
)
"""Every case, with names that are unique and readable in a test's identifier."""
