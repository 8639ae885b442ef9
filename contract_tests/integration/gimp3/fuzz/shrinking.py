"""Make a failing image spec smaller, step by step, as long as it fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from .random_images import Spec, every_layer

_PARTS = ("guides", "sample_points", "paths", "channels", "selection", "parasites", "simulation", "profile")
_ALWAYS = ("name", "kind", "box", "children", "text", "font_size", "locks")


def smaller(spec: Spec) -> Iterator[Spec]:
    """Yield specs with one thing less, the largest things first."""
    targets = set(spec["targets"])
    for name in [one["name"] for one in every_layer(spec["layers"])]:
        reduced = copy.deepcopy(spec)
        reduced["layers"] = _without(reduced["layers"], name)
        left = {one["name"] for one in every_layer(reduced["layers"])}
        if targets <= left:
            reduced["selected"] = [one for one in reduced["selected"] if one in left]
            yield reduced
    for part in _PARTS:
        if spec.get(part) and (part != "selection" or spec["options"].get("area") != "selection"):
            yield dict(spec, **{part: [] if isinstance(spec[part], list) else None})
    for number, layer in enumerate(every_layer(spec["layers"])):
        for member in layer:
            if member not in _ALWAYS and not (member == "alpha" and "NON_LINEAR" not in spec["precision"]):
                reduced = copy.deepcopy(spec)
                del list(every_layer(reduced["layers"]))[number][member]
                yield reduced
    if spec["precision"] != "U8_NON_LINEAR":
        yield dict(spec, precision="U8_NON_LINEAR")


def _without(layers: list[Spec], name: str) -> list[Spec]:
    return [
        dict(one, children=_without(one["children"], name)) if "children" in one else one
        for one in layers
        if one["name"] != name
    ]


def shrunk(spec: Spec, fails: Callable[[list[Spec]], Spec | None]) -> Spec:
    """Return the smallest spec that was found to fail; ``fails`` returns the first failing one, or None."""
    while (found := fails(list(smaller(spec)))) is not None:
        spec = found
    return spec
