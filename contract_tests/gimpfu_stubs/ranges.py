"""Which numbers procedures take, and GIMP's sentence about those they do not."""

from __future__ import annotations

from typing import Any

LARGEST_SIDE = 524288
MODES = frozenset(range(62)) - {2, 22, 29, 61}
"""Layer modes a layer can be set to."""

_SIDES = frozenset(("width", "height", "new-width", "new-height"))
_PRECISIONS = frozenset(start + more for start in (100, 200, 300, 500, 600, 700) for more in (0, 50))
_DIMENSIONS = ("gimp-image-new", "gimp-image-new-with-precision", "gimp-image-scale", "gimp-image-resize",
               "gimp-image-crop", "gimp-layer-new", "gimp-layer-scale", "gimp-layer-resize")  # fmt: skip

_SETS: dict[str, tuple[str, frozenset[int]]] = {
    "precision": ("GimpPrecision", _PRECISIONS),
    "mode": ("GimpLayerMode", MODES | {61}),
    "interpolation": ("GimpInterpolationType", frozenset(range(5))),
    "color-tag": ("GimpColorTag", frozenset(range(9))),
    "blend-space": ("GimpLayerColorSpace", frozenset(range(4))),
    "composite-space": ("GimpLayerColorSpace", frozenset(range(4))),
    "composite-mode": ("GimpLayerCompositeMode", frozenset(range(5))),
    "mask-type": ("GimpAddMaskType", frozenset(range(7))),
    "operation": ("GimpChannelOps", frozenset(range(4))),
}


def out_of_range(procedure: str, number: int, argument: str, value: Any) -> str | None:
    """Return GIMP's message when ``value`` is none that ``argument`` takes, else None."""
    kind = None
    if argument in _SIDES and procedure in _DIMENSIONS and not 1 <= value <= LARGEST_SIDE:
        kind, shown = "GimpInt32", str(value)
    elif argument == "opacity" and not 0 <= value <= 100:
        kind, shown = "gdouble", f"{value:f}"
    elif argument == "type" and procedure.startswith("gimp-image-new") and value not in (0, 1, 2):
        kind, shown = "GimpImageBaseType", str(value)
    elif argument in _SETS and procedure.startswith("gimp-") and value not in _SETS[argument][1]:
        kind, shown = _SETS[argument][0], str(value)
    if kind is None:
        return None
    return (
        f"Procedure '{procedure}' has been called with value '{shown}' for argument '{argument}' "
        f"(#{number}, type {kind}). This value is out of range."
    )
