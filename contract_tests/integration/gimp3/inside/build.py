"""Construct the table's images inside GIMP: one target among neighbours, with everything a row asks for.

Runs in GIMP's own Python (standard library and gi only). Contents are drawn from formulas, in
colours every RGB profile holds, and differ from row to row so that no row is answered by another's
stored result.
"""

from __future__ import annotations

import functools
import math
import struct
from array import array

from gi.repository import Gegl, Gimp, Gio
from table import AT, CANVAS, SIZE


def rectangle(x, y, width, height):
    return Gegl.Rectangle.new(x, y, width, height)


@functools.cache
def _colours(width, height, depth):
    values = array("f")
    for y in range(height):
        fy = y / height
        for x in range(width):
            fx = x / width
            if depth == "ramp":
                level = 0.3 + 0.1 * fx + 0.002 * fy
                values.extend((level, level, level))
                continue
            wave = 0.06 * math.sin(x * 0.7) * math.cos(y * 0.45)
            values.append(0.25 + 0.45 * fx + wave)
            values.append(0.30 + 0.40 * fy - wave)
            values.append(0.55 - 0.25 * fx * fy + wave)
    return values


def colours(width, height, seed, depth="texture"):
    """Return smooth colours with texture (or a bare ramp) as R'G'B' floats of an sRGB picture.

    ``seed`` says by how many pixels the picture is rolled: other bytes at no cost, and no two alike.
    """
    values = _colours(width, height, depth)
    start = (int(seed * 977) % (width * height)) * 3
    return values[start:] + values[:start]


@functools.cache
def alpha(width, height, kind):
    """Return one opacity (0 to 1) a pixel: ``opaque``, ``soft`` (a disc with a soft rim) or ``holes``."""
    values = array("f")
    for y in range(height):
        for x in range(width):
            if kind == "opaque":
                values.append(1.0)
            elif kind == "holes":
                values.append(0.0 if (x // 24 + y // 24) % 3 == 0 else 1.0)
            else:
                distance = math.hypot(x - width / 2, y - height / 2) / (min(width, height) / 2)
                values.append(min(1.0, max(0.0, (1.0 - distance) * 4)))
    return values


def paint(drawable, seed, kind=None, depth="texture", black_under_holes=True):
    """Fill a drawable with colours and, where it has an alpha channel, with opacity."""
    width, height = drawable.get_width(), drawable.get_height()
    rgb = colours(width, height, seed, depth)
    if drawable.has_alpha():
        veil = alpha(width, height, kind or "opaque")
        rgba = array("f", bytes(16 * width * height))
        for channel in range(3):
            rgba[channel::4] = rgb[channel::3]
        rgba[3::4] = veil
        if black_under_holes:
            black = array("f", (0.0, 0.0, 0.0))
            for pixel, value in enumerate(veil):
                if value == 0.0:
                    rgba[pixel * 4 : pixel * 4 + 3] = black
        put(drawable, "R'G'B'A float", rgba.tobytes())
    else:
        put(drawable, "R'G'B' float", rgb.tobytes())


def put(drawable, pixel_format, data):
    width, height = drawable.get_width(), drawable.get_height()
    buffer = drawable.get_buffer()
    buffer.set(rectangle(0, 0, width, height), pixel_format, data)
    buffer.flush()
    drawable.update(0, 0, width, height)


def new_layer(image, name, width, height, has_alpha):
    kinds = {
        Gimp.ImageBaseType.RGB: (Gimp.ImageType.RGB_IMAGE, Gimp.ImageType.RGBA_IMAGE),
        Gimp.ImageBaseType.GRAY: (Gimp.ImageType.GRAY_IMAGE, Gimp.ImageType.GRAYA_IMAGE),
    }
    kind = kinds[image.get_base_type()][1 if has_alpha else 0]
    return Gimp.Layer.new(image, name, width, height, kind, 100.0, Gimp.LayerMode.NORMAL)


def profile(name):
    """Return the colour profile a row names, or None for none."""
    makers = {
        None: lambda: None,
        "adobe": Gimp.ColorProfile.new_rgb_adobe,
        "srgb": Gimp.ColorProfile.new_rgb_srgb,
        "linear": Gimp.ColorProfile.new_rgb_srgb_linear,
        "prophoto": lambda: Gimp.ColorProfile.new_from_icc_profile(matrix_profile(PROPHOTO, 1.8)),
        "tables": lambda: Gimp.ColorProfile.new_from_icc_profile(table_profile()),
        "grey-srgb": Gimp.ColorProfile.new_d65_gray_srgb_trc,
        "grey-gamma": lambda: Gimp.ColorProfile.new_from_icc_profile(grey_profile(2.2)),
        "grey-l": Gimp.ColorProfile.new_d50_gray_lab_trc,
    }
    return makers[name]()


PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))
"""Red, green and blue of a ProPhoto-like space as XYZ under D50."""


