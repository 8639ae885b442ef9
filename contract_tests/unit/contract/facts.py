"""Reduce an OpenAPI document to its facts: names, types, bounds, patterns, examples, and no prose."""

from __future__ import annotations

from typing import Any

_PROSE = {"description", "summary", "title", "tags"}


def resolved(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.split("/")[1:]:
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def facts(document: dict[str, Any], node: Any) -> Any:
    """Return ``node`` with every reference replaced by what it points at, and without prose.

    A named example becomes its value alone. Extension members (``x-…``) are ours and left out.
    """
    if isinstance(node, list):
        return [facts(document, item) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return facts(document, resolved(document, node["$ref"]))
    out = {}
    for key, value in node.items():
        if key == "examples":
            out[key] = {
                name: (resolved(document, item["$ref"]) if "$ref" in item else item)["value"]
                for name, item in value.items()
            }
        elif key == "example":
            out[key] = value
        elif key == "properties":
            out[key] = {name: facts(document, item) for name, item in value.items()}
        elif key not in _PROSE and not key.startswith("x-"):
            out[key] = facts(document, value)
    return out
