"""The document says what the service's own document says, and adds exactly what is listed here.

``seed_facts.json`` holds the service's document without its prose: names, types, bounds, patterns,
enums, required lists, defaults, example bodies.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.contract import CREATE_PATH, DOCUMENT

from .facts import facts

SEED = json.loads((Path(__file__).parent / "seed_facts.json").read_text())

# later or other pages of the same service; a recorded answer for each is known
ADDED_PROPERTY = "filter_nsfw"
ADDED_SCHEMAS = {"task-status", "task-list"}
ADDED_EXAMPLES = {"200-task-list"}
ADDED_SECURITY = {"magnificApiKey": {"type": "apiKey", "in": "header", "name": "x-magnific-api-key"}}


def without_additions(schema: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(schema)
    assert schema["properties"].pop(ADDED_PROPERTY) == {"type": "boolean", "default": False}
    return schema


def test_version_server_and_path() -> None:
    assert DOCUMENT["openapi"] == SEED["openapi"]
    assert DOCUMENT["info"]["version"] == SEED["version"]
    assert DOCUMENT["servers"][0]["url"] == SEED["server"]
    assert SEED["path"] == CREATE_PATH


@pytest.mark.parametrize("name", sorted(SEED["schemas"]))
def test_schema(name: str) -> None:
    ours = facts(DOCUMENT, DOCUMENT["components"]["schemas"][name])
    if name == "request-content_3":
        ours = without_additions(ours)
    assert ours == SEED["schemas"][name]


def test_no_schema_is_ours_but_the_listed() -> None:
    assert set(DOCUMENT["components"]["schemas"]) - set(SEED["schemas"]) == ADDED_SCHEMAS


@pytest.mark.parametrize("name", sorted(SEED["examples"]))
def test_example(name: str) -> None:
    assert DOCUMENT["components"]["examples"][name]["value"] == SEED["examples"][name]


def test_no_example_is_ours_but_the_listed() -> None:
    assert set(DOCUMENT["components"]["examples"]) - set(SEED["examples"]) == ADDED_EXAMPLES


@pytest.mark.parametrize("member", sorted(set(SEED["post"]) - {"security"}))
def test_create_operation(member: str) -> None:
    ours = facts(DOCUMENT, DOCUMENT["paths"][CREATE_PATH]["post"])[member]
    if member == "requestBody":
        content = ours["content"]["application/json"]
        content["schema"] = without_additions(content["schema"])
    assert ours == SEED["post"][member]


def test_create_operation_has_no_member_the_service_does_not_have() -> None:
    assert set(facts(DOCUMENT, DOCUMENT["paths"][CREATE_PATH]["post"])) == set(SEED["post"])


def test_security() -> None:
    ours = facts(DOCUMENT, DOCUMENT["components"]["securitySchemes"])
    assert ours == {**SEED["security"], **ADDED_SECURITY}
    assert DOCUMENT["paths"][CREATE_PATH]["post"]["security"] == [{"apiKey": []}, {"magnificApiKey": []}]


def test_the_three_operations_and_their_answers() -> None:
    listed = {
        (path, method): (operation["operationId"], sorted(operation["responses"]))
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    answers = ["200", "400", "401", "500", "503"]
    assert listed == {
        (CREATE_PATH, "post"): ("postAiImageUpscalerPrecisionV2", answers),
        (CREATE_PATH, "get"): ("getAiImageUpscalerPrecisionV2Tasks", answers),
        (CREATE_PATH + "/{task-id}", "get"): ("getAiImageUpscalerPrecisionV2Task", answers),
    }


def test_status_call_takes_one_uuid_and_the_list_call_nothing() -> None:
    status = DOCUMENT["paths"][CREATE_PATH + "/{task-id}"]["get"]
    assert facts(DOCUMENT, status["parameters"]) == [
        {"name": "task-id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    ]
    assert "parameters" not in DOCUMENT["paths"][CREATE_PATH]["get"]


def test_status_and_create_answer_alike() -> None:
    create, status = (
        facts(DOCUMENT, DOCUMENT["paths"][path][method]["responses"])
        for path, method in ((CREATE_PATH, "post"), (CREATE_PATH + "/{task-id}", "get"))
    )
    assert create == status