def _tagged(tags, space):
    table, body = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        data = content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", name, offset + len(body), len(data))
        body += data
    size = offset + len(body)
    header = struct.pack(
        ">I4s4s4s4s4s12s4s4sI4s4sQI3i4s44s",
        size, b"\0" * 4, b"\x02\x40\0\0", b"mntr", space, b"XYZ ", struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp", b"\0" * 4, 0, b"\0" * 4, b"\0" * 4, 0, 0, 63190, 65536, 54061, b"\0" * 4, b"\0" * 44,
    )  # fmt: skip
    return list(header + struct.pack(">I", len(tags)) + table + body)


def _text(kind, text):
    if kind == b"text":
        return b"text\0\0\0\0" + text + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + b"\0" * 78


def _xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def matrix_profile(primaries, gamma):
    """Return the bytes of an ICC profile made of three primaries and a gamma."""
    tags = [(b"desc", _text(b"desc", b"wide")), (b"cprt", _text(b"text", b"none"))]
    tags.append((b"wtpt", _xyz((0.9642, 1.0, 0.8249))))
    tags += [(name, _xyz(xyz)) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries)]
    tags += [(name, _gamma(gamma)) for name in (b"rTRC", b"gTRC", b"bTRC")]
    return _tagged(tags, b"RGB ")


ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def table_profile(gamma=2.2):
    """Return the bytes of an ICC profile made of tables (lut16Type), which babl cannot read.

    One way a curve and a cube of two steps, which maps linearly to XYZ; the other way a matrix, an
    identity cube and the inverse curve.
    """
    steps = 1024
    straight = struct.pack(">2H", 0, 65535)
    bent = struct.pack(f">{steps}H", *(round(65535 * (n / (steps - 1)) ** gamma) for n in range(steps)))
    back = struct.pack(f">{steps}H", *(round(65535 * (n / (steps - 1)) ** (1 / gamma)) for n in range(steps)))
    to_xyz, identity = b"", b""
    for corner in range(8):
        rgb = [corner >> 2 & 1, corner >> 1 & 1, corner & 1]
        xyz = [sum(rgb[c] * ADOBE[c][i] for c in range(3)) for i in range(3)]
        # XYZ is kept with 1.0 as 32768
        to_xyz += struct.pack(">3H", *(round(value * 32768) for value in xyz))
        identity += struct.pack(">3H", *(65535 * value for value in rgb))
    unit = (1, 0, 0, 0, 1, 0, 0, 0, 1)
    # rows of the inverse, for values of which 1.0 is half of the range
    inverse = [65535 / 32768 * value for line in inverted(ADOBE) for value in line]

    def table(matrix, before, cube, after, counts):
        head = b"mft2" + b"\0" * 4 + struct.pack(">4B", 3, 3, 2, 0)
        head += struct.pack(">9i", *(round(value * 65536) for value in matrix)) + struct.pack(">2H", *counts)
        return head + before * 3 + cube + after * 3

    tags = [(b"desc", _text(b"desc", b"tables")), (b"cprt", _text(b"text", b"none"))]
    tags.append((b"wtpt", _xyz((0.9642, 1.0, 0.8249))))
    tags.append((b"A2B0", table(unit, bent, to_xyz, straight, (steps, 2))))
    tags.append((b"B2A0", table(inverse, straight, identity, back, (2, steps))))
    return _tagged(tags, b"RGB ")


def inverted(columns):
    """Return the rows of the inverse of a 3 by 3 matrix given by its columns."""
    (a, d, g), (b, e, h), (c, f, i) = columns
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return [[value / determinant for value in line] for line in adjugate]


