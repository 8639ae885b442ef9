"""Find what is wrong with the contract's document itself: references, keywords, examples, defaults."""

from __future__ import absolute_import

from .schema import resolve, unsupported, violations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .schema import Schema


class ContractError(ValueError):
    """The contract's document contradicts itself in a way it does not list."""


def check(document):
    # type: (Schema) -> None
    """Raise :class:`ContractError`, naming each place, unless the document holds together.

    Held: every reference leads somewhere; every schema uses only what the reader understands; every
    default fits its own schema; choices and transitions name exactly the values of their enum; and
    exactly the examples listed in ``x-known-contradictions`` contradict their schemas.
    """
    problems = list(_broken_references(document, document, ""))
    if not problems:
        for pointer, schema in schemas(document):
            problems += ["%s: %s" % (pointer, problem) for problem in _schema_problems(document, schema)]
    if not problems:
        problems = list(_example_problems(document))
    if problems:
        raise ContractError("the contract contradicts itself: " + "; ".join(problems))


def schemas(document):
    # type: (Schema) -> Iterator[tuple[str, Schema]]
    """Yield ``(pointer, schema)`` of every schema, also nested ones, in the document's order."""
    for pointer, node in _walk(document, ""):
        if pointer.count("/") == 3 and pointer.startswith("/components/schemas/"):  # noqa: PLR2004 - depth
            for item in _nested(pointer, node):
                yield item
        elif "schema" in node:
            for item in _nested(pointer + "/schema", node["schema"]):
                yield item


def examples(document):
    # type: (Schema) -> Iterator[tuple[str, Schema, Any]]
    """Yield ``(pointer, schema, value)`` of every example, of schemas and of messages alike."""
    for pointer, schema in schemas(document):
        if "example" in schema:
            yield pointer + "/example", schema, schema["example"]
    for pointer, node in _walk(document, ""):
        if "schema" in node:
            for name, example in node.get("examples", {}).items():
                value = resolve(document, example)["value"]
                yield "%s/examples/%s/value" % (pointer, _escape(name)), node["schema"], value


def _escape(name):
    # type: (str) -> str
    return name.replace("~", "~0").replace("/", "~1")


def _walk(node, pointer):
    # type: (Any, str) -> Iterator[tuple[str, Any]]
    """Yield every object of the document with its JSON pointer, but nothing inside examples."""
    if isinstance(node, dict):
        yield pointer, node
        for key, child in node.items():
            if key not in ("example", "examples"):
                for item in _walk(child, "%s/%s" % (pointer, _escape(key))):
                    yield item
    elif isinstance(node, list):
        for index, child in enumerate(node):
            for item in _walk(child, "%s/%d" % (pointer, index)):
                yield item


def _nested(pointer, schema):
    # type: (str, Any) -> Iterator[tuple[str, Schema]]
    yield pointer, schema
    children = [
        ("properties/" + _escape(name), child) for name, child in schema.get("properties", {}).items()
    ]
    children += [("items", schema[key]) for key in ("items",) if key in schema]
    for key in ("allOf", "oneOf"):
        children += [("%s/%d" % (key, index), child) for index, child in enumerate(schema.get(key, ()))]
    for name, child in children:
        for item in _nested("%s/%s" % (pointer, name), child):
            yield item


def _broken_references(document, node, pointer):
    # type: (Schema, Any, str) -> Iterator[str]
    for place, target in _walk(node, pointer):
        candidates = [target] + list(target.get("examples", {}).values())
        for candidate in candidates:
            try:
                resolve(document, candidate)
            except (KeyError, TypeError):
                yield "%s: the reference %s leads nowhere" % (place, candidate["$ref"])


def _schema_problems(document, schema):
    # type: (Schema, Schema) -> list[str]
    problems = unsupported(schema)
    if problems:
        return problems
    for key in ("default", "x-frontend-default"):
        if key in schema:
            for violation in violations(document, schema, schema[key]):
                problems.append("its %s %r %s" % (key, schema[key], violation.message))
    enum = set(schema.get("enum", ()))
    for key in ("x-choices", "x-transitions"):
        if key in schema and set(schema[key]) != enum:
            problems.append("%s does not name exactly the values of enum" % key)
    for status, followers in schema.get("x-transitions", {}).items():
        if not set(followers) <= enum - {status}:
            problems.append("%s may be followed by a value that is no other one of enum" % status)
    undeclared = sorted(set(schema.get("required", ())) - set(schema.get("properties", ())))
    if undeclared:
        problems.append("requires %s without declaring it" % ", ".join(undeclared))
    return problems


def _example_problems(document):
    # type: (Schema) -> Iterator[str]
    listed = {item["pointer"] for item in document.get("x-known-contradictions", ())}
    broken = {}
    for pointer, schema, value in examples(document):
        found = violations(document, schema, value, closed=True)
        if found:
            broken[pointer] = found
    for pointer in sorted(set(broken) - listed):
        yield "%s: %s" % (
            pointer,
            "; ".join(
                "%s %s" % ("/".join(map(str, violation.path)), violation.message)
                for violation in broken[pointer]
            ),
        )
    for pointer in sorted(listed - set(broken)):
        yield "%s: listed as a known contradiction and is none" % pointer
