"""Wrong contracts: the document, and the checks of values; unit/contract/test_pinned.py holds the numbers."""

from __future__ import annotations

from .wrong_subject import WrongSubject, wrong_subjects

_DOCUMENT = "plugin/precision_upscaler/contract/openapi.json"
_LIMITS = "plugin/precision_upscaler/contract/limits.py"
_VALIDATION = "mock_server/api/validation.py"
_PARAMETERS = "plugin/precision_upscaler/contract/parameters.py"
_TESTS = ("contract_tests/unit/contract", "contract_tests/property/test_contract_document.py")


# a choice and a status stand twice each, and the document is only consistent when both places agree
_FLAVORS = """"sublime",
          "photo",
          "photo_denoiser"
        ],
        "description": "The kind of picture the enlargement is tuned for.",
        "x-title": "Flavor",
        "x-frontend-default": "photo",
        "x-choices": {
          "sublime": {"""
_STATUSES = """"enum": [
          "CREATED",
          "IN_PROGRESS",
          "COMPLETED",
          "FAILED"
        ],
        "description": "Where the task stands. COMPLETED and FAILED are final.",
        "x-transitions": {"""
_PATTERN = '"^(2|3|4|5|6|7|8|9|1[0-6])$"'
CONTRACT: tuple[WrongSubject, ...] = (
    *wrong_subjects(
        _DOCUMENT,
        _TESTS,
        ("the pattern has no anchor at its end", _PATTERN, '"^(2|3|4|5|6|7|8|9|1[0-6])"'),
        ("the pattern has no anchor at its start", _PATTERN, '"(2|3|4|5|6|7|8|9|1[0-6])$"'),
        ("the pattern takes 17", _PATTERN, '"^(2|3|4|5|6|7|8|9|1[0-7])$"'),
        ("the scale factor has no string form", _PATTERN, '"^(as large as can be)$"'),
        ("a choice is misspelt", _FLAVORS, _FLAVORS.replace("sublime", "sublim")),
        ("the picture is optional", '"required": [\n          "image"\n        ],', ""),
        (
            "a task may also be PENDING",
            _STATUSES,
            _STATUSES.replace('"CREATED",', '"PENDING", "CREATED",') + '"PENDING": ["CREATED"], ',
        ),
        ("COMPLETED may become FAILED", '"COMPLETED": []', '"COMPLETED": ["FAILED"]'),
        ("FAILED may start over", '"FAILED": []', '"FAILED": ["CREATED"]'),
        ("the key's header is misspelt", '"x-freepik-api-key"', '"x-freepik-key"'),
        ("the second header is the first", '"x-magnific-api-key"', '"x-freepik-api-key"'),
        ("the path is of another version", 'precision-v2": {', 'precision": {'),
        ("the known contradiction is hidden", '"kind": "different-shape"', '"kind": "none"'),
        (
            "webhook_url may be any text",
            '"format": "uri",\n            "description": "Where',
            '"description": "Where',
        ),
    ),
    *wrong_subjects(
        _LIMITS,
        _TESTS,
        ("a maximum is exclusive", "value <= known.maximum", "value < known.maximum"),
        ("a number is a boolean", "None if isinstance(value, bool) else", "None if value in (0, 1) else"),
    ),
    *wrong_subjects(
        _VALIDATION,
        (*_TESTS, "contract_tests/unit/mock/api/test_validation.py"),
        ("a UUID may go on", "_UUID.fullmatch(text)", "_UUID.match(text)"),
        ("a missing member is not named", "(*error.instance_path, *missing)", "tuple(error.instance_path)"),
        ("the image is repeated in a message", ', "value")', ")"),
    ),
    *wrong_subjects(
        _PARAMETERS,
        _TESTS,
        (
            "filter_nsfw is no parameter",
            '("image", "webhook_url")',
            '("image", "webhook_url", "filter_nsfw")',
        ),
        (
            "the help text is the description for developers",
            'schema.get("x-help", schema["description"])',
            'schema["description"]',
        ),
    ),
)
