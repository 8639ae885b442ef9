"""Translations of the texts for users, from gettext catalogs beside the package; English without a catalog.

The catalogs are ``locale/<language>/LC_MESSAGES/precision-upscaler.mo``, compiled from ``locale/*.po``.
"""

from __future__ import absolute_import

import gettext
import locale
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Translate = Callable[[str], str]
    Event = dict[str, Any]

DOMAIN = "precision-upscaler"
FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "locale")


class Catalog(object):
    """The texts of one language; calling it translates, so that it serves as ``translate`` everywhere."""

    def __init__(self, languages=None, folder=FOLDER):
        # type: (Sequence[str] | None, str) -> None
        """Read the first of ``languages`` (POSIX names, the best first) that there is a catalog for.

        None asks the environment: LANGUAGE, LC_ALL, LC_MESSAGES, LANG.
        """
        names = None if languages is None else list(_until_english(languages))
        catalog = gettext.translation(DOMAIN, folder, names, fallback=True)
        # Python 2 returns bytes unless asked
        self._translate = getattr(catalog, "ugettext", catalog.gettext)
        self._plural = getattr(catalog, "ungettext", catalog.ngettext)

    def __call__(self, text):
        # type: (str) -> str
        """Return ``text`` in the catalog's language."""
        # the empty text stands for a catalog's header
        return self._translate(text) if text else text

    def plural(self, one, many, number):
        # type: (str, str, int) -> str
        """Return the form of the text that goes with ``number``."""
        return self._plural(one, many, number)


def preferred(environ=None, ui_language=None):
    # type: (Mapping[str, str] | None, Callable[[], int] | None) -> list[str] | None
    """Return what to give :class:`Catalog` where no editor says the language: None for the environment.

    Windows sets none of its variables; there ``ui_language`` gives the number of the user's language.
    """
    environ = os.environ if environ is None else environ
    if any(environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")):
        return None
    ask = ui_language or _ui_language
    name = locale.windows_locale.get(ask())
    return [name] if name else None


def _ui_language():
    # type: () -> int
    """Return the number of the language of Windows' own windows; 0 elsewhere, which is none."""
    if os.name != "nt":
        return 0
    import ctypes  # noqa: PLC0415 - not every Python elsewhere has it

    return int(ctypes.windll.kernel32.GetUserDefaultUILanguage())  # type: ignore[attr-defined]  # Windows only


def _until_english(languages):
    # type: (Sequence[str]) -> list[str]
    """Return what comes before English: who prefers it to Italian must not get Italian."""
    wanted = []
    for name in languages:
        if name.split(".")[0].split("_")[0] in ("en", "C", "POSIX"):
            break
        wanted.append(name)
    return wanted


def translated_member(event, member, translate):
    # type: (Event, str, Translate) -> str
    """Return a text of an event, translated: ``what`` or ``advice`` of an error, ``message`` of a warning.

    The worker sends each text in English, and beside it the translatable messages it was made of.
    """
    plain = event.get(member) or ""
    messages = (event.get("sentences") or {}).get(member) or []
    # the front end's own events are translated already, and may have replaced this text
    return _filled(messages, translate) if _filled(messages, _unchanged) == plain else plain


def warning_messages(warnings, translate):
    # type: (Sequence[Event], Translate) -> list[str]
    """Return the messages of ``warning`` events, except ``wrong-scale``: front ends note sizes themselves."""
    return [
        translated_member(one, "message", translate) for one in warnings if one.get("code") != "wrong-scale"
    ]


def _filled(parts, translate):
    # type: (list[Event], Translate) -> str
    return " ".join(_one(part["text"], part["values"], translate) for part in parts)


def _one(text, values, translate):
    # type: (str, Event, Translate) -> str
    if not values:
        # may be a text of another program, with braces in it
        return translate(text)
    shown = dict(
        (name, _filled(value["parts"], translate) if isinstance(value, dict) else value)
        for name, value in values.items()
    )
    return translate(text).format(**shown)


def _unchanged(text):
    # type: (str) -> str
    return text
