"""One layer: its place, its kind, whether it is still in its image, and its attributes besides the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.frontend.placement import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MaskFlags = tuple[bool, bool, bool]
"""Whether a layer's mask is applied, edited and shown."""

_UNUSED_NUMBERS = 20
"""After so many numbers without a display no more are tried."""

_DERIVED_PARASITES = ("gimp-text-layer", "gimp-vector-layer", "gimp-link-layer")


def box_of(drawable: Any) -> Box:
    """Return a drawable's box on the canvas."""
    _, x, y = drawable.get_offsets()
    return Box(x, y, drawable.get_width(), drawable.get_height())


def kind_of(layer: Any) -> str:
    """Return ``pixels`` for an ordinary layer, else what makes it none."""
    for kind in ("group", "text", "vector", "link"):
        test = getattr(layer, "is_group" if kind == "group" else f"is_{kind}_layer", None)
        # GIMP 3.0 knows neither vector nor link layers
        if test is not None and test():
            return kind
    return "pixels"


def every_layer(layers: Sequence[Any]) -> Iterator[Any]:
    """Yield layers and, at every depth, those inside groups; a group before its layers."""
    for layer in layers:
        yield layer
        if layer.is_group():
            yield from every_layer(layer.get_children())


def has_effects(layer: Any) -> bool:
    """Return whether the layer has effects that can be seen."""
    return any(one.get_visible() for one in layer.get_filters())


def has_hidden_effects(layer: Any) -> bool:
    """Return whether the layer has effects that are switched off."""
    return not all(one.get_visible() for one in layer.get_filters())


def displays() -> list[Any]:
    """Return every display of GIMP's: it lists none, so the numbers it counts up are tried in turn."""
    found: list[Any] = []
    active = Gimp.default_display()
    last = active.get_id() if active is not None else 0
    number = 0
    while number < last + _UNUSED_NUMBERS:
        number += 1
        if Gimp.Display.id_is_valid(number):
            last = max(last, number)
            found.append(Gimp.Display.get_by_id(number))
    return found


def is_in(image: Any, layer: Any) -> bool:
    """Return whether ``layer`` is in ``image`` now; a deleted one that undo could bring back is not."""
    if not layer.is_valid():
        return False
    top = layer
    while top.get_parent() is not None:
        top = top.get_parent()
    return any(one.get_id() == top.get_id() for one in image.get_layers())


def copy_attributes(old: Any, new: Any) -> None:
    """Give ``new`` the opacity, mode, spaces, visibility, locks, colour tag and mask flags of ``old``.

    ``new`` must be in an image, and have a mask already where ``old`` has one. Name, tattoo and place
    are the caller's, and so are the locks of content and position, without which it could not be filled:
    :func:`lock`.
    """
    new.set_opacity(old.get_opacity())
    # a group that passes through has no pixels of its own to pass
    mode = old.get_mode()
    new.set_mode(Gimp.LayerMode.NORMAL if mode == Gimp.LayerMode.PASS_THROUGH else mode)
    new.set_blend_space(old.get_blend_space())
    new.set_composite_space(old.get_composite_space())
    new.set_composite_mode(old.get_composite_mode())
    set_visible(new, old.get_visible())
    new.set_color_tag(old.get_color_tag())
    new.set_lock_alpha(old.get_lock_alpha())
    new.set_lock_visibility(old.get_lock_visibility())
    if old.get_mask() is not None and new.get_mask() is not None:
        set_mask_flags(new, mask_flags(old))


def mask_flags(layer: Any) -> MaskFlags:
    """Return the flags of a layer's mask."""
    return layer.get_apply_mask(), layer.get_edit_mask(), layer.get_show_mask()


def set_mask_flags(layer: Any, flags: MaskFlags) -> None:
    """Set what :func:`mask_flags` returns; only a layer that is in its image can show its mask."""
    applied, edited, shown = flags
    layer.set_apply_mask(applied)
    layer.set_edit_mask(edited)
    if shown:
        layer.set_show_mask(True)


def locks_of(layer: Any) -> tuple[bool, bool]:
    """Return whether a layer's content and its position are locked."""
    return layer.get_lock_content(), layer.get_lock_position()


def lock(layer: Any, locks: tuple[bool, bool]) -> None:
    """Lock a layer's content and position as :func:`locks_of` told: the last thing done to it."""
    content, position = locks
    if content:
        layer.set_lock_content(True)
    if position:
        layer.set_lock_position(True)


def set_visible(item: Any, visible: bool) -> None:
    """Show or hide an item even if its visibility is locked, which GIMP itself refuses without a word."""
    if item.get_visible() == visible:
        return
    locked = item.get_lock_visibility()
    if locked:
        item.set_lock_visibility(False)
    item.set_visible(visible)
    if locked:
        item.set_lock_visibility(True)


def copy_parasites(old: Any, new: Any) -> None:
    """Attach the parasites of ``old`` to ``new``, except those that only its kind of layer can use."""
    for name in old.get_parasite_list() or ():
        if name not in _DERIVED_PARASITES:
            new.attach_parasite(old.get_parasite(name))
