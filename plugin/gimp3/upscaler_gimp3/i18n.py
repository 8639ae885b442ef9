"""The user's language, as GIMP was told, for every text of the front end."""

from __future__ import annotations

import functools

from gi.repository import GLib
from precision_upscaler.frontend.i18n import Catalog


@functools.cache
def catalog() -> Catalog:
    """Return the texts in the user's language; read when the first one is needed."""
    # GLib knows GIMP's language on every system; on Windows the environment does not have it
    return Catalog(GLib.get_language_names())


def _(text: str) -> str:
    """Return ``text`` in the user's language."""
    return catalog()(text)


def plural(one: str, many: str, number: int) -> str:
    """Return the form of the text that goes with ``number``, in the user's language."""
    return catalog().plural(one, many, number)
