"""Check requests and answers against the contract, with validators compiled once.

The OpenAPI 3.0 schemas of ``openapi.json`` are JSON Schema draft 4 but for ``x-`` members, so the
whole ``components`` object travels into every compiled schema and its references keep working.
Draft 4 matters: a later draft takes ``2.0`` for an integer. Patterns and formats are checked by our
own ``uuid`` and the validator's ``uri``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
from precision_upscaler import contract

from mock_server.answers import JSON

_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_uuid(text: str) -> bool:
    """Return whether ``text`` is a UUID in the usual 8-4-4-4-12 form, as the contract asks of task ids."""
    return _UUID.fullmatch(text) is not None


class Violation(NamedTuple):
    """One broken rule: the place in the value, the schema's keyword, and what is wrong there."""

    path: tuple[str | int, ...]
    keyword: str
    message: str


def compile_schema(schema: Any, mask: str | None = None) -> jsonschema_rs.Draft4Validator:
    """Compile a schema of the contract, references to its ``components`` included.

    Messages say ``mask`` instead of the value: an image in base64 does not belong into one.
    """
    return jsonschema_rs.Draft4Validator(
        {"allOf": [schema], "components": contract.DOCUMENT["components"]},
        validate_formats=True,
        formats={"uuid": is_uuid},
        mask=mask,
    )


@cache
def _request() -> jsonschema_rs.Draft4Validator:
    body = contract.DOCUMENT["paths"][contract.CREATE_PATH]["post"]["requestBody"]
    return compile_schema(body["content"][JSON]["schema"], "value")


@cache
def _answer(path: str, method: str, status: int, media_type: str) -> jsonschema_rs.Draft4Validator | None:
    operation = contract.DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    response = contract.resolve(operation.get("responses", {}).get(str(status), {}))
    schema = response.get("content", {}).get(media_type, {}).get("schema")
    return None if schema is None else compile_schema(schema)


def violations(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[Violation]:
    """Yield the violations; for ``oneOf`` those of the branch whose type fits, if there is one."""
    for error in errors:
        kind = error.kind
        branches = kind.context if isinstance(kind, jsonschema_rs.ValidationErrorKind.OneOfNotValid) else []
        fitting = next((branch for branch in branches if branch[0].kind.name != "type"), None)
        if fitting:
            yield from violations(fitting)
        else:
            missing = [kind.property] if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required) else []
            yield Violation((*error.instance_path, *missing), kind.name, error.message)


def request_violations(body: Any) -> list[Violation]:
    """Return everything wrong with a create call's body; empty when it conforms."""
    return list(violations(_request().iter_errors(body)))


def request_faults(body: Any) -> list[tuple[str, str]]:
    """Return ``(field, reason)`` for everything wrong with a create call's body; empty when it conforms.

    ``field`` is written like ``body.scale_factor``.
    """
    if _request().is_valid(body):
        return []
    return [(".".join(("body", *map(str, fault.path))), fault.message) for fault in request_violations(body)]


def answer_fault(path: str, method: str, status: int, media_type: str, body: Any) -> str | None:
    """Return why an answer breaks the contract, or None when it conforms.

    ``path`` is the contract's template. An answer the document says nothing about conforms.
    """
    validator = _answer(path, method, status, media_type)
    if validator is None or validator.is_valid(body):
        return None
    return next(str(error.message) for error in validator.iter_errors(body))
