"""The documents Schemathesis reads: the service's own, rebuilt from its facts, and ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from precision_upscaler.contract import DOCUMENT

FACTS = Path(__file__).parents[1] / "unit/contract/seed_facts.json"


def _wrapped(node: Any) -> Any:
    """Return facts as OpenAPI has them again: named examples in ``value``, answers with a description."""
    if isinstance(node, list):
        return [_wrapped(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for name, value in node.items():
        if name == "examples":
            found[name] = {key: {"value": example} for key, example in value.items()}
        elif name == "responses":
            found[name] = {code: {"description": "", **_wrapped(item)} for code, item in value.items()}
        else:
            found[name] = _wrapped(value)
    return found


def seed_document() -> dict[str, Any]:
    """Return the service's own document without its prose."""
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    return {
        "openapi": facts["openapi"],
        "info": {"title": "seed", "version": facts["version"]},
        "servers": [{"url": facts["server"]}],
        "paths": {facts["path"]: {"post": {**_wrapped(facts["post"]), "security": [{"apiKey": []}]}}},
        "components": {
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "x-freepik-api-key"}}
        },
    }


def our_document() -> dict[str, Any]:
    """Return the contract."""
    found: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    return found
