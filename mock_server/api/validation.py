"""Check requests and answers against the contract, with validators compiled once.

The OpenAPI 3.0 schemas of ``openapi.json`` are JSON Schema draft 4 but for ``x-`` members, so the
whole ``components`` object travels into every compiled schema and its references keep working.
Draft 4 matters: a later draft takes ``2.0`` for an integer. Patterns and formats are checked by our
own ``uuid`` and the validator's ``uri``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs
from precision_upscaler import contract

from mock_server.answers import JSON

_MUST = {
    "type": "be of the type",
    "minimum": "be at least",
    "maximum": "be at most",
    "enum": "be one of",
    "pattern": "match",
    "format": "be a",
}
"""What is said of a value by the keyword of the schema that it breaks."""
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    """Return whether ``text`` is a UUID in the usual 8-4-4-4-12 form, as the contract asks of task ids."""
    return _UUID.fullmatch(text) is not None


def compile_schema(schema: Any) -> jsonschema_rs.Draft4Validator:
    """Compile a schema of the contract, references to its ``components`` included."""
    return jsonschema_rs.Draft4Validator(
        {"allOf": [schema], "components": contract.DOCUMENT["components"]},
        validate_formats=True,
        formats={"uuid": is_uuid},
    )


@cache
def _request() -> jsonschema_rs.Draft4Validator:
    body = contract.DOCUMENT["paths"][contract.CREATE_PATH]["post"]["requestBody"]
    return compile_schema(body["content"][JSON]["schema"])


@cache
def _answer(path: str, method: str, status: int, media_type: str) -> jsonschema_rs.Draft4Validator | None:
    schema = contract.schema_for_response(path, method, status, media_type)
    return None if schema is None else compile_schema(schema)


def request_faults(body: Any) -> list[tuple[str, str]]:
    """Return ``(field, reason)`` for everything wrong with a create call's body; empty when it conforms.

    ``field`` is written like ``body.scale_factor``.
    """
    if _request().is_valid(body):
        return []
    return [_fault(error) for error in _request().iter_errors(body)]


def _fault(error: jsonschema_rs.ValidationError) -> tuple[str, str]:
    path = ["body", *map(str, error.instance_path)]
    if error.kind.name == "required":
        return ".".join([*path, str(error.kind.value)]), "is required"
    return ".".join(path), _reason(error)


def _reason(error: jsonschema_rs.ValidationError) -> str:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfNotValid):
        return ", or ".join(dict.fromkeys(_reason(inner) for branch in kind.context for inner in branch))
    value = kind.value
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"must {_MUST[kind.name]} {shown}" if kind.name in _MUST else str(error.message)


def answer_fault(path: str, method: str, status: int, media_type: str, body: Any) -> str | None:
    """Return why an answer breaks the contract, or None when it conforms.

    ``path`` is the contract's template. An answer the document says nothing about conforms.
    """
    validator = _answer(path, method, status, media_type)
    if validator is None or validator.is_valid(body):
        return None
    return next(str(error.message) for error in validator.iter_errors(body))
