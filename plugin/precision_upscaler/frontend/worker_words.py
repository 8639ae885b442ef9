"""What the worker says, in the user's language: its events carry every sentence with the values in it."""

from __future__ import absolute_import, unicode_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Translate = Callable[[str], str]
    Event = dict[str, Any]


def translated(event, member, translate):
    # type: (Event, str, Translate) -> str
    """Return the text ``member`` of an event: an error's ``what`` or ``advice``, a warning's ``message``."""
    plain = event.get(member) or ""
    sentences = (event.get("sentences") or {}).get(member) or []
    # events of the front end itself are in the user's language already, and some put other words here
    return _filled(sentences, translate) if _filled(sentences, _unchanged) == plain else plain


def heeded(warnings, translate):
    # type: (Sequence[Event], Translate) -> list[str]
    """Return what ``warning`` events say, without what a front end sees for itself: a result's size."""
    return [translated(one, "message", translate) for one in warnings if one.get("code") != "wrong-scale"]


def _filled(parts, translate):
    # type: (list[Event], Translate) -> str
    return " ".join(_one(part["text"], part["values"], translate) for part in parts)


def _one(text, values, translate):
    # type: (str, Event, Translate) -> str
    if not values:
        # perhaps somebody else's words, with braces of their own
        return translate(text)
    shown = dict(
        (name, _filled(value["parts"], translate) if isinstance(value, dict) else value)
        for name, value in values.items()
    )
    return translate(text).format(**shown)


def _unchanged(text):
    # type: (str) -> str
    return text
