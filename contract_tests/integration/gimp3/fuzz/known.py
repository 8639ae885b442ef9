"""What GIMP itself cannot do with the other layers of an image, and what the user is told about it.

One table, in the words of ``docs/reference.md``. ``applies`` is asked with a layer that is no target and
with the image before; ``note`` is the beginning of the note that must be there then. A difference is
ignored where its line matches ``differs``, and only in an image to which the row applies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .expectation import Change, Fate, Inventory, every_layer, miscolored


@dataclass(frozen=True)
class Limit:
    """One thing that GIMP cannot do."""

    name: str
    applies: Callable[[Inventory, Inventory], bool]
    note: str | None
    differs: str = r"(?!)"


def _changes_size(layer: Inventory) -> bool:
    """Return whether GIMP changes a layer's size by itself, or that of a layer inside."""
    odd = [one for one in every_layer([layer]) if one["effects"] or one["kind"] in ("vector", "link")]
    return bool(odd)


LIMITS = (
    Limit(
        "effects keep their sizes and areas",
        lambda layer, _: bool(layer["effects"]),
        "GIMP scales other layers without their effects",
    ),
    Limit(
        "the line of a vector layer keeps its width",
        lambda layer, _: layer["kind"] == "vector" and layer["enabled"][1],
        "GIMP does not scale the line width",
    ),
    Limit(
        "the text of a text layer keeps its font size",
        lambda layer, _: layer["kind"] == "text",
        "GIMP scales the pixels of text layers",
    ),
    Limit(
        "a link layer is drawn in wrong colors",
        miscolored,
        "GIMP may draw link layers in wrong colors",
    ),
)
"""What GIMP leaves as it was when it scales an image."""

REDRAWN = (
    Limit(
        "an undo draws a text layer again, and makes one more undo step, without effect, of its mask",
        lambda layer, _: layer["kind"] == "text" and layer["mask"] is not None,
        None,
        "one undo was not enough",
    ),
    Limit(
        "an undo or redo in GIMP 3.0 selects the layer that came last",
        lambda _, image: image["gimp"] == 0,
        None,
        r"after (one undo|a redo): /selected",
    ),
    Limit(
        "an undo in GIMP 3.0 of a layer that came and went leaves one more step, without effect",
        lambda _, image: image["gimp"] == 0 and len(image["selected"]) > 1,
        None,
        "one undo was not enough",
    ),
    Limit(
        "a redo chooses a mask that was added to be edited",
        lambda layer, _: layer["kind"] == "vector" and layer["mask"] is not None,
        None,
        r"after a redo: .*/mask/flags/2",
    ),
    Limit(
        "an undo or redo draws a text layer again, in its own size",
        lambda layer, _: layer["kind"] == "text",
        None,
        r"after a redo: .*/(box/[0-3]|pixels/digest)",
    ),
    Limit(
        "an undo or redo draws a vector or link layer again",
        lambda layer, _: layer["kind"] in ("vector", "link"),
        None,
        r"after (one undo|a redo): .*/pixels/digest",
    ),
    Limit(
        "an undo or redo crops the mask of a group around a layer with effects, or a vector or link layer",
        lambda layer, _: layer["mask"] is not None and any(map(_changes_size, layer.get("children", ()))),
        None,
        r"after (one undo|a redo): .*/mask/pixels/digest",
    ),
)
"""What GIMP's own undo and redo of a scaled image do not bring back to the pixel."""


def neighbours(before: Inventory, fates: Sequence[Fate]) -> list[Inventory]:
    """Return every layer that is there after the run as well, except those that hold a result."""
    replaced = {fate.layer["id"] for fate in fates if not fate.kept}
    return [layer for layer in every_layer(before["layers"]) if layer["id"] not in replaced]


def missing_notes(before: Inventory, fates: Sequence[Fate], change: Change, message: str) -> list[str]:
    """Return which notes are missing, and which are said for no reason."""
    found = []
    for limit in LIMITS:
        due = change.factor != 1 and any(limit.applies(layer, before) for layer in neighbours(before, fates))
        if due != (str(limit.note) in message):
            found.append(f"{limit.name}: {'not said' if due else 'said'} in {message!r}")
    return found


def unexplained(problems: list[str], before: Inventory, fates: Sequence[Fate]) -> list[str]:
    """Return the problems that no limit of GIMP's explains."""
    layers = [*neighbours(before, fates), *(fate.layer for fate in fates)]
    patterns = [limit.differs for limit in REDRAWN if any(limit.applies(layer, before) for layer in layers)]
    return [line for line in problems if not any(re.match(pattern, line) for pattern in patterns)]
