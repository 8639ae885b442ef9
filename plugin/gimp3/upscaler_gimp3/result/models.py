"""What is delivered and what became of it, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from precision_upscaler.frontend.options import AREA_SELECTION

if TYPE_CHECKING:
    from upscaler_gimp3.arguments import Options
    from upscaler_gimp3.image.export import Exported
    from upscaler_gimp3.image.inputs import Subject

    from .composition import Composition


@dataclass
class Finished:
    """One result to deliver: what was asked, what was exported, and the service's picture as a file.

    ``failure`` is set to an ``error`` event when this one cannot be delivered; the others still are
    delivered as they should. ``gone`` is a note's code when it cannot go where it was made for.
    ``placement`` is where it goes: the run's, ``new-image`` when the layer is whole but the image may not
    be changed, None when there is nothing left to compose it with. ``selection_unknown`` says that only a
    selection was wanted, and what it was is not known any more.
    """

    subject: Subject
    exported: Exported
    path: str
    selection_unknown: bool = False
    pixels: Any = None
    scale: Fraction = Fraction(1)
    failure: dict[str, Any] | None = None
    gone: str | None = None
    placement: str | None = None
    composition: Composition | None = None


@dataclass
class Delivery:
    """What became of the results: layers in the image, images beside it, and what to tell."""

    layers: list[Any] = field(default_factory=list)
    images: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)


def finished(subject: Subject, exported: Exported, path: str, options: Options) -> Finished:
    """Return a result to deliver for a run with ``options``."""
    unknown = options.area == AREA_SELECTION and subject.selection is None
    return Finished(subject, exported, path, unknown)
