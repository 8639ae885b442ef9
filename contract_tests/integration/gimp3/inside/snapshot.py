"""Everything there is to know about an image, as plain data that two moments can be compared by."""

from __future__ import annotations

import hashlib

from gi.repository import Gegl, Gimp


def pixels(drawable, pixel_format=None):
    """Return a drawable's pixels: its own format, or the one named."""
    buffer = drawable.get_buffer()
    box = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return buffer.get(box, 1.0, pixel_format, Gegl.AbyssPolicy.NONE)


def digest(data):
    return hashlib.sha1(data).hexdigest()


def parasites(thing):
    found = {}
    for name in thing.get_parasite_list() or ():
        # GIMP keeps a procedure's last arguments with the image; that is not ours to judge here
        # nor is a text layer's own account of its text, which an XCF file leaves with the layer
        if not name.startswith(("gimp-procedure", "plug-in-", "gimp-text-layer")):
            found[name] = bytes(byte & 255 for byte in thing.get_parasite(name).get_data()).hex()
    return found


def item(thing):
    return {
        "id": thing.get_id(),
        "name": thing.get_name(),
        "visible": thing.get_visible(),
        "color_tag": thing.get_color_tag().value_nick,
        "locks": [thing.get_lock_content(), thing.get_lock_position(), thing.get_lock_visibility()],
        "parasites": parasites(thing),
        "tattoo": thing.get_tattoo(),
    }


def layer(thing):
    _, x, y = thing.get_offsets()
    mask = thing.get_mask()
    known = item(thing)
    known.update(
        type=type(thing).__name__,
        box=[x, y, thing.get_width(), thing.get_height()],
        alpha=thing.has_alpha(),
        opacity=round(thing.get_opacity(), 4),
        mode=thing.get_mode().value_nick,
        blend_space=thing.get_blend_space().value_nick,
        composite_space=thing.get_composite_space().value_nick,
        composite_mode=thing.get_composite_mode().value_nick,
        lock_alpha=thing.get_lock_alpha(),
        effects=[[one.get_operation_name(), one.get_visible()] for one in thing.get_filters()],
        pixels=digest(pixels(thing)),
        mask=None,
    )
    if mask is not None:
        known["mask"] = {
            "id": mask.get_id(),
            "apply": thing.get_apply_mask(),
            "show": thing.get_show_mask(),
            "edit": thing.get_edit_mask(),
            "pixels": digest(pixels(mask)),
        }
    if thing.is_group():
        known["expanded"] = thing.get_expanded()
        known["children"] = [layer(child) for child in thing.get_children()]
    return known


def guides(image):
    found, guide = [], image.find_next_guide(0)
    while guide:
        found.append([image.get_guide_orientation(guide).value_nick, image.get_guide_position(guide)])
        guide = image.find_next_guide(guide)
    return sorted(found)


def path(thing):
    strokes = []
    for stroke in thing.get_strokes():
        _, points, closed = thing.stroke_get_points(stroke)
        strokes.append([[round(value, 3) for value in points], closed])
    return {"name": thing.get_name(), "strokes": strokes}


def channel(thing):
    known = item(thing)
    known.update(opacity=thing.get_opacity(), pixels=digest(pixels(thing)))
    return known


def image(thing):
    """Return the whole image; layers as a tree in stacking order."""
    profile = thing.get_color_profile()
    bounds = Gimp.Selection.bounds(thing)
    return {
        "size": [thing.get_width(), thing.get_height()],
        "base": thing.get_base_type().value_nick,
        "precision": thing.get_precision().value_nick,
        "profile": None
        if profile is None
        else digest(bytes(byte & 255 for byte in profile.get_icc_profile())),
        "resolution": list(thing.get_resolution())[1:],
        "guides": guides(thing),
        "parasites": parasites(thing),
        "selection": [list(bounds)[1:], digest(pixels(thing.get_selection()))],
        "selected": sorted(one.get_name() for one in thing.get_selected_layers()),
        "paths": [path(one) for one in thing.get_paths()],
        "channels": [channel(one) for one in thing.get_channels()],
        "layers": [layer(one) for one in thing.get_layers()],
    }


def differences(one, other, ignoring=(), where=""):
    """Return the places where two snapshots differ, as lines; ``ignoring`` names members left out."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in dict.fromkeys([*one, *other]):
            if key not in ignoring:
                found += differences(one.get(key), other.get(key), ignoring, f"{where}/{key}")
        return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = []
        for number, (left, right) in enumerate(zip(one, other)):
            name = left.get("name", number) if isinstance(left, dict) else number
            found += differences(left, right, ignoring, f"{where}/{name}")
        return found
    if one == other:
        return []
    return [f"{where}: {shown(one)} is now {shown(other)}"]


def shown(value):
    text = repr(value)
    return text if len(text) < 160 else text[:157] + "…"
