"""Check a JSON value against the subset of OpenAPI 3.0 schemas that the contract uses.

Only what ``openapi.json`` contains is understood; :func:`unsupported` names what is not, and the
document is refused at load rather than checked by half. Three decisions differ from Python's habits:
``True`` is not an integer; ``2.0`` is not an integer (JSON Schema draft 4, on which OpenAPI 3.0
rests; later drafts say otherwise, see ``x-decisions`` in the document); and ``$`` in a pattern means
the end of the text and not the place before a last line feed (ECMA 262).
"""

from __future__ import absolute_import

import re
from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Schema = Mapping[str, Any]
    Path = tuple[str | int, ...]

# Python 2.7 has two types for each; JSON arrives as its unicode and long
_TEXT = (str, type(b"".decode()))
_INTEGER = (int, type(2**64))

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
# RFC 3986, section 3: a scheme, then a hierarchy of the allowed characters, a query and a fragment;
# brackets enclose an IP address in the authority and stand nowhere else
_URI = re.compile(
    r"""[A-Za-z][A-Za-z0-9+.-]*:
        (//(  ([A-Za-z0-9._~!$&'()*+,;=:-] | %[0-9A-Fa-f]{2})*@ )?
           (  \[[0-9A-Fa-f:.]+\] | ([A-Za-z0-9._~!$&'()*+,;=-] | %[0-9A-Fa-f]{2})*  )
           (:[0-9]*)? (?=[/?#]|\Z) | (?!//))
        ([A-Za-z0-9._~!$&'()*+,;=:@/-] | %[0-9A-Fa-f]{2})*
        (\?([A-Za-z0-9._~!$&'()*+,;=:@/?-] | %[0-9A-Fa-f]{2})*)?
        (\#([A-Za-z0-9._~!$&'()*+,;=:@/?-] | %[0-9A-Fa-f]{2})*)?\Z""",
    re.VERBOSE,
)
_FORMATS = {"uuid": _UUID, "uri": _URI}

# which keywords say something about a value, and the type a schema must state to carry them
_KEYWORD_NEEDS = {
    "minimum": "integer",
    "maximum": "integer",
    "enum": "string",
    "pattern": "string",
    "format": "string",
    "items": "array",
    "properties": "object",
    "required": "object",
}
_KNOWN = frozenset(_KEYWORD_NEEDS) | {
    "$ref",
    "allOf",
    "default",
    "description",
    "example",
    "oneOf",
    "type",
}

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
}  # type: dict[str, Callable[[object], bool]]


def ecma_pattern(pattern):
    # type: (str) -> str
    r"""Return ``pattern`` (ECMA 262, as JSON Schema has it) so that Python's ``re`` agrees on ``$``.

    Raises ValueError for an escaped letter or digit (``\d``, ``\b``, ``\1``): the two languages
    read those differently, and the contract has none.
    """
    out = []
    escaped = in_class = False
    for character in pattern:
        if escaped and character.isalnum():
            raise ValueError("the pattern %r has an escape that Python reads otherwise" % pattern)
        special = not escaped and character
        out.append(r"\Z" if special == "$" and not in_class else character)
        in_class = (in_class or special == "[") and special != "]"
        escaped = special == "\\"
    return "".join(out)


def resolve(document, schema):
    # type: (Schema, Schema) -> Schema
    """Follow ``$ref`` inside ``document`` until a schema that is none; KeyError when it leads nowhere."""
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].split("/")[1:]:
            node = node[part.replace("~1", "/").replace("~0", "~")]
        schema = node
    return schema


def unsupported(schema):
    # type: (Schema) -> list[str]
    """Return what this reader could not check of one ``schema``, as sentences; empty when it can."""
    found = ["unknown keyword %s" % key for key in schema if key not in _KNOWN and key[:2] != "x-"]
    for key, kind in sorted(_KEYWORD_NEEDS.items()):
        if key in schema and schema.get("type") != kind:
            found.append("%s without type %s" % (key, kind))
    if "type" in schema and schema["type"] not in _TYPES:
        found.append("unknown type %s" % schema["type"])
    if "format" in schema and schema["format"] not in _FORMATS:
        found.append("unknown format %s" % schema["format"])
    if "pattern" in schema:
        ecma_pattern(schema["pattern"])
    return found


