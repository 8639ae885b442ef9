"""The classes of the module ``gimp``: what a plug-in holds are IDs, and every access asks the core.

As in the real one, attributes and methods are GIMP's procedures in another spelling: where a procedure fails,
a method raises ``gimp.error`` with a sentence of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import model
from .gimpcolor import RGB
from .pdb import error
from .session import current

_NUMBER = (int, float)


def call(name: str, *args: Any) -> Any:
    """Run a procedure by name for an object; failures are RuntimeErrors."""
    database = current().database
    found = database.find(name)
    assert found is not None, name
    return database.call(found, args)


def tried(text: str, name: str, *args: Any) -> Any:
    """Run a procedure; :class:`error` with ``text`` when it fails."""
    try:
        return call(name, *args)
    except RuntimeError:
        raise error(text) from None


def wrapped(node: Any) -> Any:
    """Return the object of a plug-in for one of the core's, None for None."""
    if node is None or isinstance(node, Base):
        return node
    kinds: tuple[tuple[type[Any], type[Any]], ...] = (
        (model.Image, Image), (model.Group, GroupLayer), (model.Layer, Layer), (model.Channel, Channel),
        (model.Vectors, Vectors),
    )  # fmt: skip
    for kind, shown in kinds:
        if isinstance(node, kind):
            made = object.__new__(shown)
            object.__setattr__(made, "ID", node.id)
            return made
    raise TypeError(f"no object for {node!r}")


class Base:
    """Anything with an ID; equal when the IDs are."""

    __slots__ = ("ID",)
    ID: int

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Base)
            and isinstance(other, Image) == isinstance(self, Image)
            and self.ID == other.ID
        )

    def __hash__(self) -> int:
        return hash(self.ID)

    @property
    def _core(self) -> Any:
        return current().nodes.get(self.ID)

    def __repr__(self) -> str:
        core = self._core
        return f"<gimp.{type(self).__name__} '{core.name if core else '(null)'}'>"


def attribute(get: str, put: str | None = None, kind: Any = None, words: str = "", absent: Any = 0) -> Any:
    """Return a property over two procedures; ``kind`` is the only type that may be assigned.

    The real ones read 0 or nothing from what is no more.
    """

    def read(self: Base) -> Any:
        try:
            value = call(get, self)
        except RuntimeError:
            return absent
        return bool(value) if kind is bool else value

    def write(self: Base, value: Any) -> None:
        allowed = (bool, int) if kind is bool else (str,) if kind is str else (kind,)
        if not isinstance(value, allowed) or (kind in (int, float) and isinstance(value, bool)):
            raise TypeError("type mismatch")
        assert put is not None
        tried(f"could not set {words} (ID {self.ID})", put, self, value)

    return property(read, write if put else None)


def flag(get: str, put: str | None = None, words: str = "") -> Any:
    """Return a property that is true or false."""
    return attribute(get, put, bool, words, absent=False)


class Parasite:
    """Named bytes that can be attached to an image or item; ``data`` is text as in the real one's Python."""

    def __init__(self, name: str, flags: int, data: Any) -> None:
        self.name, self.flags = name, int(flags)
        self.raw = data if isinstance(data, bytes) else str(data).encode("utf-8")

    @property
    def data(self) -> Any:
        """The bytes, as text where they are some."""
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.raw

    @property
    def is_persistent(self) -> bool:
        """Whether it is saved with the image."""
        return bool(self.flags & 1)

    @property
    def is_undoable(self) -> bool:
        """Whether attaching it is an undo step."""
        return bool(self.flags & 2)

    def copy(self) -> Parasite:
        """Return another one of the same name, flags and data."""
        return Parasite(self.name, self.flags, self.raw)

    def is_type(self, name: str) -> int:
        """Whether it has this name."""
        return int(self.name == name)

    def has_flag(self, mask: int) -> int:
        """Return which bits of ``mask`` it has."""
        return self.flags & mask

    def __repr__(self) -> str:
        return f"<parasite {self.name}>"


