"""Parts that the windows share: labels, messages, the help button, and the dialog that shows an error."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GimpUi, GLib, Gtk, Pango
from precision_upscaler.frontend import texts

from upscaler_gimp3 import labels
from upscaler_gimp3.i18n import _, catalog

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL = 0.85


def init() -> None:
    """Prepare GTK for windows that look like GIMP's own; call it before the first one is made."""
    GimpUi.init("precision-upscaler")


def label(
    text: str = "", *, dim: bool = False, bold: bool = False, wrap: bool = True, chars: int = 52
) -> Gtk.Label:
    """Return a label aligned to the start; ``chars`` is the width it wraps at."""
    made = Gtk.Label(label=text, xalign=0, yalign=0.5, wrap=wrap, selectable=False)
    made.set_line_wrap_mode(Pango.WrapMode.WORD_CHAR)
    if wrap:
        # no narrower either: a window keeps room for every line that its narrowest width would need
        made.set_width_chars(chars)
        made.set_max_width_chars(chars)
    if dim:
        made.get_style_context().add_class("dim-label")
    if bold:
        attributes = Pango.AttrList()
        attributes.insert(Pango.attr_weight_new(Pango.Weight.BOLD))
        made.set_attributes(attributes)
    return made


def named(widget: Any, name: str) -> Any:
    """Set a widget's accessible name, for screen readers and tests; return the widget."""
    widget.get_accessible().set_name(name)
    return widget


def labelled(text: str, widget: Any) -> Gtk.Label:
    """Return the label, with its mnemonic, that belongs to ``widget``; names the widget after it."""
    made = Gtk.Label(label=text, use_underline=True, xalign=0)
    made.set_mnemonic_widget(widget)
    named(widget, labels.without_mnemonic(text))
    return made


_ICONS = {"info": "dialog-information", "warning": "dialog-warning", "error": "dialog-error"}


class Message(Gtk.Box):
    """A line with an icon: information, a warning, or an error; invisible while it has no text."""

    def __init__(self) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=8, no_show_all=True)
        self._icon = Gtk.Image()
        self._label = label()
        self._label.set_hexpand(True)
        self.pack_start(self._icon, False, False, 0)
        self.pack_start(self._label, True, True, 0)
        self._icon.set_valign(Gtk.Align.START)

    def show_text(self, text: str, kind: str = "info") -> None:
        """Show ``text`` with the icon of ``kind`` (``info``, ``warning``, ``error``); hide when empty."""
        self._icon.set_from_icon_name(_ICONS[kind], Gtk.IconSize.MENU)
        self._label.set_text(text)
        if text:
            self._icon.show()
            self._label.show()
        self.set_visible(bool(text))


def open_help(section: str = "") -> None:
    """Open our help, which is installed with the plug-in, at a section of it."""
    page = (Path(__file__).resolve().parents[1] / "help" / "index.html").as_uri()
    address = f"{page}#{section}" if section else page
    try:
        Gtk.show_uri_on_window(None, address, Gdk.CURRENT_TIME)
    except GLib.Error:
        # no program is registered for web pages; Python knows some by name
        webbrowser.open(address)


def when_clicked(button: Any, act: Callable[[], Any]) -> None:
    """Let ``button`` call ``act`` from the main loop, where ``act`` opens another window and waits for it.

    Called inside the signal, it would block the screen reader that pressed the button.
    """

    def once() -> bool:
        act()
        return bool(GLib.SOURCE_REMOVE)

    button.connect("clicked", lambda _button: GLib.idle_add(once))


def add_help(dialog: Any, label: str, section: str) -> Gtk.Button:
    """Give a dialog of our own a Help button that opens ``section`` and leaves the dialog open."""
    button = Gtk.Button(label=label, use_underline=True)
    button.set_tooltip_text(_("Opens the help in your browser, in English"))
    button.connect("clicked", lambda _button: open_help(section))
    area = dialog.get_action_area()
    area.pack_start(button, False, False, 0)
    area.set_child_secondary(button, True)
    return button


def show_error(parent: Any, event: dict[str, Any]) -> None:
    """Show an ``error`` event: what happened, whether it was charged, what to do, and where the log is."""
    dialog = Gtk.MessageDialog(
        transient_for=parent,
        modal=parent is not None,
        message_type=Gtk.MessageType.ERROR,
        buttons=Gtk.ButtonsType.NONE,
        text=texts.answers(event, catalog())[0],
        title=_("Precision Upscale"),
    )
    _what, *rest = texts.answers(event, catalog())
    dialog.format_secondary_text("\n\n".join(rest))
    if event.get("log"):
        where = label(texts.log_line(event["log"], catalog()), dim=True)
        small = Pango.AttrList()
        small.insert(Pango.attr_scale_new(_SMALL))
        where.set_attributes(small)
        where.show()
        dialog.get_message_area().pack_end(where, False, False, 0)
    words = labels.error_dialog(_)
    copy = dialog.add_button(words["copy"], Gtk.ResponseType.APPLY)
    copy.set_tooltip_text(_("Copy this message, to report it"))
    dialog.add_button(words["close"], Gtk.ResponseType.CLOSE)
    dialog.set_default_response(Gtk.ResponseType.CLOSE)
    while dialog.run() == Gtk.ResponseType.APPLY:
        clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
        clipboard.set_text(texts.error(event, catalog()), -1)
        clipboard.store()
    dialog.destroy()


def error_text(event: dict[str, Any]) -> str:
    """Return what happened and what to do, from an ``error`` event, as one line."""
    return texts.problems([event], catalog())


def confirm(parent: Any, question: str, explanation: str, cancel: str, action: str) -> bool:
    """Ask before something that cannot be undone; ``action`` labels the button that does it."""
    dialog = Gtk.MessageDialog(
        transient_for=parent,
        modal=True,
        message_type=Gtk.MessageType.QUESTION,
        buttons=Gtk.ButtonsType.NONE,
        text=question,
        title=_("Precision Upscale"),
    )
    dialog.format_secondary_text(explanation)
    dialog.add_button(cancel, Gtk.ResponseType.CANCEL)
    button = dialog.add_button(action, Gtk.ResponseType.OK)
    button.get_style_context().add_class("destructive-action")
    dialog.set_default_response(Gtk.ResponseType.CANCEL)
    answer = dialog.run()
    dialog.destroy()
    return bool(answer == Gtk.ResponseType.OK)


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds, ``1:05``."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
