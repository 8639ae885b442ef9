"""A document that contradicts itself is refused at load, and the refusal names the place."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from precision_upscaler.contract import (
    CREATE_PATH,
    DOCUMENT,
    ContractError,
    request_violations,
    resolve,
    response_violations,
    schema_for_response,
)
from precision_upscaler.contract.checks import check, examples, schemas
from precision_upscaler.contract.document import load

if TYPE_CHECKING:
    from pathlib import Path

STATUS_PATH = CREATE_PATH + "/{task-id}"


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
        (BODY + "sharpen/default", 101, BODY + "sharpen: its default 101 must be at most 100"),
        (BODY + "sharpen/default", -1, BODY + "sharpen: its default -1 must be at least 0"),
        (BODY + "sharpen/default", 7.0, BODY + "sharpen: its default 7.0 must be an integer"),
        (BODY + "filter_nsfw/default", "no", "its default 'no' must be a boolean"),
        (SCHEMAS + "flavor/x-frontend-default", "foto", "its x-frontend-default 'foto' must be one of"),
        (
            SCHEMAS + "request_content_3_scale_factor/x-frontend-default",
            1,
            "its x-frontend-default 1 must be",
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
        (BODY + "sharpen/type", "number", "sharpen: maximum without type integer"),
        (
            BODY + "flavor/$ref",
            "#/components/schemas/taste",
            "the reference #/components/schemas/taste leads",
        ),
        (SCHEMAS + "task/example/status", "DONE", "task/example: status must be one of"),
        (SCHEMAS + "task-detail_1/example/extra", 1, "extra is declared nowhere in the schema"),
        ("/components/examples/200-task-created/value/data", None, "data is required"),
        ("/components/examples/200-task-created", None, "200-task-created leads nowhere"),
        ("/x-known-contradictions", [], "invalid_page/value: "),
        (
            "/x-known-contradictions/0/pointer",
            "/nowhere",
            "/nowhere: listed as a known contradiction and is none",
        ),
    ],
)
def test_refused(pointer: str, value: Any, problem: str) -> None:
    with pytest.raises(ContractError, match=re.escape(problem)):
        check(changed(pointer, value))


def test_the_document_itself_is_accepted() -> None:
    check(copy.deepcopy(DOCUMENT))


def test_load_reads_any_file_and_refuses_what_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    assert load(str(path)) == DOCUMENT
    path.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        load(str(path))


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


def test_request_violations_judges_the_create_body() -> None:
    assert request_violations({"image": "aGk="}) == []
    assert [(each.path, each.keyword) for each in request_violations({})] == [(("image",), "required")]
    assert [(each.path, each.keyword) for each in request_violations([])] == [((), "type")]


def test_response_violations_judges_documented_answers_alone() -> None:
    body = {"data": {"task_id": "1", "status": "CREATED", "generated": ["x"]}}
    found = [(each.path, each.keyword) for each in response_violations(STATUS_PATH, "GET", 200, body)]
    assert found == [(("data", "task_id"), "format"), (("data", "generated", 0), "format")]
    assert response_violations(STATUS_PATH, "GET", 404, body) == []
    assert response_violations(STATUS_PATH, "DELETE", 200, body) == []
    assert response_violations("/v1/other", "GET", 200, body) == []
    assert response_violations(STATUS_PATH, "GET", 200, body, "text/html") == []


def test_resolve_follows_the_documents_own_references() -> None:
    assert resolve({"$ref": "#/components/schemas/flavor"})["enum"][0] == "sublime"
    assert resolve({"type": "string"}) == {"type": "string"}


def test_schema_for_response_knows_both_shapes_of_400() -> None:
    flat = schema_for_response(CREATE_PATH, "post", 400)
    wrapped = schema_for_response(CREATE_PATH, "post", 400, "application/problem+json")
    assert flat is not None
    assert wrapped is not None
    assert list(flat["properties"]) == ["message"]
    assert list(wrapped["properties"]) == ["problem"]
