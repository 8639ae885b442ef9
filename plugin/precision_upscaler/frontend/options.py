"""The options of a run that are ours and not the service's, and the check of every option's value.

Described in the contract's own terms, so that a front end builds its arguments from one kind of thing.
"""

from __future__ import absolute_import

from precision_upscaler.contract import PARAMETERS, Choice, Parameter, limits

from . import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Translate = Callable[[str], str]

SCALE_IMAGE = "scale-image"
GROW_CANVAS = "grow-canvas"
FIT_LAYER = "fit-layer"
NEW_LAYER = "new-layer"
NEW_IMAGE = "new-image"
PLACEMENTS = (SCALE_IMAGE, GROW_CANVAS, FIT_LAYER, NEW_LAYER, NEW_IMAGE)
"""Names of the placements, the default first. They are a scripting interface: never rename one."""

AREA_LAYER, AREA_SELECTION = "layer", "selection"
COLORS_SERVICE, COLORS_ORIGINAL = "service", "original"

SOURCE_RADIUS = 3.0
"""Standard deviation, in pixels of the source, below which detail comes from the service (``original``)."""

_PLACEMENTS = (
    Choice(SCALE_IMAGE, "Scale the image", "Canvas and everything on it scale along with the layer"),
    Choice(GROW_CANVAS, "Grow the canvas", "Only the layer grows; the canvas grows to hold it"),
    Choice(FIT_LAYER, "Keep the layer's size", "The result is scaled back: more detail, nothing moves"),
    Choice(NEW_LAYER, "New layer", "The original is kept, hidden; the canvas grows to hold the result"),
    Choice(NEW_IMAGE, "New image", "The result becomes an image of its own"),
)
_AREAS = (
    Choice(AREA_LAYER, "Layer", "The whole layer"),
    Choice(AREA_SELECTION, "Selection", "What is selected of it, composed through the selection's soft edge"),
)
_COLORS = (
    Choice(COLORS_SERVICE, "Service", "The result as the service made it, in 8 bits a channel"),
    Choice(
        COLORS_ORIGINAL,
        "Original",
        "The layer's own colors in full depth, with the service's fine detail",
    ),
)

OWN = (
    Parameter(
        "placement", "choice", None, None, SCALE_IMAGE, _PLACEMENTS, "Placement", "Where the result goes"
    ),
    Parameter("area", "choice", None, None, AREA_LAYER, _AREAS, "Area", "What is sent"),
    Parameter(
        "colors", "choice", None, None, COLORS_SERVICE, _COLORS, "Colors from", "Where the colors come from"
    ),
)
"""Our own options, each a :class:`Parameter` of the kind ``choice``, in the order a dialog shows them."""

ALL = PARAMETERS + OWN
"""Every option of a run: the contract's parameters, then ours."""


def problem(option, value, translate=texts.same):
    # type: (Parameter, Any, Translate) -> str | None
    """Return the sentence that says why ``option`` cannot have ``value``, or None when it can."""
    refusal = limits.check(option, value)
    if refusal is None or refusal.code == "not-boolean":  # GIMP 2.10 has numbers for booleans
        return None
    title = translate(option.title)
    if refusal.code == "not-a-choice":
        return texts.no_such_choice(title, value, refusal.values["choices"], translate)
    return texts.out_of_range(title, value, option.minimum, option.maximum, translate)


def problems(values, translate=texts.same):
    # type: (Mapping[str, Any], Translate) -> list[str]
    """Return the sentences about every option in ``values`` (by name) that cannot be as it is."""
    found = [problem(option, values[option.name], translate) for option in ALL if option.name in values]
    return [sentence for sentence in found if sentence is not None]
