"""The contract's document is consistent in itself, and a contradiction would be found and named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from precision_upscaler.contract import DOCUMENT, SERVERS, host_of, resolve

from contract_tests.support.document_checks import examples, problems, schemas


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """Return the document with what stands at ``pointer`` replaced (None: taken out)."""
    document: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    node = document
    for part in parents:
        node = node[int(part) if isinstance(node, list) else part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


SCHEMAS = "/components/schemas/"
BODY = SCHEMAS + "request-content_3/properties/"


@pytest.mark.parametrize(
    ("pointer", "value", "problem"),
    [
        (BODY + "sharpen/default", 101, "its default does not fit: 101 is greater than the maximum of 100"),
        (BODY + "sharpen/default", -1, "its default does not fit: -1 is less than the minimum of 0"),
        (BODY + "sharpen/default", 7.0, 'its default does not fit: 7.0 is not of type "integer"'),
        (BODY + "filter_nsfw/default", "no", "its default does not fit"),
        (SCHEMAS + "flavor/x-frontend-default", "foto", "its x-frontend-default does not fit"),
        (
            SCHEMAS + "request_content_3_scale_factor/x-frontend-default",
            1,
            "its x-frontend-default does not fit: 1 is less than the minimum of 2",
        ),
        (SCHEMAS + "flavor/x-choices/photo", None, "x-choices does not name exactly the values of enum"),
        (SCHEMAS + "task-status/x-transitions/FAILED", None, "x-transitions does not name exactly"),
        (SCHEMAS + "task-status/x-transitions/CREATED", ["DONE"], "CREATED may be followed by a value"),
        (SCHEMAS + "task-status/x-transitions/CREATED", ["CREATED"], "CREATED may be followed by a value"),
        (
            SCHEMAS + "request-content_3/required",
            ["image", "picture"],
            "requires picture without declaring it",
        ),
        (BODY + "sharpen/exclusiveMaximum", True, "sharpen: unknown keyword exclusiveMaximum"),
        (BODY + "sharpen/type", "whole", "sharpen: is no schema of draft 4"),
        (BODY + "webhook_url/format", "url", "webhook_url: unknown format url"),
        (
            BODY + "flavor/$ref",
            "#/components/schemas/taste",
            "the reference #/components/schemas/taste leads",
        ),
        (SCHEMAS + "task/example/status", "DONE", 'task/example: status "DONE" is not one of'),
        (SCHEMAS + "task-detail_1/example/extra", 1, "extra is declared nowhere in the schema"),
        ("/components/examples/200-task-created/value/data", None, '"data" is a required property'),
        ("/components/examples/200-task-created", None, "200-task-created leads nowhere"),
        ("/x-known-contradictions", [], "invalid_page/value: "),
        (
            "/x-known-contradictions/0/pointer",
            "/nowhere",
            "/nowhere: listed as a known contradiction and is none",
        ),
    ],
)
def test_a_contradiction_is_found(pointer: str, value: Any, problem: str) -> None:
    assert problem in "\n".join(problems(changed(pointer, value)))


def test_the_document_is_consistent() -> None:
    assert problems(DOCUMENT) == []


def test_every_schema_is_visited() -> None:
    pointers = [pointer for pointer, _ in schemas(DOCUMENT)]
    assert len(pointers) == len(set(pointers))
    text = json.dumps(DOCUMENT)
    # whatever carries a type is a schema, but for the two security schemes, whose type is apiKey
    assert sum("type" in schema for _, schema in schemas(DOCUMENT)) == text.count('"type": ') - 2


def test_every_example_is_visited() -> None:
    pointers = [pointer for pointer, _, _ in examples(DOCUMENT)]
    assert len(pointers) == len(set(pointers))
    text = json.dumps(DOCUMENT)
    named = sum(len(node["examples"]) for node in _nodes(DOCUMENT) if "examples" in node and "schema" in node)
    assert len(pointers) == text.count('"example": ') + named


def _nodes(node: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(node, dict):
        found.append(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        found += _nodes(child)
    return found


def test_resolve_follows_the_documents_own_references() -> None:
    assert resolve({"$ref": "#/components/schemas/flavor"})["enum"][0] == "sublime"
    assert resolve({"type": "string"}) == {"type": "string"}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (SERVERS[0], "api.freepik.com"),
        ("http://127.0.0.1:8000/v1", "127.0.0.1"),
        ("not an address", "not an address"),
    ],
)
def test_a_service_is_called_by_its_host(address: str, host: str) -> None:
    assert host_of(address) == host
