"""GIMP's images and items as the core keeps them; plug-ins see them through ``objects.py`` by their ID.

Pixel arrays are shared between an image and its undo steps until somebody replaces them, exactly as the real
one's buffers are: writing through a pixel region changes the array in place and is in no step, everything
else makes a new array.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from . import formats, scaling
from .undo import Undo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .formats import Pixels, Precision
    from .session import Session

NORMAL_LEGACY, NORMAL, PASS_THROUGH = 0, 28, 61
PROFILE_PARASITE = "icc-profile"


class Failure(Exception):
    """A procedure cannot do what it is asked; the text is GIMP's own kind of message."""


class Node:
    """Anything with an ID: an image or an item."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.id = session.register(self)


class Item(Node):
    """What an image holds: layers, channels, masks, paths. ``removed`` items wait in the undo steps."""

    kind = "item"

    def __init__(self, image: Image, name: str) -> None:
        super().__init__(image.session)
        self.image = image
        self.name = name
        self.parent: Group | None = None
        self.attached = False
        self.removed = False
        self.visible = True
        self.linked = False
        self.lock_content = False
        self.lock_position = False
        self.color_tag = 0
        self.tattoo = image.next_tattoo()
        self.parasites: dict[str, tuple[int, bytes]] = {}

    @property
    def siblings(self) -> list[Any]:
        """The list this item stands in."""
        return self.parent.children if self.parent is not None else self.image.stack_of(self)

    def attributes_from(self, other: Item) -> None:
        """Take over what a copy takes over."""
        for name in ("visible", "linked", "lock_content", "lock_position", "color_tag"):
            setattr(self, name, getattr(other, name))
        self.parasites = dict(other.parasites)


class Drawable(Item):
    """An item with pixels."""

    kind = "drawable"
    type = formats.RGB

    def __init__(self, image: Image, name: str, pixels: Pixels) -> None:
        super().__init__(image, name)
        self.pixels = pixels
        self.x = 0
        self.y = 0
        self.shadow: Pixels | None = None

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.pixels.shape[0])

    @property
    def alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return formats.has_alpha(self.type)

    @property
    def value_only(self) -> bool:
        """Whether pixels are plain values: channels and masks."""
        return isinstance(self, Channel)

    def values(self) -> Pixels:
        """Return the pixels as floats around 0 to 1, in the light they are in."""
        return formats.to_unit(self.pixels, self.image.format)

    def set_values(self, values: Pixels) -> None:
        """Replace the pixels by floats around 0 to 1."""
        self.pixels = formats.from_unit(values, self.image.format)

    def scale(self, width: int, height: int, interpolation: int) -> None:
        """Replace the pixels by scaled ones; those of a palette go through RGB and back."""
        image = self.image
        indexed = image.base_type == formats.INDEXED and not self.value_only
        pixels = self.pixels
        if indexed:
            pixels = formats.change_base(
                pixels, image.format, formats.INDEXED, formats.RGB, self.alpha, image.colormap
            )
        clamp = image.format.top != 1.0
        # GEGL samples between pixels in linear light
        curved = not (self.value_only or image.format.linear or interpolation == scaling.NONE)
        values = formats.to_unit(pixels, image.format)
        colors = values.shape[2] - (1 if self.alpha else 0)
        if curved:
            values[:, :, :colors] = formats.srgb_to_linear(values[:, :, :colors])
        values = scaling.scaled(values, width, height, interpolation, alpha=self.alpha, clamp=clamp)
        if curved:
            values[:, :, :colors] = formats.linear_to_srgb(values[:, :, :colors])
        pixels = formats.from_unit(np.clip(values, 0.0, 1.0) if clamp else values, image.format)
        if indexed:
            pixels = formats.change_base(
                pixels, image.format, formats.RGB, formats.INDEXED, self.alpha, image.colormap
            )
        self.pixels = pixels

    def resize(self, width: int, height: int, x: int, y: int, fill: Pixels) -> None:
        """Cut or extend the pixels; the old ones begin at ``x``, ``y``, the rest is ``fill``."""
        new = np.empty((height, width, self.pixels.shape[2]), dtype=self.pixels.dtype)
        new[:] = fill
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + self.width, width), min(y + self.height, height)
        if right > left and bottom > top:
            new[top:bottom, left:right] = self.pixels[top - y : bottom - y, left - x : right - x]
        self.pixels = new


class Layer(Drawable):
    """A layer; ``type`` is one of ``RGB_IMAGE`` … ``INDEXEDA_IMAGE``."""

    kind = "layer"

    def __init__(self, image: Image, name: str, pixels: Pixels, layer_type: int) -> None:
        super().__init__(image, name, pixels)
        self.type = layer_type
        self.opacity = 1.0
        self.mode = NORMAL_LEGACY
        self.blend_space = 0
        self.composite_space = 0
        self.composite_mode = 0
        self.lock_alpha = False
        self.mask: Mask | None = None
        self.apply_mask = True
        self.edit_mask = False
        self.show_mask = False
        self.floating_on: Drawable | None = None

    def attributes_from(self, other: Item) -> None:
        """Take over what a copy takes over."""
        super().attributes_from(other)
        names = ("opacity", "mode", "blend_space", "composite_space", "composite_mode", "lock_alpha")
        for name in names if isinstance(other, Layer) else ():
            setattr(self, name, getattr(other, name))


class Group(Layer):
    """A layer group; its size and place are what its children need."""

    kind = "group"

    def __init__(self, image: Image, name: str) -> None:
        self.children: list[Layer] = []
        kind = image.base_type * 2 + 1
        super().__init__(image, name, image.blank(1, 1, formats.channels_of(kind)), kind)

    def fit(self) -> None:
        """Take the bounds of the children, or a single pixel without any."""
        if self.children:
            left, top = min(child.x for child in self.children), min(child.y for child in self.children)
            right = max(child.x + child.width for child in self.children)
            bottom = max(child.y + child.height for child in self.children)
        else:
            left = top = 0
            right = bottom = 1
        if (self.x, self.y, self.width, self.height) != (left, top, right - left, bottom - top):
            moved = (self.x - left, self.y - top)
            self.x, self.y = left, top
            self.pixels = self.image.blank(right - left, bottom - top, formats.channels_of(self.type))
            if self.mask is not None:
                self.mask.resize(right - left, bottom - top, *moved, fill=self.mask.pixels.dtype.type(0))


class Channel(Drawable):
    """A channel of values."""

    kind = "channel"
    type = 2

    def __init__(self, image: Image, name: str, pixels: Pixels) -> None:
        super().__init__(image, name, pixels)
        self.opacity = 1.0
        self.color = (0.0, 0.0, 0.0, 1.0)
        self.show_masked = True
        self.visible = False


class Mask(Channel):
    """A layer's mask."""

    kind = "mask"

    def __init__(self, layer: Layer, pixels: Pixels) -> None:
        super().__init__(layer.image, layer.name + " mask", pixels)
        self.layer: Layer | None = layer