class HasParasites(Base):
    """Parasites of an image or item."""

    __slots__ = ()
    _words = "drawable"

    @property
    def _owner(self) -> tuple[Any, Any]:
        core = self._core
        return core, core if isinstance(core, model.Image) else core.image

    def parasite_find(self, name: str) -> Parasite | None:
        """Return the parasite of that name, or None."""
        core, _ = self._owner
        return Parasite(name, *core.parasites[name]) if name in core.parasites else None

    def parasite_attach(self, parasite: Parasite) -> None:
        """Attach a parasite, in place of an older one of the name."""
        from .procedures.items import attach

        attach(*self._owner, parasite)

    def attach_new_parasite(self, name: str, flags: int, data: Any) -> None:
        """Make a parasite and attach it; a zero byte is added to an item's, as the real one does."""
        raw = data if isinstance(data, bytes) else data.encode("utf-8")
        self.parasite_attach(Parasite(name, flags, raw + self._ending))

    _ending = b""

    def parasite_detach(self, name: str) -> None:
        """Detach a parasite if there is one of the name."""
        from .procedures.items import detach

        detach(*self._owner, name)

    def parasite_list(self) -> list[str]:
        """Return the names."""
        return list(self._owner[0].parasites)


class Image(HasParasites):
    """An image."""

    __slots__ = ()

    def __init__(self, width: int, height: int, type: int = 0) -> None:  # noqa: A002 - the real one's name
        text = f"could not create image (width: {width}, height: {height}, type: {type})"
        object.__setattr__(self, "ID", tried(text, "gimp-image-new", width, height, type).ID)

    width = attribute("gimp-image-width")
    height = attribute("gimp-image-height")
    base_type = attribute("gimp-image-base-type")
    precision = attribute("gimp-image-get-precision")
    dirty = flag("gimp-image-is-dirty")
    name = attribute("gimp-image-get-name", absent=None)
    filename = attribute("gimp-image-get-filename", "gimp-image-set-filename", str, "filename", absent=None)
    uri = attribute("gimp-image-get-uri", absent=None)
    unit = attribute("gimp-image-get-unit", "gimp-image-set-unit", int, "unit")
    active_vectors = attribute("gimp-image-get-active-vectors", absent=None)
    active_drawable = attribute("gimp-image-get-active-drawable", absent=None)
    floating_selection = attribute("gimp-image-get-floating-sel", absent=None)
    floating_sel_attached_to = attribute("gimp-image-floating-sel-attached-to", absent=None)
    selection = attribute("gimp-image-get-selection", absent=None)

    @property
    def active_layer(self) -> Any:
        """The layer that is worked on, or None."""
        return call("gimp-image-get-active-layer", self)

    @active_layer.setter
    def active_layer(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            raise TypeError("type mismatch")
        text = f"could not set active layer (ID {layer.ID}) on image (ID {self.ID})"
        tried(text, "gimp-image-set-active-layer", self, layer)

    @property
    def active_channel(self) -> Any:
        """The channel that is worked on, or None."""
        return call("gimp-image-get-active-channel", self)

    @active_channel.setter
    def active_channel(self, channel: Any) -> None:
        if not isinstance(channel, Channel):
            raise TypeError("type mismatch")
        text = f"could not set active channel (ID {channel.ID}) on image (ID {self.ID})"
        tried(text, "gimp-image-set-active-channel", self, channel)

    @property
    def layers(self) -> list[Layer]:
        """The top of the stack first; groups hold their own."""
        return [wrapped(one) for one in self._core.layers]

    @property
    def channels(self) -> list[Channel]:
        """The channels, without masks and selection."""
        return [wrapped(one) for one in self._core.channels]

    @property
    def vectors(self) -> list[Vectors]:
        """The paths."""
        return [wrapped(one) for one in self._core.vectors]

    @property
    def resolution(self) -> tuple[float, float]:
        """Pixels an inch, across and down."""
        return tuple(call("gimp-image-get-resolution", self))

    @resolution.setter
    def resolution(self, value: tuple[float, float]) -> None:
        call("gimp-image-set-resolution", self, *value)

    @property
    def colormap(self) -> bytes:
        """The palette, three bytes a colour."""
        return bytes(self._core.colormap)

    @colormap.setter
    def colormap(self, value: bytes) -> None:
        call("gimp-image-set-colormap", self, len(value), tuple(value))

    def _stack(self, verb: str, thing: str, item: Any, name: str, *args: Any) -> Any:
        preposition = {"add": "to", "insert": "to", "remove": "from"}.get(verb.split(maxsplit=1)[0], "on")
        text = f"could not {verb.format(thing=f'{thing} (ID {item.ID})')} {preposition} image (ID {self.ID})"
        return tried(text, name, self, item, *args)

    def add_layer(self, layer: Layer, position: int = -1) -> None:
        """Put a layer at the top level."""
        _wants("add_layer", layer, Layer)
        self._stack("add {thing}", "layer", layer, "gimp-image-add-layer", position)

    def insert_layer(self, layer: Layer, parent: Layer | None = None, position: int = -1) -> None:
        """Put a layer at a place; the real one's ``parent`` must not be given as None."""
        _wants("insert_layer", layer, Layer)
        self._stack("insert {thing}", "layer", layer, "gimp-image-insert-layer", parent, position)

    def add_channel(self, channel: Channel, position: int = -1) -> None:
        """Put a channel into the stack."""
        _wants("add_channel", channel, Channel)
        self._stack("add {thing}", "channel", channel, "gimp-image-add-channel", position)

    def insert_channel(self, channel: Channel, parent: Channel | None = None, position: int = -1) -> None:
        """Put a channel at a place."""
        self._stack("insert {thing}", "channel", channel, "gimp-image-insert-channel", parent, position)

    def remove_layer(self, layer: Layer) -> None:
        """Take a layer out."""
        _wants("remove_layer", layer, Layer)
        self._stack("remove {thing}", "layer", layer, "gimp-image-remove-layer")

    def remove_channel(self, channel: Channel) -> None:
        """Take a channel out."""
        self._stack("remove {thing}", "channel", channel, "gimp-image-remove-channel")

    def raise_layer(self, layer: Layer) -> None:
        """Move a layer up by one."""
        self._stack("raise {thing}", "layer", layer, "gimp-image-raise-layer")

    def lower_layer(self, layer: Layer) -> None:
        """Move a layer down by one."""
        self._stack("lower {thing}", "layer", layer, "gimp-image-lower-layer")

    def raise_layer_to_top(self, layer: Layer) -> None:
        """Move a layer to the top of its stack."""
        self._stack("raise {thing} to top", "layer", layer, "gimp-image-raise-layer-to-top")

    def lower_layer_to_bottom(self, layer: Layer) -> None:
        """Move a layer to the bottom of its stack."""
        self._stack("lower {thing} to bottom", "layer", layer, "gimp-image-lower-layer-to-bottom")

    def new_layer(
        self, name: str = "New Layer", width: int = -1, height: int = -1, offset_x: int = 0,
        offset_y: int = 0, alpha: bool = True, pos: int = -1, opacity: float = 100.0, mode: int = 0,
        fill_mode: int = -1,
    ) -> Layer:  # fmt: skip
        """Make a layer of the image's kind, put it in, fill it."""
        width = self.width if width == -1 else width
        height = self.height if height == -1 else height
        layer = Layer(self, name, width, height, self.base_type * 2 + int(alpha), opacity, mode)
        if fill_mode != -1:
            layer.fill(fill_mode)
        self.add_layer(layer, pos)
        layer.set_offsets(offset_x, offset_y)
        return layer

    def duplicate(self) -> Image:
        """Return a copy of the image."""
        return call("gimp-image-duplicate", self)  # type: ignore[no-any-return]  # as the database has it

    def flatten(self) -> Layer:
        """Merge all that is visible onto the background colour."""
        return tried("could not flatten image", "gimp-image-flatten", self)  # type: ignore[no-any-return]  # as above

    def merge_down(self, layer: Layer, merge: int) -> Layer:
        """Merge a layer with the next visible one below."""
        text = f"could not merge down layer (ID {layer.ID}) on image (ID {self.ID}) with merge type {merge}"
        return tried(text, "gimp-image-merge-down", self, layer, merge)  # type: ignore[no-any-return]  # as above

    def merge_visible_layers(self, merge: int) -> Layer:
        """Merge all that is visible."""
        text = f"could not merge visible layers on image (ID {self.ID}) with merge type {merge}"
        return tried(text, "gimp-image-merge-visible-layers", self, merge)  # type: ignore[no-any-return]  # as above

    def scale(self, width: int, height: int, interpolation: int = -1) -> None:
        """Scale the image with all in it."""
        text = f"could not scale image (ID {self.ID}) to {width}x{height}"
        before = current().context.interpolation
        if interpolation != -1:
            current().context.interpolation = interpolation
        try:
            tried(text, "gimp-image-scale", self, width, height)
        finally:
            current().context.interpolation = before

    def resize(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Give the canvas another size."""
        text = f"could not resize image (ID {self.ID}) to {width}x{height}, offset {offset_x}, {offset_y}"
        tried(text, "gimp-image-resize", self, width, height, offset_x, offset_y)

    def resize_to_layers(self) -> None:
        """Give the canvas the size of all layers."""
        tried(f"could not resize to layers on image (ID {self.ID})", "gimp-image-resize-to-layers", self)

    def crop(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Cut canvas and items."""
        text = f"could not crop image (ID {self.ID}) to {width}x{height}, offset {offset_x}, {offset_y}"
        tried(text, "gimp-image-crop", self, width, height, offset_x, offset_y)

    def get_layer_by_tattoo(self, tattoo: int) -> Layer | None:
        """Return the layer of that tattoo, or None."""
        return call("gimp-image-get-layer-by-tattoo", self, tattoo)  # type: ignore[no-any-return]  # as above

    def get_channel_by_tattoo(self, tattoo: int) -> Channel | None:
        """Return the channel of that tattoo, or None."""
        return call("gimp-image-get-channel-by-tattoo", self, tattoo)  # type: ignore[no-any-return]  # as above

    def undo_group_start(self) -> None:
        """Begin what will be one step."""
        tried(f"could not start undo group on image (ID {self.ID})", "gimp-image-undo-group-start", self)

    def undo_group_end(self) -> None:
        """End what is one step."""
        tried(f"could not end undo group on image (ID {self.ID})", "gimp-image-undo-group-end", self)

    def clean_all(self) -> None:
        """Count as saved."""
        call("gimp-image-clean-all", self)

    def unset_active_channel(self) -> None:
        """Make a layer active again."""
        call("gimp-image-unset-active-channel", self)

    def free_shadow(self) -> None:
        """Do nothing: nobody shares this."""


def _simple(name: str, procedure: str, *, boolean: bool = False) -> Callable[..., Any]:
    def method(self: Image, *args: Any) -> Any:
        answer = call(procedure, self, *args)
        return bool(answer) if boolean else answer

    method.__name__ = name
    method.__doc__ = f"Call ``{procedure}``."
    return method


for _name, _procedure, _boolean in (
    ("add_hguide", "gimp-image-add-hguide", False), ("add_vguide", "gimp-image-add-vguide", False),
    ("delete_guide", "gimp-image-delete-guide", False),
    ("find_next_guide", "gimp-image-find-next-guide", False),
    ("get_guide_orientation", "gimp-image-get-guide-orientation", False),
    ("get_guide_position", "gimp-image-get-guide-position", False),
    ("disable_undo", "gimp-image-undo-disable", True), ("enable_undo", "gimp-image-undo-enable", True),
    ("undo_freeze", "gimp-image-undo-freeze", True), ("undo_thaw", "gimp-image-undo-thaw", True),
    ("undo_is_enabled", "gimp-image-undo-is-enabled", True),
):  # fmt: skip
    setattr(Image, _name, _simple(_name, _procedure, boolean=_boolean))


def _wants(method: str, value: Any, kind: type[Any]) -> None:
    if not isinstance(value, kind):
        shown = "None" if value is None else type(value).__name__
        raise TypeError(f"{method}() argument 1 must be gimp.{kind.__name__}, not {shown}")


class Item(HasParasites):
    """What an image holds."""

    __slots__ = ()
    _ending = b"\0"

    @staticmethod
    def from_id(number: int) -> Any:
        """Return the item of that ID, or None."""
        node = current().nodes.get(number)
        return wrapped(node) if isinstance(node, model.Item) and not node.removed else None

    parent = attribute("gimp-item-get-parent", absent=None)
    image = attribute("gimp-item-get-image", absent=None)
    name = attribute("gimp-item-get-name", "gimp-item-set-name", str, "name on item", absent=None)
    visible = flag("gimp-item-get-visible", "gimp-item-set-visible", "visibility on drawable")
    linked = flag("gimp-item-get-linked", "gimp-item-set-linked", "linked property on drawable")
    tattoo = attribute("gimp-item-get-tattoo", "gimp-item-set-tattoo", int, "tattoo on drawable")

    @property
    def children(self) -> list[Any]:
        """What a group holds, the top first."""
        return [wrapped(one) for one in getattr(self._core, "children", [])]


class Drawable(Item):
    """An item with pixels."""

    __slots__ = ()

    width = attribute("gimp-drawable-width")
    height = attribute("gimp-drawable-height")
    bpp = attribute("gimp-drawable-bpp")
    type = attribute("gimp-drawable-type")
    type_with_alpha = attribute("gimp-drawable-type-with-alpha")
    has_alpha = flag("gimp-drawable-has-alpha")
    is_rgb = flag("gimp-drawable-is-rgb")
    is_gray = flag("gimp-drawable-is-gray")
    is_grey = is_gray
    is_indexed = flag("gimp-drawable-is-indexed")
    is_layer_mask = flag("gimp-item-is-layer-mask")

    @property
    def offsets(self) -> tuple[int, int]:
        """Where the upper left corner lies on the canvas."""
        return tuple(call("gimp-drawable-offsets", self))

    @property
    def mask_bounds(self) -> tuple[int, int, int, int]:
        """The selection's bounds on this drawable."""
        return tuple(call("gimp-drawable-mask-bounds", self)[1:])

    def mask_intersect(self) -> Any:
        """Return the selection's rectangle on this drawable, None when there is none."""
        something, *box = call("gimp-drawable-mask-intersect", self)
        return tuple(box) if something else None

    def flush(self) -> None:
        """Send written pixels to the core; here they are there already."""

    def update(self, x: int, y: int, width: int, height: int) -> None:
        """Tell the windows that pixels changed."""

    def merge_shadow(self, undo: bool = False) -> None:
        """Put what was written to the shadow onto the drawable, through the selection."""
        call("gimp-drawable-merge-shadow", self, undo)

    def free_shadow(self) -> None:
        """Forget what was written to the shadow."""
        call("gimp-drawable-free-shadow", self)

    def fill(self, fill_type: int) -> None:
        """Fill everything with a colour of the context, white or nothing."""
        text = f"could not fill drawable (ID {self.ID}) with fill mode {fill_type}"
        tried(text, "gimp-drawable-fill", self, fill_type)

    def offset(self, wrap_around: bool, fill_type: int, offset_x: int, offset_y: int) -> None:
        """Shift the pixels within the drawable."""
        call("gimp-drawable-offset", self, wrap_around, fill_type, offset_x, offset_y)

    def get_pixel(self, x: int, y: int) -> tuple[int, ...]:
        """Return a pixel's bytes."""
        text = f"could not get pixel ({x}, {y}) on drawable (ID {self.ID})"
        return tuple(tried(text, "gimp-drawable-get-pixel", self, x, y)[1])

    def set_pixel(self, x: int, y: int, pixel: Any) -> None:
        """Write a pixel's bytes; not undoable."""
        if isinstance(pixel, int) or not hasattr(pixel, "__len__"):
            raise TypeError("pixel values must be a sequence")
        values = list(pixel)
        if not all(isinstance(value, int) for value in values):
            raise TypeError("pixel values must be a sequence of ints")
        if not all(0 <= value <= 255 for value in values):
            raise TypeError("pixel values must be between 0 and 255")
        text = f"could not set {len(values)}-element pixel ({x}, {y}) on drawable (ID {self.ID})"
        tried(text, "gimp-drawable-set-pixel", self, x, y, len(values), values)

    def get_pixel_rgn(
        self, x: int, y: int, width: int, height: int, dirty: bool = True, shadow: bool = False
    ) -> Any:
        """Return a window on the pixels; see :class:`pixel_regions.PixelRgn`."""
        from .pixel_regions import PixelRgn

        return PixelRgn(self, x, y, width, height, dirty, shadow)

    def get_tile(self, shadow: bool, row: int, col: int) -> Any:
        """Return a tile by its row and column, None when there is none."""
        from .pixel_regions import Tile

        return Tile.at(self, bool(shadow), row, col)

    def get_tile2(self, shadow: bool, x: int, y: int) -> Any:
        """Return the tile that holds a pixel, None when there is none."""
        from .pixel_regions import TILE, Tile

        return Tile.at(self, bool(shadow), y // TILE, x // TILE)


class Layer(Drawable):
    """A layer."""

    __slots__ = ()

    def __init__(
        self, image: Image, name: str, width: int, height: int, type: int = 0, opacity: float = 100.0,  # noqa: A002 - the real name
        mode: int = 28,
    ) -> None:  # fmt: skip
        text = f"could not create {width}x{height} layer '{name}' of type {type} on image (ID {image.ID})"
        made = tried(text, "gimp-layer-new", image, width, height, type, name, opacity, mode)
        object.__setattr__(self, "ID", made.ID)

    opacity = attribute(
        "gimp-layer-get-opacity", "gimp-layer-set-opacity", float, "opacity on layer", absent=0.0
    )
    mode = attribute("gimp-layer-get-mode", "gimp-layer-set-mode", int, "mode on layer")
    mask = attribute("gimp-layer-get-mask", absent=None)
    apply_mask = flag("gimp-layer-get-apply-mask", "gimp-layer-set-apply-mask", "layer mask on layer")
    edit_mask = flag("gimp-layer-get-edit-mask", "gimp-layer-set-edit-mask", "edit mask on layer")
    show_mask = flag("gimp-layer-get-show-mask", "gimp-layer-set-show-mask", "show mask on layer")
    lock_alpha = flag("gimp-layer-get-lock-alpha", "gimp-layer-set-lock-alpha", "lock alpha setting on layer")
    preserve_trans = lock_alpha
    is_floating_sel = flag("gimp-layer-is-floating-sel")

    def copy(self, add_alpha: bool = False) -> Layer:
        """Return a loose copy."""
        return call("gimp-layer-copy", self, add_alpha)  # type: ignore[no-any-return]  # as the database has it

    def add_alpha(self) -> None:
        """Give the layer an alpha channel."""
        call("gimp-layer-add-alpha", self)

    def create_mask(self, type: int) -> Channel:  # noqa: A002 - the real one's name
        """Return a loose mask of the layer's size."""
        return call("gimp-layer-create-mask", self, type)  # type: ignore[no-any-return]  # as the database has it

    def add_mask(self, mask: Channel) -> None:
        """Give the layer a mask."""
        text = f"could not add mask (ID {mask.ID}) to layer (ID {self.ID})"
        tried(text, "gimp-layer-add-mask", self, mask)

    def remove_mask(self, mode: int) -> None:
        """Apply the mask to the alpha channel, or throw it away."""
        text = f"could not remove mask from layer (ID {self.ID}) with mode {mode}"
        tried(text, "gimp-layer-remove-mask", self, mode)

    def resize(self, width: int, height: int, offset_x: int = 0, offset_y: int = 0) -> None:
        """Cut or extend the layer."""
        text = (
            f"could not resize layer (ID {self.ID}) to size {width}x{height} at offset {offset_x}, {offset_y}"
        )
        tried(text, "gimp-layer-resize", self, width, height, offset_x, offset_y)

    def resize_to_image_size(self) -> None:
        """Cut or extend the layer to the canvas."""
        call("gimp-layer-resize-to-image-size", self)

    def scale(self, width: int, height: int, local_origin: bool = False) -> None:
        """Scale the layer and its mask."""
        text = f"could not scale layer (ID {self.ID}) to size {width}x{height}"
        tried(text, "gimp-layer-scale", self, width, height, local_origin)

    def translate(self, offset_x: int, offset_y: int) -> None:
        """Move the layer by so much."""
        call("gimp-layer-translate", self, offset_x, offset_y)

    def set_offsets(self, offset_x: int, offset_y: int) -> None:
        """Move the layer to a place."""
        call("gimp-layer-set-offsets", self, offset_x, offset_y)


class GroupLayer(Layer):
    """A layer group."""

    __slots__ = ()

    def __init__(
        self, image: Image, name: str = "Layer Group", opacity: float = 100.0, mode: int = 0
    ) -> None:
        made = call("gimp-layer-group-new", image)
        object.__setattr__(self, "ID", made.ID)
        self.name, self.opacity, self.mode = name, float(opacity), mode

    @property
    def layers(self) -> list[Layer]:
        """What the group holds, the top first."""
        return self.children


class Channel(Drawable):
    """A channel, a mask or the selection."""

    __slots__ = ()

    def __init__(
        self, image: Image, name: str, width: int, height: int, opacity: float = 100.0, color: Any = None
    ) -> None:
        if color is not None and not isinstance(color, RGB):
            raise TypeError("type mismatch")
        made = call("gimp-channel-new", image, width, height, name, opacity, color or (0, 0, 0))
        object.__setattr__(self, "ID", made.ID)

    opacity = attribute("gimp-channel-get-opacity", "gimp-channel-set-opacity", float, "opacity on channel")
    color = attribute("gimp-channel-get-color", "gimp-channel-set-color", RGB, "color on channel")
    colour = color
    show_masked = flag("gimp-channel-get-show-masked")

    def copy(self) -> Channel:
        """Return a loose copy."""
        return call("gimp-channel-copy", self)  # type: ignore[no-any-return]  # as the database has it


class Vectors(Item):
    """A path, without its strokes."""

    __slots__ = ()

    def __init__(self, image: Image, name: str) -> None:
        object.__setattr__(self, "ID", call("gimp-vectors-new", image, name).ID)


class Display(Base):
    """A window on an image; there is none unless the session has a display."""

    __slots__ = ()

    def __init__(self, image: Image) -> None:
        session = current()
        if not session.has_display:
            raise error(f"could not create display for image (ID {image.ID})")
        session.displays.append(image._core)
        object.__setattr__(self, "ID", len(session.displays))
