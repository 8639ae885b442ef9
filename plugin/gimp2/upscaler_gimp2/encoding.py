"""Convert texts and paths: GIMP's Python 2.7 has UTF-8 bytes where the rest of the program has text."""

from __future__ import absolute_import

import codecs
import sys

_BYTES_ARE_STR = bytes is str


def native(text):
    """Return ``text`` as GIMP takes it: UTF-8 bytes in Python 2.7, text in Python 3."""
    if _BYTES_ARE_STR and not isinstance(text, bytes):
        return text.encode("utf-8")
    return text


def readable(value):
    """Return what GIMP gave (a name, a path; None becomes empty) as text."""
    if value is None:
        value = b""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def path_text(path):
    """Return a path of the file system as text."""
    return path.decode(_encoding(), "replace") if isinstance(path, bytes) else path


def native_path(text):
    """Return a path as Python's own functions take it: in Python 2.7 bytes, as only they can hold any letter."""
    if _BYTES_ARE_STR and not isinstance(text, bytes):
        return text.encode(_encoding(), "replace")
    return text


def _encoding():
    """Return the encoding of paths; a locale that knows no letters, as GIMP may be started in, means UTF-8."""
    name = codecs.lookup(sys.getfilesystemencoding() or "ascii").name
    return "utf-8" if name == "ascii" else name
