"""Every item of an image with all that is known of it, as plain data; pixels as digests and as files.

A group has no pixels here: they are those of its children, and reading its buffer aborts the process
when a child draws outside of the group's box.
"""

from __future__ import annotations

import os

import snapshot
from gi.repository import Gimp

_REAL = ("half", "float", "double")
_LAYER_PARASITES = ("gimp-text-layer", "gimp-vector-layer", "gimp-link-layer")


class Dumps:
    """Writes drawables into files of ``folder`` as ``R'G'B'A u8`` or, where reals are, ``R'G'B'A float``."""

    def __init__(self, folder, prefix):
        self._folder, self._prefix = folder, prefix
        self._written = 0

    def write(self, drawable, *, values=False):
        """Return the dump as ``file``, ``size`` and ``format``; ``values``: of a mask or channel."""
        precision = drawable.get_image().get_precision().value_nick
        pixel_format = "Y u8" if values else "R'G'B'A float" if precision.startswith(_REAL) else "R'G'B'A u8"
        self._written += 1
        name = f"{self._prefix}-{self._written}.raw"
        with open(os.path.join(self._folder, name), "wb") as stream:
            stream.write(snapshot.pixels(drawable, pixel_format))
        return {"file": name, "size": [drawable.get_width(), drawable.get_height()], "format": pixel_format}


def plain(value):
    """Return a property's value as JSON holds it, or its type's name."""
    if isinstance(value, float):
        return round(value, 6)
    return value if value is None or isinstance(value, bool | int | str) else type(value).__name__


def item(thing):
    known = snapshot.item(thing)
    for name in _LAYER_PARASITES:
        known["parasites"].pop(name, None)
    return known


def effect(thing):
    config = thing.get_config()
    return {
        "operation": thing.get_operation_name(),
        "visible": thing.get_visible(),
        "opacity": thing.get_opacity(),
        "blend_mode": thing.get_blend_mode().value_nick,
        "properties": {one.name: plain(config.get_property(one.name)) for one in config.list_properties()},
    }


def kind_of(thing):
    """Return ``group``, ``text``, ``vector``, ``link`` or ``pixels``."""
    return {"GroupLayer": "group", "TextLayer": "text", "VectorLayer": "vector", "LinkLayer": "link"}.get(
        type(thing).__name__, "pixels"
    )


def special(thing, kind):
    """Return what only a layer of this kind has."""
    if kind == "text":
        size, unit = list(thing.get_font_size())[-2:]
        return {"text": thing.get_text(), "font_size": size, "font_unit": unit.get_abbreviation()}
    if kind == "vector":
        return {
            "path": thing.get_path().get_name(),
            "stroke_width": thing.get_stroke_width(),
            "enabled": [thing.get_enable_fill(), thing.get_enable_stroke()],
        }
    if kind == "link":
        return {"file": thing.get_file().get_uri()}
    return {}


def layer(thing, dumps):
    _, x, y = thing.get_offsets()
    kind, mask = kind_of(thing), thing.get_mask()
    known = item(thing)
    known.update(
        kind=kind,
        box=[x, y, thing.get_width(), thing.get_height()],
        alpha=thing.has_alpha(),
        opacity=round(thing.get_opacity(), 3),
        mode=thing.get_mode().value_nick,
        blend_space=thing.get_blend_space().value_nick,
        composite_space=thing.get_composite_space().value_nick,
        composite_mode=thing.get_composite_mode().value_nick,
        lock_alpha=thing.get_lock_alpha(),
        effects=[effect(one) for one in thing.get_filters()],
        mask=None,
        **special(thing, kind),
    )
    if mask is not None:
        known["mask"] = {
            "id": mask.get_id(),
            "flags": [thing.get_apply_mask(), thing.get_show_mask(), thing.get_edit_mask()],
            "pixels": pixels(mask, dumps, values=True),
        }
    if kind == "group":
        known["expanded"] = thing.get_expanded()
        known["children"] = [layer(child, dumps) for child in thing.get_children()]
    else:
        known["pixels"] = pixels(thing, dumps)
    return known


def pixels(drawable, dumps, *, values=False):
    """Return a drawable's digest in its own format, and its dump where one is wanted."""
    known = {"digest": snapshot.digest(snapshot.pixels(drawable))}
    if dumps is not None:
        known["dump"] = dumps.write(drawable, values=values)
    return known


def sample_points(image):
    found, point = [], image.find_next_sample_point(0)
    while point:
        position = image.get_sample_point_position(point)
        found.append(list(position))
        point = image.find_next_sample_point(point)
    return found


def channel(thing, dumps):
    known = item(thing)
    known.update(
        opacity=round(thing.get_opacity(), 3),
        color=[round(one, 4) for one in thing.get_color().get_rgba()],
        pixels=pixels(thing, dumps, values=True),
    )
    return known


def path(thing):
    return {**item(thing), "strokes": snapshot.path(thing)["strokes"]}


def profile(thing):
    return None if thing is None else snapshot.digest(bytes(byte & 255 for byte in thing.get_icc_profile()))


def image(thing, dumps=None):
    """Return the whole image; layers as a tree in stacking order."""
    palette = thing.get_palette() if thing.get_base_type() == Gimp.ImageBaseType.INDEXED else None
    return {
        "gimp": Gimp.MINOR_VERSION,
        "size": [thing.get_width(), thing.get_height()],
        "base": thing.get_base_type().value_nick,
        "precision": thing.get_precision().value_nick,
        "profile": profile(thing.get_color_profile()),
        "simulation": [
            profile(thing.get_simulation_profile()),
            thing.get_simulation_intent().value_nick,
            thing.get_simulation_bpc(),
        ],
        "resolution": [round(one, 4) for one in list(thing.get_resolution())[1:]],
        "unit": thing.get_unit().get_abbreviation(),
        "palette": palette.get_color_count() if palette is not None else None,
        "parasites": snapshot.parasites(thing),
        "guides": snapshot.guides(thing),
        "sample_points": sample_points(thing),
        "selection": {
            "empty": Gimp.Selection.is_empty(thing),
            "pixels": pixels(thing.get_selection(), dumps, values=True),
        },
        "selected": [one.get_id() for one in thing.get_selected_layers()],
        "selected_channels": [one.get_id() for one in thing.get_selected_channels()],
        "selected_paths": [one.get_id() for one in thing.get_selected_paths()],
        "floating": thing.get_floating_sel() is not None,
        "paths": [path(one) for one in thing.get_paths()],
        "channels": [channel(one, dumps) for one in thing.get_channels()],
        "layers": [layer(one, dumps) for one in thing.get_layers()],
    }
