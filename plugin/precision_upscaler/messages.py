"""Messages that keep their template and values, so that a front end can translate them."""

from __future__ import annotations

import re
from typing import Any

_PLACE = re.compile(r"{(\w+)}")


class Message(str):
    """An English text, and its ``parts`` as the worker's protocol has them: templates with their values."""

    __slots__ = ("parts",)
    parts: list[dict[str, Any]]


def translatable(template: str, **values: object) -> Message:
    """Return ``template`` with ``values`` in its braces; KeyError when one is missing.

    A value may be such a message itself.
    """
    message = Message(_PLACE.sub(lambda place: str(values[place[1]]), template))
    filling = {
        name: {"parts": parts_of(value)} if isinstance(value, Message) else str(value)
        for name, value in values.items()
    }
    message.parts = [{"text": template, "values": filling}]
    return message


def joined(*texts: str) -> Message:
    """Return messages, or texts that are not translated, joined by spaces."""
    message = Message(" ".join(texts))
    message.parts = [part for text in texts for part in parts_of(text)]
    return message


def parts_of(text: str) -> list[dict[str, Any]]:
    """Return the parts of a message; those of any other text are the text itself."""
    return text.parts if isinstance(text, Message) else [{"text": text, "values": {}}]
