"""The control API's own OpenAPI document, from one table that its routes and its checks are made of too."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import PREFIX

PAGES = {"/openapi.json": "openapi", "/": "page", "/docs": "docs"}
"""The pages below ``PREFIX`` and their views."""


class Operation(NamedTuple):
    """One call: method, path below ``PREFIX`` (``{…}`` for parameters), the view's name, words, schemas.

    ``body`` is the schema of the request's JSON, ``answer`` of the answer's, each None where there is none;
    ``query`` names the query parameters with their schemas.
    """

    method: str
    path: str
    view: str
    summary: str
    answer: dict[str, Any] | None = None
    body: dict[str, Any] | None = None
    query: dict[str, dict[str, Any]] | None = None
    media_type: str = "application/json"


def _object(required: str, **members: Any) -> dict[str, Any]:
    found = {"type": "object", "properties": members}
    return {**found, "required": required.split()} if required else found  # draft 4 forbids an empty list


_NUMBER = {"type": "number"}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_TIME = {"type": "number", "description": "Unix seconds"}
_MAYBE_TIME = {
    "type": "number",
    "nullable": True,
    "description": "Unix seconds; null: never, or not known yet",
}
_MAYBE_TEXT = {"type": "string", "nullable": True}
_BINARY = {"type": "string", "format": "binary"}
_SQLITE = "application/vnd.sqlite3"
_OUTCOME = {"type": "string", "enum": ["COMPLETED", "FAILED"]}

CLOCK = _object("now wire speed", now=_TIME, wire=_TIME, speed=_NUMBER)
TASK = _object(
    "task_id status scenario parameters width height created_at starts_at ends_at key polls webhook_url",
    task_id=_TEXT,
    status=_TEXT,
    scenario=_MAYBE_TEXT,
    parameters={"type": "object"},
    width=_COUNT,
    height=_COUNT,
    created_at=_TIME,
    starts_at=_MAYBE_TIME,
    ends_at=_MAYBE_TIME,
    key=_TEXT,
    polls=_COUNT,
    webhook_url=_MAYBE_TEXT,
)
SCENARIOS = _object(
    "default upcoming catalogue",
    default=_TEXT,
    upcoming={"type": "array", "items": _TEXT},
    catalogue={
        "type": "array",
        "items": _object(
            "name summary steps", name=_TEXT, summary=_TEXT, steps={"type": "array", "items": _TEXT}
        ),
    },
)
REQUEST = _object(
    "number at method path step key status charged notes curl",
    number=_COUNT,
    at=_TIME,
    method=_TEXT,
    path=_TEXT,
    step=_TEXT,
    key=_TEXT,
    status=_COUNT,
    charged={"type": "boolean"},
    notes={"type": "array", "items": _TEXT},
    curl=_TEXT,
)
DELIVERY = _object(
    "webhook_id task_id status state due_at attempts",
    webhook_id=_TEXT,
    task_id=_TEXT,
    status=_TEXT,
    state={"type": "string", "enum": ["waiting", "delivered", "given_up", "refused"]},
    due_at=_MAYBE_TIME,
    attempts={"type": "array", "items": {"type": "object"}},
)
_SIDE = {"side": {"type": "integer", "minimum": 16, "maximum": 20000}}

OPERATIONS = (
    Operation("GET", "/clock", "read_clock", "Return task time, wire time and the clock's speed.", CLOCK),
    Operation(
        "POST",
        "/clock",
        "move_clock",
        "Change the clock's speed (0 stops it), then advance it by seconds.",
        CLOCK,
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "speed": {"type": "number", "minimum": 0, "maximum": 1e6},
                "advance": {"type": "number", "minimum": 0, "maximum": 1e9},
            },
        },
    ),
    Operation(
        "GET", "/scenarios", "read_scenarios", "List the scenarios, and which are in force.", SCENARIOS
    ),
    Operation(
        "PUT",
        "/scenarios",
        "set_scenarios",
        "Set the scenario of every request that names none, or those of the next create calls.",
        SCENARIOS,
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"default": _TEXT, "upcoming": {"type": "array", "items": _TEXT, "maxItems": 1000}},
        },
    ),
    Operation(
        "GET",
        "/seed",
        "read_seed",
        "Return the seed.",
        _object("seed", seed={"type": "integer", "nullable": True}),
    ),
    Operation(
        "PUT",
        "/seed",
        "set_seed",
        "Set the seed of task ids and grain; null: task ids are random, and the grain is the picture's own.",
        _object("seed", seed={"type": "integer", "nullable": True}),
        {**_object("seed", seed={"type": "integer", "nullable": True}), "additionalProperties": False},
    ),
    Operation(
        "GET",
        "/tasks",
        "read_tasks",
        "Show the tasks of every key, the newest first.",
        _object(
            "now total forgotten tasks",
            now=_TIME,
            total=_COUNT,
            forgotten=_COUNT,
            tasks={"type": "array", "items": TASK},
        ),
        query={"limit": {"type": "integer", "minimum": 1, "maximum": 100_000}},
    ),
    Operation("GET", "/tasks/{task_id}", "read_task", "Show one task.", TASK),
    Operation(
        "POST",
        "/tasks/{task_id}/end",
        "end_task",
        "Let a task end now.",
        TASK,
        {**_object("outcome", outcome=_OUTCOME), "additionalProperties": False},
    ),
    Operation(
        "GET",
        "/tasks/{task_id}/before",
        "before",
        "The picture that was sent.",
        query=_SIDE,
        media_type="image/png",
    ),
    Operation(
        "GET",
        "/tasks/{task_id}/after",
        "after",
        "The result, once COMPLETED.",
        query=_SIDE,
        media_type="image/png",
    ),
    Operation(
        "GET",
        "/requests",
        "read_requests",
        "Show the request log, the oldest first, and how much it forgot.",
        _object(
            "total forgotten requests",
            total=_COUNT,
            forgotten=_COUNT,
            requests={"type": "array", "items": REQUEST},
        ),
        query={"after": {"type": "integer", "minimum": 0}},
    ),
    Operation(
        "GET",
        "/charges",
        "read_charges",
        "Return how many tasks were charged, and to which keys.",
        _object("count megapixels by_key", count=_COUNT, megapixels=_NUMBER, by_key={"type": "object"}),
    ),
    Operation(
        "GET",
        "/deliveries",
        "read_deliveries",
        "Show the webhooks and every attempt to deliver them.",
        _object("deliveries", deliveries={"type": "array", "items": DELIVERY}),
    ),
    Operation(
        "GET",
        "/snapshot",
        "take_snapshot",
        "Take a snapshot of everything but the request log.",
        media_type=_SQLITE,
    ),
    Operation(
        "PUT",
        "/snapshot",
        "restore_snapshot",
        "Go back to a snapshot (the body), its time included.",
        _object(""),
    ),
    Operation(
        "POST", "/reset", "reset", "Forget tasks, pictures, charges, scenarios and request log.", _object("")
    ),
)
"""Every call of the control API but its document and its pages."""


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in (operation.query or {}).items()
    ]
    if "{task_id}" in operation.path:
        found.append(
            {
                "name": "task_id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
            }
        )
    return found


def _described(operation: Operation) -> dict[str, Any]:
    """Return an operation's part of the document."""
    message = {"application/json": {"schema": _object("message", message=_TEXT)}}
    errors = {"400": "The request means nothing.", "403": "Not from this machine."}
    if "{task_id}" in operation.path:
        errors["404"] = "No such task, or no picture of it yet."
    if operation.view == "end_task":
        errors["409"] = "The task has ended already."
    if operation.body is not None:
        errors["413"] = "The body is larger than --max-body."
    answer = {operation.media_type: {"schema": operation.answer or _BINARY}}
    described: dict[str, Any] = {
        "operationId": operation.view,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            "200": {"description": "Done.", "content": answer},
            **{code: {"description": text, "content": message} for code, text in errors.items()},
        },
    }
    if operation.body is not None:
        described["requestBody"] = _required("application/json", operation.body)
    elif operation.view == "restore_snapshot":
        described["requestBody"] = _required(_SQLITE, _BINARY)
    return described


def _required(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {media_type: {"schema": schema}}}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.0 document of the control API."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _described(operation)
    description = "Moves, watches and resets the mock. For this machine only."
    info = {"title": "Control of the mock", "version": "1", "description": description}
    return {"openapi": "3.0.3", "info": info, "paths": paths}


def draft4(schema: Any) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema draft 4: ``nullable`` becomes a second type."""
    if isinstance(schema, list):
        return [draft4(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: draft4(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") is True:
        found["type"] = [found["type"], "null"]
    return found
