"""Sentences for people that remember how they were filled, so that a front end can translate them."""

from __future__ import annotations

import re
from typing import Any

_PLACE = re.compile(r"{(\w+)}")


class Sentence(str):
    """An English text, and its ``parts`` as the worker's protocol has them: templates with their values."""

    __slots__ = ("parts",)
    parts: list[dict[str, Any]]


def said(template: str, **values: object) -> Sentence:
    """Return ``template`` with ``values`` in its braces; KeyError when one is missing.

    A value may be such a sentence itself.
    """
    sentence = Sentence(_PLACE.sub(lambda place: str(values[place[1]]), template))
    filling = {
        name: {"parts": parts_of(value)} if isinstance(value, Sentence) else str(value)
        for name, value in values.items()
    }
    sentence.parts = [{"text": template, "values": filling}]
    return sentence


def joined(*texts: str) -> Sentence:
    """Return several sentences, or texts that nobody translates, with a space between them."""
    sentence = Sentence(" ".join(texts))
    sentence.parts = [part for text in texts for part in parts_of(text)]
    return sentence


def parts_of(text: str) -> list[dict[str, Any]]:
    """Return the parts of a sentence; those of any other text are the text itself."""
    return text.parts if isinstance(text, Sentence) else [{"text": text, "values": {}}]