class Selection(Channel):
    """An image's selection."""

    kind = "selection"

    def __init__(self, image: Image) -> None:
        super().__init__(image, "Selection Mask", image.blank(image.width, image.height, 1))
        self.attached = True


class Vectors(Item):
    """A path; its strokes are not modelled."""

    kind = "vectors"

    def __init__(self, image: Image, name: str) -> None:
        super().__init__(image, name)
        self.visible = False


class Image(Node):
    """An image with its stacks, selection, guides, parasites, profile and undo steps."""

    def __init__(self, session: Session, width: int, height: int, base_type: int, precision: int) -> None:
        super().__init__(session)
        self._tattoo = 0
        self.width = width
        self.height = height
        self.base_type = base_type
        self.precision = precision
        self.layers: list[Layer] = []
        self.channels: list[Channel] = []
        self.vectors: list[Vectors] = []
        self.active_layer: Layer | None = None
        self.active_channel: Channel | None = None
        self.active_vectors: Vectors | None = None
        self.guides: dict[int, tuple[int, int]] = {}
        self.parasites: dict[str, tuple[int, bytes]] = {}
        self.colormap = b""
        self.resolution = (300.0, 300.0)
        self.unit = 1
        self.filename: str | None = None
        self.selection = Selection(self)
        self.undo = Undo(self)
        self.dirty = True

    @property
    def format(self) -> Precision:
        """The precision's facts."""
        return formats.PRECISIONS[self.precision]

    @property
    def name(self) -> str:
        """What GIMP calls the image."""
        return self.filename.rsplit("/", 1)[-1] if self.filename else "[Untitled]"

    @property
    def profile(self) -> bytes:
        """The ICC profile, empty for GIMP's own; it is a parasite, as in the real one."""
        return self.parasites.get(PROFILE_PARASITE, (0, b""))[1]

    @profile.setter
    def profile(self, data: bytes) -> None:
        kept = {name: value for name, value in self.parasites.items() if name != PROFILE_PARASITE}
        self.parasites = {**kept, PROFILE_PARASITE: (3, data)} if data else kept

    def next_tattoo(self) -> int:
        """Return a number no item of the image had yet."""
        self._tattoo += 1
        return self._tattoo

    def blank(self, width: int, height: int, channels: int) -> Pixels:
        """Return pixels that are all zero, in the image's format."""
        return np.zeros((height, width, channels), dtype=self.format.dtype)

    def stack_of(self, item: Item) -> list[Any]:
        """Return the top list for items of this kind."""
        if isinstance(item, Layer):
            return self.layers
        return self.vectors if isinstance(item, Vectors) else self.channels

    def all_layers(self) -> Iterator[Layer]:
        """Give every layer and group, a group before its children."""
        stack = list(reversed(self.layers))
        while stack:
            layer = stack.pop()
            yield layer
            if isinstance(layer, Group):
                stack.extend(reversed(layer.children))

    def drawables(self) -> Iterator[Drawable]:
        """Give everything with pixels: layers, masks, channels, the selection."""
        for layer in self.all_layers():
            yield layer
            if layer.mask is not None:
                yield layer.mask
        yield from self.channels
        yield self.selection

    def refit_groups(self) -> None:
        """Let every group take its children's bounds, inner ones first."""
        for layer in reversed(list(self.all_layers())):
            if isinstance(layer, Group):
                layer.fit()

    def unique_name(self, wanted: str, item: Item) -> str:
        """Return ``wanted``, numbered when another item of the same kind has it."""
        items: list[Item] = list(self.all_layers()) if isinstance(item, Layer) else list(self.stack_of(item))
        taken = {other.name for other in items if other is not item}
        if wanted not in taken:
            return wanted
        numbered = re.fullmatch(r"(.*)#(\d+)", wanted)
        stem, number = (numbered[1].rstrip(), int(numbered[2])) if numbered else (wanted, 0)
        while True:
            number += 1
            if f"{stem} #{number}" not in taken:
                return f"{stem} #{number}"

    def attach(self, item: Any, parent: Group | None, position: int) -> None:
        """Put a loose item into its stack; a negative position means above the active one."""
        if item.attached:
            raise Failure(f"Item '{item.name}' ({item.id}) has already been added to an image")
        if item.image is not self:
            raise Failure(f"Trying to add item '{item.name}' ({item.id}) to wrong image")
        self.undo.push()
        stack = parent.children if parent is not None else self.stack_of(item)
        if position < 0:
            active = self.active_layer if isinstance(item, Layer) else None
            position = 0
            if active is not None and active.parent is parent and active in stack:
                position = stack.index(active)
        item.name = self.unique_name(item.name, item)
        if isinstance(item, Layer) and item.mask is not None:
            item.mask.name = item.name + " mask"
        stack.insert(min(position, len(stack)), item)
        item.parent, item.attached, item.removed = parent, True, False
        self._activate(item)
        self.refit_groups()

    def detach(self, item: Any) -> None:
        """Take an item out; the next one below becomes active."""
        self.undo.push()
        stack = item.siblings
        place = stack.index(item)
        stack.remove(item)
        gone = [item, *(_children(item) if isinstance(item, Group) else ())]
        for one in gone:
            one.removed, one.attached = True, False
            if isinstance(one, Layer) and one.mask is not None:
                one.mask.removed = True
        if self.active_layer in gone:
            left = stack or ([item.parent] if item.parent is not None else self.layers)
            self.active_layer = left[min(place, len(left) - 1)] if left else None
        if self.active_channel in gone:
            self.active_channel = None
        if self.active_vectors in gone:
            self.active_vectors = None
        self.refit_groups()

    def _activate(self, item: Item) -> None:
        if isinstance(item, Layer):
            self.active_layer, self.active_channel = item, None
        elif isinstance(item, Vectors):
            self.active_vectors = item
        elif isinstance(item, Channel):
            self.active_channel, self.active_layer = item, None


def _children(group: Group) -> Iterator[Layer]:
    for child in group.children:
        yield child
        if child.mask is not None:
            yield child.mask  # type: ignore[misc]  # a mask goes with its layer
        if isinstance(child, Group):
            yield from _children(child)
