"""The parameters of an upscale that a person can set, read from the contract."""

from __future__ import absolute_import

from collections import namedtuple

from .document import DOCUMENT, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .document import Schema

Choice = namedtuple("Choice", "value title help")
"""One value of a ``choice`` parameter with the words shown for it."""

Parameter = namedtuple("Parameter", "name kind minimum maximum default choices title help")
"""One parameter of the create call.

``name`` is the contract's; ``kind`` is ``"integer"``, ``"choice"`` or ``"boolean"``; ``minimum``
and ``maximum`` are None unless integer; ``choices`` is empty unless choice; ``default`` is the
contract's, or ours where the contract has none (scale factor and flavor), and lies within the
bounds; ``title`` and ``help`` are for people, in English, without a word about the protocol.
"""

# what a person does not set: the picture itself, and the address machines are called back at
_NOT_SET_BY_PEOPLE = ("image", "webhook_url")


def _parameter(name, schema):
    # type: (str, Schema) -> Parameter
    schema = resolve(schema)
    numbers = [branch for branch in schema.get("oneOf", [schema]) if branch["type"] == "integer"]
    bounds = numbers[0] if numbers else {}
    kind = "integer" if numbers else "choice" if "enum" in schema else schema["type"]
    choices = tuple(
        Choice(value, schema["x-choices"][value]["title"], schema["x-choices"][value]["help"])
        for value in schema.get("enum", ())
    )
    default = schema["default"] if "default" in schema else schema["x-frontend-default"]
    return Parameter(
        name,
        kind,
        bounds.get("minimum"),
        bounds.get("maximum"),
        default,
        choices,
        schema["x-title"],
        # the description is for developers; where that is too much for a tooltip, x-help is shown
        schema.get("x-help", schema["description"]),
    )


PARAMETERS = tuple(
    _parameter(name, schema)
    for name, schema in DOCUMENT["components"]["schemas"]["request-content_3"]["properties"].items()
    if name not in _NOT_SET_BY_PEOPLE
)
"""Every :class:`Parameter`, in the order a dialog shows them."""


def parameter(name):
    # type: (str) -> Parameter
    """Return the parameter called ``name`` (the contract's spelling); KeyError when there is none."""
    for candidate in PARAMETERS:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