def grey_profile(gamma):
    """Return the bytes of an ICC profile for grey with a gamma."""
    tags = [(b"desc", _text(b"desc", b"grey")), (b"cprt", _text(b"text", b"none"))]
    tags += [(b"wtpt", _xyz((0.9642, 1.0, 0.8249))), (b"kTRC", _gamma(gamma))]
    return _tagged(tags, b"GRAY")


def build(row, number):
    """Return ``(image, targets)`` for a row of the table."""
    about = row.get("image", {})
    base = getattr(Gimp.ImageBaseType, about.get("base", "RGB"))
    indexed = base == Gimp.ImageBaseType.INDEXED
    precision = getattr(Gimp.Precision, about.get("precision", "U8_NON_LINEAR"))
    canvas = about.get("canvas", CANVAS)
    image = Gimp.Image.new_with_precision(*canvas, Gimp.ImageBaseType.RGB if indexed else base, precision)
    wanted = profile(about.get("profile"))
    if wanted is not None:
        image.set_color_profile(wanted)
    image.set_resolution(144.0, 120.0)
    # what is scaled beside the target costs GIMP time, and need not be large in every row
    share = 1 if about.get("furnished") or indexed else 3
    ground = new_layer(image, "Ground", canvas[0] // share, canvas[1] // share, False)
    image.insert_layer(ground, None, 0)
    paint(ground, number + 0.3)
    targets = []
    for index, layer in enumerate(row.get("layers", [{}])):
        targets.append(add_target(image, layer, number * 7 + index, index))
    over = new_layer(image, "Over", 60, 50, True)
    image.insert_layer(over, None, 0)
    paint(over, number + 0.7, "soft")
    over.set_offsets(100, 20)
    over.set_mode(Gimp.LayerMode.MULTIPLY)
    over.set_opacity(50.0)
    for target, layer in zip(targets, row.get("layers", [{}])):
        restack(image, target, layer)
    if indexed:
        image.convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 64, False, False, ""
        )
    furnish(image, about)
    for target, layer in zip(targets, row.get("layers", [{}])):
        dress(image, target, layer)
    image.set_selected_layers(targets)
    return image, targets


def add_target(image, about, seed, index):
    name = about.get("name", "Subject" if index == 0 else f"Subject {index + 1}")
    width, height = about.get("size", SIZE)
    kind = about.get("kind", "pixels")
    veil = about.get("alpha")
    if kind == "text":
        font = Gimp.context_get_font()
        layer = Gimp.TextLayer.new(image, "Upscale\nme now\nplease", font, 62.0, Gimp.Unit.pixel())
        image.insert_layer(layer, None, 0)
        layer.set_name(name)
    elif kind == "group":
        layer = Gimp.GroupLayer.new(image, name)
        image.insert_layer(layer, None, 0)
        for step in range(2):
            child = new_layer(image, f"Child {step}", width - 8 * step, height - 6 * step, step == 1)
            image.insert_layer(child, layer, 0)
            paint(child, seed + step / 10, "soft")
            child.set_offsets(AT[0] + 4 * step, AT[1] + 3 * step)
        return layer
    elif kind == "vector":
        path = Gimp.Path.new(image, "outline")
        image.insert_path(path, None, 0)
        points = [p for x, y in ((12, 10), (180, 14), (176, 174), (16, 170)) for p in (x, y) * 3]
        path.stroke_new_from_points(Gimp.PathStrokeType.BEZIER, points, True)
        layer = Gimp.VectorLayer.new(image, path)
        image.insert_layer(layer, None, 0)
        layer.set_name(name)
        Gimp.context_push()
        layer.set_enable_fill(True)
        layer.set_fill_color(Gegl.Color.new("rgb(0.7,0.3,0.2)"))
        layer.set_enable_stroke(False)
        layer.refresh()
        Gimp.context_pop()
        return layer
    elif kind == "link":
        layer = Gimp.LinkLayer.new(image, Gio.File.new_for_path(about["file"]))
        image.insert_layer(layer, None, 0)
        layer.set_name(name)
    else:
        layer = new_layer(image, name, width, height, veil is not None)
        image.insert_layer(layer, None, 0)
        paint(layer, seed, veil, about.get("content", "texture"))
    layer.set_offsets(*about.get("at", AT))
    return layer


