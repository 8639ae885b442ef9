"""Copies of layers and of whole images."""

from __future__ import annotations

from . import formats
from .model import Channel, Group, Image, Item, Layer, Mask, Vectors


def copy_name(name: str) -> str:
    """Return GIMP's name for the copy of an item."""
    stem = name.split(" copy", 1)[0] if name.endswith(" copy") or " copy #" in name else name
    return stem + " copy"


def copied_layer(layer: Layer, image: Image, name: str | None = None) -> Layer:
    """Return a loose copy of ``layer`` for ``image``, in that one's format; children come along."""
    wanted = layer.name if name is None else name
    new: Layer
    if isinstance(layer, Group):
        group = Group(image, wanted)
        for child in layer.children:
            inner = copied_layer(child, image, child.name)
            inner.parent, inner.attached = group, True
            group.children.append(inner)
        group.fit()
        new = group
    else:
        kind = image.base_type * 2 + (1 if layer.alpha else 0)
        new = Layer(image, wanted, in_format(layer, image), kind)
    new.attributes_from(layer)
    new.x, new.y = layer.x, layer.y
    if layer.mask is not None:
        values = formats.convert(
            layer.mask.pixels, layer.image.format, image.format, alpha=False, value_only=True
        )
        new.mask = Mask(new, values.copy())
        new.apply_mask, new.edit_mask, new.show_mask = layer.apply_mask, layer.edit_mask, layer.show_mask
    return new


def in_format(layer: Layer, image: Image) -> formats.Pixels:
    """Return the layer's pixels in the type, precision and profile of ``image``."""
    from .icc import between

    source = layer.image
    pixels = layer.pixels.copy()
    if source is image:
        return pixels
    if source.base_type == formats.INDEXED and image.base_type != formats.INDEXED:
        pixels = formats.change_base(
            pixels, source.format, formats.INDEXED, formats.RGB, layer.alpha, source.colormap
        )
    pixels = formats.convert(pixels, source.format, image.format, alpha=layer.alpha)
    source_base = formats.RGB if source.base_type == formats.INDEXED else source.base_type
    if image.base_type != source.base_type or source.base_type == formats.INDEXED:
        if not (source.base_type == formats.INDEXED == image.base_type):
            pixels = formats.change_base(
                pixels, image.format, source_base, image.base_type, layer.alpha, image.colormap
            )
    elif source.base_type == formats.RGB and source.profile != image.profile:
        values = formats.to_unit(pixels, image.format)
        values[:, :, :3] = between(
            values[:, :, :3], source.profile, image.profile, linear=image.format.linear
        )
        pixels = formats.from_unit(values, image.format)
    return pixels


def duplicate(image: Image) -> Image:
    """Return a copy of an image with everything in it but its undo steps."""
    new = Image(image.session, image.width, image.height, image.base_type, image.precision)
    for name in ("colormap", "resolution", "unit"):
        setattr(new, name, getattr(image, name))
    new.parasites = dict(image.parasites)
    new.guides = dict(image.guides)
    pairs: list[tuple[Item, Item]] = []
    for layer in image.layers:
        copy = copied_layer(layer, new, layer.name)
        copy.attached = True
        new.layers.append(copy)
        pairs += zip(_tree(layer), _tree(copy), strict=True)
    for channel in image.channels:
        copy_channel = Channel(new, channel.name, channel.pixels.copy())
        copy_channel.attributes_from(channel)
        copy_channel.attached = True
        copy_channel.opacity, copy_channel.color = channel.opacity, channel.color
        new.channels.append(copy_channel)
        pairs.append((channel, copy_channel))
    for path in image.vectors:
        copy_path = Vectors(new, path.name)
        copy_path.attached = True
        new.vectors.append(copy_path)
    new.selection.pixels = image.selection.pixels.copy()
    for old, other in pairs:
        other.tattoo = old.tattoo
        if old is image.active_layer:
            new.active_layer = other  # type: ignore[assignment]  # of the old one's class
        if old is image.active_channel:
            new.active_channel = other  # type: ignore[assignment]  # as above
    return new


def _tree(layer: Layer) -> list[Layer]:
    found = [layer]
    if isinstance(layer, Group):
        for child in layer.children:
            found += _tree(child)
    return found
