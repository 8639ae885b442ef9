# coding: utf-8
"""What a placement does to a layer that is more than pixels: turned into some, kept beside, left alone."""

from __future__ import absolute_import

from .options import NEW_IMAGE, NEW_LAYER


def keeps_layer(kind, placement):
    # type: (str, str) -> bool
    """Return whether the layer itself stays in its image, hidden, beside its result."""
    return placement == NEW_LAYER or (kind == "group" and placement != NEW_IMAGE)


def conversion_note(kind, placement):
    # type: (str, str) -> str | None
    """Return the code of the note (:func:`texts.note`) about a layer of ``kind`` that was rendered, or None.

    ``kind`` is ``pixels``, ``text``, ``vector``, ``link`` or ``group``. Only where the layer itself
    became its result was it turned into pixels; elsewhere just the result is made of them.
    """
    if kind == "pixels":
        return None
    if kind == "group" and placement != NEW_IMAGE:
        return "group"
    return "rendered" if _stays(kind, placement) else kind


def effects_note(kind, placement):
    # type: (str, str) -> str
    """Return the code of the note about a layer of ``kind`` whose effects were rendered."""
    return "effects-rendered" if _stays(kind, placement) else "effects"


def _stays(kind, placement):
    # type: (str, str) -> bool
    return placement == NEW_IMAGE or keeps_layer(kind, placement)
