"""Load ``openapi.json`` once, check its examples, and give its facts names."""

from __future__ import absolute_import

import json
import os
from collections import OrderedDict

from .schema import resolve, violations

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openapi.json")


class ContractError(ValueError):
    """The contract's document contradicts itself in a way it does not list."""


def _load():
    # type: () -> dict
    with open(_PATH, "rb") as stream:
        text = stream.read().decode("utf-8")
    document = json.loads(text, object_pairs_hook=OrderedDict)
    check_examples(document)
    return document


def examples(document):
    # type: (dict) -> list
    """Return ``(pointer, schema, value)`` of every example, in the document's order."""
    found = []

    def walk(node, pointer):
        # type: (object, str) -> None
        if isinstance(node, list):
            for index, item in enumerate(node):
                walk(item, "%s/%d" % (pointer, index))
        if not isinstance(node, dict):
            return
        if "example" in node and "type" in node:
            found.append((pointer + "/example", node, node["example"]))
        elif "example" in node and "allOf" in node:
            found.append((pointer + "/example", node, node["example"]))
        if "examples" in node and "schema" in node:
            for name, example in node["examples"].items():
                value = resolve(document, example)["value"]
                found.append(("%s/examples/%s/value" % (pointer, name), node["schema"], value))
        for key, child in node.items():
            if key not in ("example", "examples"):
                walk(child, "%s/%s" % (pointer, key.replace("~", "~0").replace("/", "~1")))

    walk(document, "")
    return found


def check_examples(document):
    # type: (dict) -> None
    """Raise :class:`ContractError` unless exactly the listed examples contradict their schemas."""
    broken = {}
    for pointer, schema, value in examples(document):
        found = violations(document, schema, value, closed=True)
        if found:
            broken[pointer] = found
    listed = set(item["pointer"] for item in document["x-known-contradictions"])
    if set(broken) != listed:
        raise ContractError(
            "examples that contradict their schema: %s; listed as known: %s"
            % (sorted(broken.items()), sorted(listed))
        )


DOCUMENT = _load()
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
TRANSITIONS = dict((status, frozenset(_STATUS["x-transitions"][status])) for status in STATUSES)
"""For every status the statuses that may follow it."""
TERMINAL_STATUSES = frozenset(status for status in STATUSES if not TRANSITIONS[status])


def request_violations(body):
    # type: (object) -> list
    """Return what is wrong with a create call's JSON body, as list of ``Violation``."""
    operation = DOCUMENT["paths"][CREATE_PATH]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return violations(DOCUMENT, schema, body)


def schema_for_response(path, method, status, media_type="application/json"):
    # type: (str, str, int, str) -> dict | None
    """Return the schema of an answer, or None where the document says nothing about it."""
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    response = operation.get("responses", {}).get(str(status))
    if response is None:
        return None
    content = resolve(DOCUMENT, response).get("content", {})
    schema = content.get(media_type, {}).get("schema")
    return None if schema is None else resolve(DOCUMENT, schema)


def response_violations(path, method, status, body, media_type="application/json"):
    # type: (str, str, int, object, str) -> list
    """Return what is wrong with an answer's JSON body; undocumented answers conform trivially."""
    schema = schema_for_response(path, method, status, media_type)
    return [] if schema is None else violations(DOCUMENT, schema, body)
