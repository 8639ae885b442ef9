"""Build a random image's spec inside GIMP; see ``fuzz/random_images.py``.

All contents are cut from one smooth texture, so that what scaling makes of them can be foreseen.
"""

from __future__ import annotations

import functools
import math
import struct
from array import array

import build
from gi.repository import Gegl, Gimp, Gio

_SIDE = 480
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@functools.cache
def texture(kind):
    """Return a buffer of smooth colours whose opacity is ``opaque``, ``soft`` or ``holes``."""
    across = [0.5 + 0.5 * math.sin(x * 0.045) for x in range(_SIDE)]
    down = [0.5 + 0.5 * math.cos(y * 0.037) for y in range(_SIDE)]
    values = array("f")
    for y, v in enumerate(down):
        for x, u in enumerate(across):
            alpha = 1.0
            if kind == "soft":
                alpha = min(1.0, max(0.0, 0.5 + 2.4 * (u - 0.5) * (v + 0.3)))
            elif kind == "holes":
                alpha = float((x // 24 + y // 24) % 3 != 0)
            values.extend((0.25 + 0.4 * u, 0.3 + 0.4 * v, 0.6 - 0.3 * u * v, alpha))
    buffer = Gegl.Buffer.new("R'G'B'A float", 0, 0, _SIDE, _SIDE)
    buffer.set(build.rectangle(0, 0, _SIDE, _SIDE), "R'G'B'A float", values.tobytes())
    return buffer


@functools.cache
def mask_values():
    """Return a buffer of smooth values with parts that are wholly 0 and wholly 1."""
    across = [math.sin(x * 0.05) for x in range(_SIDE)]
    down = [math.cos(y * 0.04) for y in range(_SIDE)]
    values = array("f", (max(0.0, min(1.0, 0.5 + 0.8 * u * v)) for v in down for u in across))
    buffer = Gegl.Buffer.new("Y float", 0, 0, _SIDE, _SIDE)
    buffer.set(build.rectangle(0, 0, _SIDE, _SIDE), "Y float", values.tobytes())
    return buffer


def paint(drawable, source, number):
    """Fill a drawable with a part of ``source``, which part depends on ``number``."""
    width, height = drawable.get_width(), drawable.get_height()
    x, y = (number * 61) % max(1, _SIDE - width), (number * 37) % max(1, _SIDE - height)
    buffer = drawable.get_buffer()
    there = build.rectangle(x, y, width, height)
    source.copy(there, Gegl.AbyssPolicy.LOOP, buffer, build.rectangle(0, 0, width, height))
    buffer.flush()
    drawable.update(0, 0, width, height)


class Builder:
    """Builds one spec; ``linked`` is the path of the picture that link layers show."""

    def __init__(self, spec, linked):
        self.spec, self.linked = spec, linked
        self.layers = {}
        self._number = spec["seed"] % 97

    def build(self):
        """Return the image and its targets."""
        spec = self.spec
        indexed = spec["base"] == "INDEXED"
        base = Gimp.ImageBaseType.RGB if indexed else getattr(Gimp.ImageBaseType, spec["base"])
        precision = getattr(Gimp.Precision, spec["precision"])
        image = Gimp.Image.new_with_precision(*spec["canvas"], base, precision)
        image.undo_disable()
        if spec["profile"]:
            image.set_color_profile(build.profile(spec["profile"]))
        if spec.get("simulation"):
            image.set_simulation_profile(build.profile(spec["simulation"]))
        image.set_resolution(*spec["resolution"])
        self.add(image, None, spec["layers"])
        if indexed:
            image.convert_indexed(
                Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 200, False, False, ""
            )
        self.furnish(image)
        self.dress(image, spec["layers"])
        for layer, lock in self.locks(spec["layers"]):
            getattr(layer, f"set_lock_{lock}")(True)
        Gimp.Selection.none(image)
        if spec["selection"] is not None:
            select(image, spec["selection"])
        image.set_selected_layers([self.layers[name] for name in spec["selected"]])
        if spec.get("floating"):
            self.float(image)
        return image, [self.layers[name] for name in spec["targets"]]

    def add(self, image, parent, layers):
        """Add the layers of a tree, top layer first."""
        for position, about in enumerate(layers):
            self._number += 1
            layer = self.made(image, parent, position, about)
            layer.set_name(about["name"])
            self.layers[about["name"]] = layer
            if about["kind"] == "group":
                self.add(image, layer, about["children"])
            else:
                layer.set_offsets(*about["box"][:2])

    def made(self, image, parent, position, about):
        kind, (x, y, width, height) = about["kind"], about["box"]
        if kind == "group":
            layer = Gimp.GroupLayer.new(image, about["name"])
        elif kind == "text":
            font, size = Gimp.context_get_font(), float(about["font_size"])
            layer = Gimp.TextLayer.new(image, about["text"], font, size, Gimp.Unit.pixel())
        elif kind == "link":
            layer = Gimp.LinkLayer.new(image, Gio.File.new_for_path(self.linked))
        elif kind == "vector":
            path = Gimp.Path.new(image, f"outline of {about['name']}")
            image.insert_path(path, None, 0)
            corners = ((x, y), (x + width, y + 4), (x + width - 3, y + height), (x + 2, y + height - 5))
            points = [float(value) for corner in corners for value in corner * 3]
            path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, points, True)
            layer = Gimp.VectorLayer.new(image, path)
        else:
            layer = build.new_layer(image, about["name"], width, height, "alpha" in about)
        image.insert_layer(layer, parent, position)
        if kind == "vector":
            layer.set_enable_fill(True)
            layer.set_fill_color(Gegl.Color.new("rgb(0.7,0.3,0.2)"))
            layer.set_enable_stroke(width % 2 == 0)
            layer.refresh()
        if kind == "pixels":
            paint(layer, texture(about.get("alpha", "opaque")), self._number)
            spoil(layer, about.get("not_finite", ()))
        return layer

    def furnish(self, image):
        """Add what is beside layers."""
        spec = self.spec
        for direction, position in spec["guides"]:
            (image.add_vguide if direction == "v" else image.add_hguide)(position)
        for position in spec["sample_points"]:
            image.add_sample_point(*position)
        for about in spec["paths"]:
            path = Gimp.Path.new(image, about["name"])
            image.insert_path(path, None, 0)
            path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, about["points"], about["closed"])
            path.set_lock_content(about["locks"])
            path.set_lock_position(about["locks"])
        for about in spec["channels"]:
            channel = Gimp.Channel.new(
                image, about["name"], *spec["canvas"], about["opacity"], Gegl.Color.new("red")
            )
            image.insert_channel(channel, None, 0)
            self._number += 1
            paint(channel, mask_values(), self._number)
            channel.set_visible(about["visible"])
            if about["color_tag"]:
                channel.set_color_tag(getattr(Gimp.ColorTag, about["color_tag"]))
            for lock in about["locks"]:
                getattr(channel, f"set_lock_{lock}")(True)
        for name, data in spec.get("parasites", {}).items():
            image.attach_parasite(Gimp.Parasite.new(name, 1, list(data.encode())))

    def dress(self, image, layers):
        """Give every layer its mask, effects and attributes besides its locks.

        Groups before their children, whose effects make GIMP create a larger mask than the group.
        """
        for about in layers:
            layer = self.layers[about["name"]]
            if "mask" in about:
                self._number += 1
                mask = layer.create_mask(Gimp.AddMaskType.WHITE)
                layer.add_mask(mask)
                paint(mask, mask_values(), self._number)
                flags = about["mask"]
                layer.set_apply_mask("no-apply" not in flags)
                layer.set_show_mask("show" in flags)
                layer.set_edit_mask("edit" in flags)
            for effect in about.get("effects", ()):
                add_effect(image, layer, effect)
            known = {name: value for name, value in about.items() if name not in ("mask", "effects", "locks")}
            build.dress(image, layer, known)
            if about.get("expanded"):
                layer.set_expanded(True)
            self.dress(image, about.get("children", []))

    def locks(self, layers):
        """Yield every layer that is locked, with the name of the lock."""
        for about in layers:
            yield from ((self.layers[about["name"]], lock) for lock in about["locks"])
            yield from self.locks(about.get("children", []))

    def float(self, image):
        """Make a floating selection of the top layer that can have one."""
        for layer in self.layers.values():
            if not layer.is_group() and not layer.get_lock_content():
                image.set_selected_layers([layer])
                Gimp.Selection.all(image)
                Gimp.Selection.float(image, [layer], 3, 3)
                return


def spoil(layer, pixels):
    """Make some pixels' red not a finite number."""
    buffer = layer.get_buffer()
    for across, down, kind in pixels:
        x, y = int(across * layer.get_width()), int(down * layer.get_height())
        red = struct.pack("<4f", _NOT_FINITE[kind], 0.5, 0.5, 1.0)
        buffer.set(build.rectangle(x, y, 1, 1), "RGBA float", red)
    buffer.flush()
    layer.update(0, 0, layer.get_width(), layer.get_height())


def add_effect(image, layer, about):
    """Append an effect, limited to a selection where one is named."""
    if about.get("selection"):
        select(image, about["selection"])
    effect = Gimp.DrawableFilter.new(layer, about["operation"], about["operation"])
    config = effect.get_config()
    for name, value in about["properties"].items():
        config.set_property(name, value)
    layer.append_filter(effect)
    effect.update()
    if about.get("hidden"):
        effect.set_visible(False)
    Gimp.Selection.none(image)


def select(image, about):
    """Select as a spec says."""
    choose = image.select_rectangle if about["shape"] == "rectangle" else image.select_ellipse
    choose(Gimp.ChannelOps.REPLACE, *about["box"])
    if about["feather"]:
        Gimp.Selection.feather(image, about["feather"])
