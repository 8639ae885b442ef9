"""Check a JSON value against the subset of OpenAPI 3.0 schemas that the contract uses.

Only what ``openapi.json`` contains is understood, and an unknown keyword is an error rather than
a check that silently does nothing. Three decisions differ from Python's habits: ``True`` is not an
integer, ``2.0`` is not an integer (JSON Schema draft 4, on which OpenAPI 3.0 rests), and ``$`` in a
pattern means the end of the text and not the place before a last line feed (ECMA 262).
"""

from __future__ import absolute_import

import re
from collections import namedtuple

try:
    _TEXT = (str, unicode)  # type: ignore[name-defined]  # Python 2.7
    _INTEGER = (int, long)  # type: ignore[name-defined]
except NameError:
    _TEXT = (str,)
    _INTEGER = (int,)

_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+\Z")
_KNOWN = frozenset(
    "type enum minimum maximum pattern format required properties items allOf oneOf $ref "
    "description default example summary".split()
)

Violation = namedtuple("Violation", "path keyword message")
"""One broken rule: ``path`` as tuple of keys, the schema's ``keyword``, an English ``message``."""


def _is_integer(value):
    # type: (object) -> bool
    return isinstance(value, _INTEGER) and not isinstance(value, bool)


_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, _TEXT),
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
}
_FORMATS = {"uuid": _UUID, "uri": _URI}


def ecma_pattern(pattern):
    # type: (str) -> str
    """Return ``pattern`` (ECMA 262, as JSON Schema has it) so that Python's ``re`` agrees on ``$``."""
    return re.sub(r"(?<!\\)\$(?=\)|\||\Z)", r"\\Z", pattern)


def resolve(document, schema):
    # type: (dict, dict) -> dict
    """Follow ``$ref`` inside ``document`` until a schema that is none; KeyError when it leads nowhere."""
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        schema = node
    return schema


def violations(document, schema, value, path=(), closed=False):
    # type: (dict, dict, object, tuple, bool) -> list
    """Return every :class:`Violation` of ``schema`` by ``value``; an empty list means it conforms.

    ``closed`` also reports members that no schema declares; the document's own examples are held
    to that, because a schema without required members accepts anything.
    """
    schema = resolve(document, schema)
    unknown = [key for key in schema if key not in _KNOWN and not key.startswith("x-")]
    if unknown:
        raise ValueError("the contract uses schema keywords this reader does not know: %s" % unknown)
    found = []
    kind = schema.get("type")
    if kind and not _TYPES[kind](value):
        article = "an" if kind[0] in "aeiou" else "a"
        return [Violation(path, "type", "must be %s %s" % (article, kind))]
    if "enum" in schema and value not in schema["enum"]:
        found.append(Violation(path, "enum", "must be one of %s" % ", ".join(schema["enum"])))
    if "minimum" in schema and value < schema["minimum"]:
        found.append(Violation(path, "minimum", "must be at least %d" % schema["minimum"]))
    if "maximum" in schema and value > schema["maximum"]:
        found.append(Violation(path, "maximum", "must be at most %d" % schema["maximum"]))
    if "pattern" in schema and not re.search(ecma_pattern(schema["pattern"]), value):
        found.append(Violation(path, "pattern", "must match %s" % schema["pattern"]))
    if "format" in schema and not _FORMATS[schema["format"]].match(value):
        found.append(Violation(path, "format", "must be a %s" % schema["format"]))
    if "items" in schema:
        for index, item in enumerate(value):
            found.extend(violations(document, schema["items"], item, path + (index,), closed))
    for part in schema.get("allOf", ()):
        found.extend(violations(document, part, value, path))
    if "oneOf" in schema:
        found.extend(_one_of(document, schema["oneOf"], value, path))
    found.extend(_members(document, schema, value, path, closed))
    if closed and isinstance(value, dict):
        for name in sorted(set(value) - _declared(document, schema)):
            found.append(Violation(path + (name,), "undeclared", "is declared nowhere in the schema"))
    return found


def _members(document, schema, value, path, closed):
    # type: (dict, dict, object, tuple, bool) -> list
    found = []
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                found.append(Violation(path + (name,), "required", "is required"))
        for name, member in schema.get("properties", {}).items():
            if name in value:
                found.extend(violations(document, member, value[name], path + (name,), closed))
    return found


def _declared(document, schema):
    # type: (dict, dict) -> set
    schema = resolve(document, schema)
    names = set(schema.get("properties", ()))
    for part in schema.get("allOf", ()):
        names |= _declared(document, part)
    return names


def _one_of(document, branches, value, path):
    # type: (dict, list, object, tuple) -> list
    results = [violations(document, branch, value, path) for branch in branches]
    if sum(not result for result in results) == 1:
        return []
    # the branch whose type fits says what is wrong more usefully than "matches none of two"
    for result in results:
        if result and result[0].keyword != "type":
            return result
    return [Violation(path, "oneOf", " or ".join(result[0].message for result in results if result))]