def restack(image, target, about):
    """Put a target where the row wants it among the others."""
    place = about.get("place", "middle")
    if place == "middle":
        image.reorder_item(target, None, 1)
    elif place == "bottom":
        image.reorder_item(target, None, len(image.get_layers()) - 1)
    elif place in ("group", "nested"):
        parent = None
        for depth in range(1 if place == "group" else 3):
            group = Gimp.GroupLayer.new(image, f"Group {depth}")
            image.insert_layer(group, parent, 0)
            parent = group
        sibling = new_layer(image, "Sibling", 70, 60, True)
        image.insert_layer(sibling, parent, 0)
        paint(sibling, 3, "soft")
        sibling.set_offsets(30, 40)
        image.reorder_item(target, parent, 1)
        if place == "nested":
            parent.set_mode(Gimp.LayerMode.SCREEN)
            parent.set_opacity(80.0)


def furnish(image, about):
    """Add what is beside layers: guides, a path, a channel, a parasite, a selection."""
    if about.get("furnished"):
        image.add_vguide(37)
        image.add_hguide(121)
        path = Gimp.Path.new(image, "A path")
        image.insert_path(path, None, 0)
        path.stroke_new_from_points(
            Gimp.PathStrokeType.BEZIER,
            [10.0, 12.0, 10.0, 12.0, 10.0, 12.0, 90.0, 50.0, 95.0, 52.0, 97.0, 55.0],
            False,
        )
        image.attach_parasite(Gimp.Parasite.new("test-image", 1, list(b"kept")))
        channel = Gimp.Channel.new(
            image, "A channel", image.get_width(), image.get_height(), 40.0, Gegl.Color.new("red")
        )
        image.insert_channel(channel, None, 0)
        values = alpha(image.get_width(), image.get_height(), "soft")
        put(channel, "Y float", values.tobytes())
    select(image, about.get("selection"))


def select(image, kind):
    if kind == "hard":
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 24, 20, 150, 140)
    elif kind == "soft":
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 26, 18, 150, 146)
        Gimp.Selection.feather(image, 14.0)
    elif kind == "crossing":
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 120, 200)
        Gimp.Selection.feather(image, 6.0)
    elif kind == "small":
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 60, 20, 12)


@functools.cache
def waves(width, height):
    """Return a mask's values: smooth, with fully hidden and fully shown parts."""
    values = array("f")
    for y in range(height):
        for x in range(width):
            values.append(max(0.0, min(1.0, 0.5 + 0.6 * math.sin(x * 0.05) * math.cos(y * 0.04))))
    return values


def dress(image, target, about):
    """Give a target its attributes."""
    if "mask" in about:
        mask = target.create_mask(Gimp.AddMaskType.WHITE)
        target.add_mask(mask)
        put(mask, "Y float", waves(mask.get_width(), mask.get_height()).tobytes())
        flags = about["mask"]
        target.set_apply_mask("no-apply" not in flags)
        target.set_show_mask("show" in flags)
        target.set_edit_mask("edit" in flags)
    for operation, properties in about.get("effects", ()):
        effect = Gimp.DrawableFilter.new(target, operation, operation)
        config = effect.get_config()
        for key, value in properties.items():
            config.set_property(key, value)
        target.append_filter(effect)
        effect.update()
    hidden = about.get("effects_hidden", ())
    for effect in target.get_filters():
        if hidden is True or effect.get_operation_name() in hidden:
            effect.set_visible(False)
    if "opacity" in about:
        target.set_opacity(about["opacity"])
    for name in ("mode", "blend_space", "composite_space", "composite_mode"):
        enums = {
            "mode": Gimp.LayerMode,
            "blend_space": Gimp.LayerColorSpace,
            "composite_space": Gimp.LayerColorSpace,
            "composite_mode": Gimp.LayerCompositeMode,
        }
        if name in about:
            getattr(target, f"set_{name}")(getattr(enums[name], about[name]))
    if "color_tag" in about:
        target.set_color_tag(getattr(Gimp.ColorTag, about["color_tag"]))
    for name, data in about.get("parasites", {}).items():
        target.attach_parasite(Gimp.Parasite.new(name, 1, list(data.encode())))
    if "tattoo" in about:
        target.set_tattoo(about["tattoo"])
    if about.get("hidden"):
        target.set_visible(False)
    for lock in about.get("locks", ()):
        getattr(target, f"set_lock_{lock}")(True)
