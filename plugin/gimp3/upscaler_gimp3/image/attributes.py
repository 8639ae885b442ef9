"""Everything a layer is besides its pixels, from one layer to another."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp

_DERIVED_PARASITES = ("gimp-text-layer", "gimp-vector-layer", "gimp-link-layer")


def copy_attributes(old: Any, new: Any) -> None:
    """Give ``new`` the opacity, mode, spaces, visibility, locks, colour tag and mask flags of ``old``.

    ``new`` must have a mask already where ``old`` has one. Name, tattoo and place are the caller's, and
    so are the locks of content and position, without which it could not be filled: :func:`lock`.
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
        new.set_apply_mask(old.get_apply_mask())
        new.set_show_mask(old.get_show_mask())
        new.set_edit_mask(old.get_edit_mask())


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
