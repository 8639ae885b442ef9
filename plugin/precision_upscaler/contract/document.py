"""Load ``openapi.json`` once, refuse it when it contradicts itself, and give its facts names."""

from __future__ import absolute_import

import json
import os
from collections import OrderedDict

from .checks import ContractError, check, examples
from .schema import resolve as _resolve
from .schema import violations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .schema import Schema, Violation

__all__ = [
    "AUTH_HEADERS",
    "CREATE_PATH",
    "DOCUMENT",
    "LIMITS",
    "SERVERS",
    "STATUSES",
    "TERMINAL_STATUSES",
    "TRANSITIONS",
    "ContractError",
    "examples",
    "request_violations",
    "resolve",
    "response_violations",
    "schema_for_response",
]

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openapi.json")


def load(path=_PATH):
    # type: (str) -> dict[str, Any]
    """Return the document at ``path``, checked; ValueError, naming the place, when it is unfit."""
    with open(path, "rb") as stream:
        text = stream.read().decode("utf-8")
    document = json.loads(text, object_pairs_hook=OrderedDict)  # type: dict[str, Any]
    check(document)
    return document


DOCUMENT = load()
"""The whole document as dictionaries in the file's order. Read it, never change it."""

CREATE_PATH = next(iter(DOCUMENT["paths"]))
"""Path of the create and list calls; the status call adds ``/<task id>``."""

SERVERS = tuple(server["url"] for server in DOCUMENT["servers"])
"""Base addresses of the real service, the default first."""

AUTH_HEADERS = tuple(scheme["name"] for scheme in DOCUMENT["components"]["securitySchemes"].values())
"""Names of the headers that may carry the key, in the order of :data:`SERVERS`."""

LIMITS = DOCUMENT["x-limits"]
"""Sizes the service takes, in pixels a side, and where the numbers come from."""

_STATUS = DOCUMENT["components"]["schemas"]["task-status"]
STATUSES = tuple(_STATUS["enum"])
"""Every status a task can have, in the order it goes through them."""
TRANSITIONS = dict((status, frozenset(_STATUS["x-transitions"][status])) for status in STATUSES)
"""For every status the statuses that may follow it."""
TERMINAL_STATUSES = frozenset(status for status in STATUSES if not TRANSITIONS[status])
"""The statuses that nothing follows."""


def resolve(node):
    # type: (Schema) -> Schema
    """Return ``node`` of the document, or what it refers to; KeyError when that leads nowhere."""
    return _resolve(DOCUMENT, node)


def request_violations(body):
    # type: (object) -> list[Violation]
    """Return what is wrong with a create call's JSON body, as list of ``Violation``."""
    operation = DOCUMENT["paths"][CREATE_PATH]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return violations(DOCUMENT, schema, body)


def schema_for_response(path, method, status, media_type="application/json"):
    # type: (str, str, int, str) -> Schema | None
    """Return the schema of an answer, or None where the document says nothing about it.

    ``path`` is the document's, with ``{task-id}`` where an identifier stands.
    """
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    response = operation.get("responses", {}).get(str(status))
    if response is None:
        return None
    content = resolve(response).get("content", {})
    schema = content.get(media_type, {}).get("schema")
    return None if schema is None else resolve(schema)


def response_violations(path, method, status, body, media_type="application/json"):
    # type: (str, str, int, object, str) -> list[Violation]
    """Return what is wrong with an answer's JSON body; undocumented answers conform trivially."""
    schema = schema_for_response(path, method, status, media_type)
    return [] if schema is None else violations(DOCUMENT, schema, body)