def violations(document, schema, value, path=(), closed=False):
    # type: (Schema, Schema, object, Path, bool) -> list[Violation]
    """Return every :class:`Violation` of ``schema`` by ``value``; an empty list means it conforms.

    ``closed`` also reports members that no schema declares; the document's own examples are held
    to that, because a schema without required members accepts anything.
    """
    found = list(_broken(document, schema, value, path))
    if closed:
        found.extend(_undeclared(document, schema, value, path))
    return found


def _broken(document, schema, value, path):
    # type: (Schema, Schema, Any, Path) -> Iterator[Violation]
    schema = resolve(document, schema)
    kind = schema.get("type")
    if kind and not _TYPES[kind](value):
        yield Violation(path, "type", "must be %s %s" % ("an" if kind[0] in "aio" else "a", kind))
        return
    for keyword, message in _broken_here(schema, value):
        yield Violation(path, keyword, message)
    for name in schema.get("required", ()):
        if name not in value:
            yield Violation(path + (name,), "required", "is required")
    for part, child, place in _parts(schema, value, path):
        for violation in _broken(document, part, child, place):
            yield violation
    if "oneOf" in schema:
        for violation in _one_of(document, schema["oneOf"], value, path):
            yield violation


def _parts(schema, value, path):
    # type: (Schema, Any, Path) -> Iterator[tuple[Schema, object, Path]]
    """Yield ``(schema, value, path)`` of what must hold too: items, members, every branch of allOf."""
    if "items" in schema:
        for index, item in enumerate(value):
            yield schema["items"], item, path + (index,)
    for name, member in schema.get("properties", {}).items():
        if name in value:
            yield member, value[name], path + (name,)
    for part in schema.get("allOf", ()):
        yield part, value, path


def _broken_here(schema, value):
    # type: (Schema, Any) -> Iterator[tuple[str, str]]
    """Yield ``(keyword, message)`` for what ``schema`` itself says of one scalar."""
    if "enum" in schema and value not in schema["enum"]:
        yield "enum", "must be one of %s" % ", ".join(schema["enum"])
    if "minimum" in schema and value < schema["minimum"]:
        yield "minimum", "must be at least %d" % schema["minimum"]
    if "maximum" in schema and value > schema["maximum"]:
        yield "maximum", "must be at most %d" % schema["maximum"]
    if "pattern" in schema and not re.search(ecma_pattern(schema["pattern"]), value):
        yield "pattern", "must match %s" % schema["pattern"]
    if "format" in schema and not _FORMATS[schema["format"]].match(value):
        yield "format", "must be a %s" % schema["format"].upper()


def _one_of(document, branches, value, path):
    # type: (Schema, Sequence[Schema], object, Path) -> list[Violation]
    results = [list(_broken(document, branch, value, path)) for branch in branches]
    fitting = sum(not result for result in results)
    if fitting == 1:
        return []
    if fitting:
        return [Violation(path, "oneOf", "must fit one branch and fits %d" % fitting)]
    # the branch whose type fits says what is wrong more usefully than "fits none of two"
    for result in results:
        if result[0].keyword != "type":
            return result
    return [Violation(path, "oneOf", " or ".join(result[0].message for result in results))]


def _undeclared(document, schema, value, path):
    # type: (Schema, Schema, object, Path) -> Iterator[Violation]
    """Yield the members of ``value``, at any depth, that ``schema`` does not declare."""
    if isinstance(value, dict):
        declared = dict(_declared(document, schema))
        for name in sorted(value):
            if name not in declared:
                yield Violation(path + (name,), "undeclared", "is declared nowhere in the schema")
            else:
                for violation in _undeclared(document, declared[name], value[name], path + (name,)):
                    yield violation
    elif isinstance(value, list):
        schema = resolve(document, schema)
        for index, item in enumerate(value):
            for violation in _undeclared(document, schema.get("items", {}), item, path + (index,)):
                yield violation


def _declared(document, schema):
    # type: (Schema, Schema) -> Iterator[tuple[str, Schema]]
    schema = resolve(document, schema)
    for item in schema.get("properties", {}).items():
        yield item
    for part in schema.get("allOf", ()):
        for item in _declared(document, part):
            yield item
