"""Answer the parasites with which the conformance probes count and undo steps.

The real GIMP answers through the preloaded ``conformance/undo_probe.c``, so that the same probes serve both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Image

_ANSWER = "undo-probe-answer"


def answer(image: Image, name: str) -> None:
    """Do what the parasite ``name`` asks for and attach the report, if it is one of the probe's."""
    if not name.startswith("undo-probe-") or name == _ANSWER:
        return
    verb = name.rsplit("-", 1)[-1]
    parasites = image.parasites
    if verb == "undo":
        image.undo.undo()
    elif verb == "redo":
        image.undo.redo()
    report = f"{len(image.undo.steps)} {len(image.undo.undone)}"
    kept = {**image.parasites, name: parasites[name]}
    image.parasites = {**kept, _ANSWER: (0, report.encode() + b"\0")}
