"""The values that a result passes through on its way into the image; none is changed after it is made."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from precision_upscaler.frontend.layer_rules import Note
    from precision_upscaler.frontend.placement import Box, Placed, Size

    from upscaler_gimp3.image.export import Exported
    from upscaler_gimp3.image.inputs import InputLayer

    Event = dict[str, Any]


@dataclass(frozen=True, eq=False)
class PendingResult:
    """One result to deliver: its layer, what was sent of it, and the service's image as a file.

    ``selection_lost``: only a selection was wanted, and it is not known any more. ``whole_file``: the file
    has a profile or metadata of its own, which belong to the result.
    """

    input: InputLayer
    exported: Exported
    path: str
    selection_lost: bool = False
    whole_file: bool = False


@dataclass(frozen=True)
class DecodedResult:
    """A result as a buffer of 8-bit sRGB, the scale at which it is placed, and a note about its size."""

    pending: PendingResult
    pixels: Any
    scale: Fraction = Fraction(1)
    size_note: Note | None = None


@dataclass(frozen=True)
class Destination:
    """Where a result goes.

    ``placement`` is the run's, ``new-image`` when the layer is unchanged but the image must not be changed,
    or None when there is no layer to compose the result with: then the service's image itself becomes a
    new image. ``stale`` is the code of the note that says why it is not the run's.
    """

    placement: str | None
    stale: str | None = None


@dataclass(frozen=True)
class Composition:
    """New pixels for one layer, and the state of layer and image that they were made for.

    ``reach`` is where the rendered layer begins, from the layer's own corner, and ``rendered_size`` its
    size. ``mask`` are the scaled mask's values, or None; ``mask_check`` changes when the mask does.
    """

    pixels: Any
    alpha: bool
    reach: tuple[int, int]
    rendered_size: Size
    image_format: tuple[Any, Any]
    profile: Any
    mask: Any = None
    mask_check: int | None = None


@dataclass(frozen=True)
class ComposedResult:
    """A result with its destination, composed with its layer where it has a placement."""

    decoded: DecodedResult
    destination: Destination
    composition: Composition | None = None

    @property
    def input(self) -> InputLayer:
        """The layer the result was made for."""
        return self.decoded.pending.input


@dataclass(frozen=True)
class Swap:
    """One layer to change: its new pixels, its new mask (values, or None) and where it goes.

    ``rendered`` is where the layer with its effects lies now.
    ``alpha``: the new pixels need an alpha channel; ``keep``: the layer itself stays, hidden; ``replace``: a
    new layer takes its place.
    """

    layer: Any
    pixels: Any
    mask: Any
    rendered: Box
    placed: Placed
    alpha: bool
    keep: bool = False
    replace: bool = False


@dataclass(frozen=True, eq=False)
class Failure:
    """A result that could not be delivered, with its ``error`` event; it is kept for Resume."""

    pending: PendingResult
    event: Event


@dataclass(frozen=True)
class Delivery:
    """What became of a run's results.

    ``layers`` in the image and ``images`` beside it hold results; ``lines`` has a line of text for each;
    ``notes`` is what the user should know.
    """

    layers: Sequence[Any] = ()
    images: Sequence[Any] = ()
    lines: Sequence[str] = ()
    notes: Sequence[str] = ()
    failures: Sequence[Failure] = ()
