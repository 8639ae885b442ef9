"""Find contradictions inside the contract's document: references, keywords, defaults, choices, examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from mock_server.api.validation import is_uuid, violations

Schema = dict[str, Any]

# the keywords that the checks, the plug-in and the mock's validator understand; another one might be ignored
_KEYWORDS = frozenset(
    ["$ref", "allOf", "default", "description", "enum", "example", "format", "items", "maximum", "minimum",
     "oneOf", "pattern", "properties", "required", "type"]
)  # fmt: skip
_FORMATS = ("uuid", "uri")


def problems(document: Schema) -> list[str]:
    """Return every contradiction of ``document`` that it does not list itself, with its JSON pointer."""
    found = list(_broken_references(document))
    if not found:
        for pointer, schema in schemas(document):
            found += [f"{pointer}: {problem}" for problem in _schema_problems(document, schema)]
    return found or list(_example_problems(document))


def resolve(document: Schema, node: Schema) -> Schema:
    """Return ``node`` or what its ``$ref`` names; KeyError when that does not exist."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def schemas(document: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield ``(pointer, schema)`` of every schema, also nested ones, in the document's order."""
    for pointer, node in _objects(document, ""):
        if pointer.count("/") == 3 and pointer.startswith("/components/schemas/"):
            yield from _nested(pointer, node)
        elif "schema" in node:
            yield from _nested(pointer + "/schema", node["schema"])


def examples(document: Schema) -> Iterator[tuple[str, Schema, Any]]:
    """Yield ``(pointer, schema, value)`` of every example, of schemas and of messages alike."""
    for pointer, schema in schemas(document):
        if "example" in schema:
            yield pointer + "/example", schema, schema["example"]
    for pointer, node in _objects(document, ""):
        if "schema" in node:
            for name, example in node.get("examples", {}).items():
                value = resolve(document, example)["value"]
                yield f"{pointer}/examples/{_escape(name)}/value", node["schema"], value


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _objects(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield every object of the document with its JSON pointer, but nothing inside examples."""
    if isinstance(node, dict):
        yield pointer, node
        for key, child in node.items():
            if key not in ("example", "examples"):
                yield from _objects(child, f"{pointer}/{_escape(key)}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _objects(child, f"{pointer}/{index}")


def _nested(pointer: str, schema: Any) -> Iterator[tuple[str, Schema]]:
    yield pointer, schema
    children = [
        ("properties/" + _escape(name), child) for name, child in schema.get("properties", {}).items()
    ]
    children += [("items", schema[key]) for key in ("items",) if key in schema]
    for key in ("allOf", "oneOf"):
        children += [(f"{key}/{index}", child) for index, child in enumerate(schema.get(key, ()))]
    for name, child in children:
        yield from _nested(f"{pointer}/{name}", child)


def _broken_references(document: Schema) -> Iterator[str]:
    for place, target in _objects(document, ""):
        for candidate in (target, *target.get("examples", {}).values()):
            try:
                resolve(document, candidate)
            except (KeyError, TypeError):
                yield f"{place}: the reference {candidate['$ref']} leads nowhere"


def _violations(document: Schema, schema: Schema, value: Any) -> list[str]:
    whole = {"allOf": [schema], "components": document["components"]}
    validator = jsonschema_rs.Draft4Validator(whole, validate_formats=True, formats={"uuid": is_uuid})
    return [
        " ".join(["/".join(map(str, path)), message]).strip()
        for path, _, message in violations(validator.iter_errors(value))
    ]


def _schema_problems(document: Schema, schema: Schema) -> Iterator[str]:
    unknown = [key for key in schema if key not in _KEYWORDS and not key.startswith("x-")]
    if unknown:
        yield f"unknown keyword {', '.join(unknown)}"
    elif schema.get("format", "uri") not in _FORMATS:
        yield f"unknown format {schema['format']}"
    elif not jsonschema_rs.meta.is_valid({**schema, "$schema": "http://json-schema.org/draft-04/schema#"}):
        yield "is no schema of draft 4"
    else:
        yield from _member_problems(document, schema)


def _member_problems(document: Schema, schema: Schema) -> Iterator[str]:
    for key in ("default", "x-frontend-default"):
        if key in schema:
            for violation in _violations(document, schema, schema[key]):
                yield f"its {key} does not fit: {violation}"
    enum = set(schema.get("enum", ()))
    for key in ("x-choices", "x-transitions"):
        if key in schema and set(schema[key]) != enum:
            yield f"{key} does not name exactly the values of enum"
    for status, followers in schema.get("x-transitions", {}).items():
        if not set(followers) <= enum - {status}:
            yield f"{status} may be followed by a value that is no other one of enum"
    undeclared = sorted(set(schema.get("required", ())) - set(schema.get("properties", ())))
    if undeclared:
        yield f"requires {', '.join(undeclared)} without declaring it"


def _example_problems(document: Schema) -> Iterator[str]:
    listed = {item["pointer"] for item in document.get("x-known-contradictions", ())}
    broken = {}
    for pointer, schema, value in examples(document):
        # a schema without required members accepts anything, so examples may have no undeclared member
        found = [*_violations(document, schema, value), *_undeclared(document, schema, value, "")]
        if found:
            broken[pointer] = found
    for pointer in sorted(set(broken) - listed):
        yield f"{pointer}: {'; '.join(broken[pointer])}"
    for pointer in sorted(listed - set(broken)):
        yield f"{pointer}: listed as a known contradiction and is none"


def _undeclared(document: Schema, schema: Schema, value: Any, path: str) -> Iterator[str]:
    """Yield the members of ``value``, at any depth, that ``schema`` does not declare."""
    if isinstance(value, dict):
        declared = dict(_declared(document, schema))
        for name in sorted(value):
            if name not in declared:
                yield f"{path}{name} is declared nowhere in the schema"
            else:
                yield from _undeclared(document, declared[name], value[name], f"{path}{name}/")
    elif isinstance(value, list):
        items = resolve(document, schema).get("items", {})
        for index, item in enumerate(value):
            yield from _undeclared(document, items, item, f"{path}{index}/")


def _declared(document: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    schema = resolve(document, schema)
    yield from schema.get("properties", {}).items()
    for part in schema.get("allOf", ()):
        yield from _declared(document, part)
