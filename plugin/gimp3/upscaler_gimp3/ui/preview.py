"""A small part of the layer at its own size, before the upscale."""

from __future__ import annotations

from typing import Any

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, GLib

from upscaler_gimp3.i18n import _
from upscaler_gimp3.image.buffers import RGBA8, read
from upscaler_gimp3.image.rendering import rendered

from . import widgets
from .widgets import Gdk, Gtk

SIDE = 208
"""The piece's largest width and height, in pixels of the layer."""

_CHECK_SIZE = 8
_CHECK_LIGHT = 0x999999
_CHECK_DARK = 0x666666


class Preview(Gtk.Box):
    """The piece in a frame with a caption; it is moved by dragging it."""

    def __init__(self) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=4)
        self._drawable: Any = None
        self._area = (0, 0, 0, 0)
        self._corner = (0, 0)
        self._drag: tuple[float, float, int, int] | None = None
        self._image = widgets.named(Gtk.Image(), _("Preview of the layer"))
        touch = Gtk.EventBox()
        touch.add_events(Gdk.EventMask.BUTTON_PRESS_MASK | Gdk.EventMask.BUTTON1_MOTION_MASK)
        touch.connect("button-press-event", self._pressed)
        touch.connect("motion-notify-event", self._moved)
        touch.set_tooltip_text(_("A piece of the layer at its present size. Drag it to see another one."))
        touch.set_size_request(SIDE, SIDE)
        touch.add(self._image)
        frame = Gtk.Frame(shadow_type=Gtk.ShadowType.IN)
        frame.add(touch)
        self.pack_start(frame, False, False, 0)
        caption = widgets.label(_("Before, at 100%"), dim=True, wrap=False)
        caption.set_xalign(0.5)
        self.pack_start(caption, False, False, 0)

    def show_part(self, drawable: Any, area: tuple[int, int, int, int]) -> None:
        """Show a piece of ``area`` (x, y, width, height in the drawable's own pixels).

        From the middle, and as far above it as a portrait has its eyes.
        """
        if self._drawable is not None and area == self._area and drawable.get_id() == self._drawable.get_id():
            return
        self._drawable, self._area = drawable, area
        x, y, width, height = area
        self._go(x + (width - SIDE) // 2, y + (height - SIDE) // 3)

    def _go(self, x: int, y: int) -> None:
        left, top, width, height = self._area
        x = min(max(x, left), left + max(0, width - SIDE))
        y = min(max(y, top), top + max(0, height - SIDE))
        self._corner = (x, y)
        self._draw(x, y, min(SIDE, width), min(SIDE, height))

    def _pixels(self, x: int, y: int, width: int, height: int) -> bytes:
        if not self._drawable.is_group():
            return read(self._drawable.get_buffer(), RGBA8, x, y, width, height)
        # a group whose layers have effects outside of it must not be read itself
        with rendered(self._drawable) as (drawable, _):
            return read(drawable.get_buffer(), RGBA8, x, y, width, height)

    def _draw(self, x: int, y: int, width: int, height: int) -> None:
        try:
            pixels = self._pixels(x, y, width, height)
        except (GLib.Error, TypeError, AttributeError):
            # the layer was deleted while the dialog was open: the lines below say so
            self._image.clear()
            return
        picture = GdkPixbuf.Pixbuf.new_from_bytes(
            GLib.Bytes.new(pixels), GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4
        )
        on_checks = picture.composite_color_simple(
            width, height, GdkPixbuf.InterpType.NEAREST, 255, _CHECK_SIZE, _CHECK_LIGHT, _CHECK_DARK
        )
        self._image.set_from_pixbuf(on_checks)

    def _pressed(self, _touch: Any, event: Any) -> bool:
        self._drag = (event.x, event.y, *self._corner)
        return True

    def _moved(self, _touch: Any, event: Any) -> bool:
        if self._drag is not None and self._drawable is not None:
            from_x, from_y, x, y = self._drag
            self._go(x + round(from_x - event.x), y + round(from_y - event.y))
        return True
