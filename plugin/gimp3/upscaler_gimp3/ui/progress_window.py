"""The window that shows a run: for each layer stage, time and bytes; and Cancel, with what it costs.

It is not modal: GIMP, the image and its other windows stay usable.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import gi

gi.require_version("GimpUi", "3.0")
from gi.repository import GimpUi, GLib
from precision_upscaler.frontend import i18n, texts
from precision_upscaler.frontend.progress import Fraction

from upscaler_gimp3.i18n import _, catalog

from . import widgets
from .widgets import Gdk, Gtk, Pango

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]

_ENDINGS = ("result", "error", "cancelled")
_TICK_SECONDS = 1
_MOST_ROWS_SHOWN = 6
_WIDTH = 440
_ROW_HEIGHT = 74


class Row(Gtk.Box):
    """One layer: its name, the stage, a bar, and what is known about bytes or time."""

    def __init__(self, name: str, now: Callable[[], float]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=3)
        self._now = now
        self._fraction = Fraction()
        self._stage = ""
        self._detail = ""
        self._waiting_since: float | None = None
        self._waited = 0.0
        self._expected: float | None = None
        self.charged = "no"
        self.over = False
        top = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12)
        title = widgets.label(name, bold=True, wrap=False)
        title.set_ellipsize(Pango.EllipsizeMode.MIDDLE)
        top.pack_start(title, True, True, 0)
        self._stage_label = widgets.label(wrap=False)
        self._stage_label.set_xalign(1)
        top.pack_end(self._stage_label, False, False, 0)
        self.pack_start(top, False, False, 0)
        self._bar = widgets.named(Gtk.ProgressBar(), name)
        self.pack_start(self._bar, False, False, 0)
        self._detail_label = widgets.label(dim=True, wrap=False)
        self._detail_label.set_ellipsize(Pango.EllipsizeMode.END)
        self.pack_start(self._detail_label, False, False, 0)

    def note(self, event: Event) -> None:
        """Take in an event of the worker."""
        self._bar.set_fraction(self._fraction.note(event))
        if event["event"] in _ENDINGS:
            self._end(event)
        elif event["event"] == "stage":
            self._enter(event)
        elif event["event"] == "progress" and event["stage"] == "waiting":
            self._waited, self._waiting_since = float(event["done"]), self._now()
            self._expected = event.get("total") or self._expected
        elif event["event"] == "progress":
            self._detail = _bytes(event)
        self.tick()

    def tick(self) -> None:
        """Show the time that has passed."""
        if self.over:
            return
        if self._stage == "waiting" and self._waiting_since is not None:
            elapsed = self._waited + self._now() - self._waiting_since
            done, total = widgets.clock(elapsed), widgets.clock(self._expected or 0)
            usual = _("{elapsed} of usually about {expected}")
            self._detail = usual.format(elapsed=done, expected=total) if self._expected else done
            tick = {"event": "progress", "stage": "waiting", "done": elapsed, "total": self._expected}
            self._bar.set_fraction(self._fraction.note(tick))
        self._detail_label.set_text(self._detail)

    def _end(self, event: Event) -> None:
        self.over = True
        self._stage_label.set_text(
            {"result": _("Done"), "cancelled": _("Cancelled")}.get(event["event"], _("Failed"))
        )
        text = {
            "error": i18n.translated_member(event, "what", catalog()),
            "cancelled": texts.cancelled(event.get("charged", "unknown"), catalog()),
        }.get(event["event"], "")
        self._detail_label.set_text(text)
        self._detail_label.set_tooltip_text(text or None)

    def _enter(self, event: Event) -> None:
        self._stage = event["stage"]
        self.charged = event.get("charged", self.charged)
        self._expected = event.get("expected_seconds") or self._expected
        self._detail = ""
        if self._stage == "waiting" and self._waiting_since is None:
            self._waiting_since = self._now()
        self._stage_label.set_text(texts.stage(event, catalog()))


class ProgressWindow:
    """A :class:`progress.Progress` that shows itself as a window of its own.

    Cancel (or Escape, or closing the window) is reported to the run once; the window stays until
    :meth:`finish`, because the workers still have to report what the cancel cost. ``now`` is a
    monotonic clock.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._rows: list[Row] = []
        self._window: Any = None
        self._cancelled = False
        self._ticker = 0

    def start(self, names: Sequence[str], cancel: Callable[[], None]) -> None:
        """Show the window with a row for each of ``names``; ``cancel`` is what Cancel calls."""
        self._cancel = cancel
        self._rows = [Row(name, self._now) for name in names]
        self._window = Gtk.Window(title=_("Precision Upscale"), type_hint=Gdk.WindowTypeHint.DIALOG)
        self._window.set_border_width(12)
        # as large as it needs to be, and not larger
        self._window.set_resizable(False)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, width_request=_WIDTH)
        self._window.add(box)
        box.pack_start(self._list(), True, True, 0)
        box.pack_start(self._foot(), False, False, 0)
        self._window.connect("delete-event", self._closed)
        self._window.connect("key-press-event", self._key)
        self._ticker = GLib.timeout_add_seconds(_TICK_SECONDS, self._tick)
        self._show_cost()
        # above GIMP's window, but not in the way of it
        GimpUi.window_set_transient(self._window)
        self._window.show_all()
        self._window.present()

    def event(self, index: int, event: Event) -> None:
        """Show an event of the worker that serves layer ``index``."""
        self._message.set_text("")
        self._rows[index].note(event)
        self._show_cost()

    def say(self, text: str) -> None:
        """Show what happens in the front end itself, and let it be seen before it begins."""
        self._message.set_text(text)
        # what comes now may keep this thread busy for seconds
        while Gtk.events_pending():
            Gtk.main_iteration_do(False)

    def finish(self) -> None:
        """Take the window away."""
        if self._ticker:
            GLib.source_remove(self._ticker)
            self._ticker = 0
        if self._window is not None:
            self._window.destroy()
            self._window = None

    # ---------------------------------------------------------------- inside

    def _list(self) -> Any:
        rows = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10)
        for row in self._rows:
            rows.pack_start(row, False, False, 0)
        if len(self._rows) <= _MOST_ROWS_SHOWN:
            return rows
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        scrolled.set_min_content_height(_MOST_ROWS_SHOWN * _ROW_HEIGHT)
        scrolled.add(rows)
        return scrolled

    def _foot(self) -> Any:
        foot = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12)
        words = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=3)
        self._message = widgets.label(chars=46)
        words.pack_start(self._message, False, False, 0)
        self._cost = widgets.label(dim=True, chars=46)
        words.pack_start(self._cost, False, False, 0)
        foot.pack_start(words, True, True, 0)
        self._button = Gtk.Button(label=_("_Cancel"), use_underline=True, valign=Gtk.Align.END)
        self._button.connect("clicked", lambda _button: self._stop())
        foot.pack_end(self._button, False, False, 0)
        return foot

    def _show_cost(self) -> None:
        """Show what Cancel would cost now."""
        under_way = [row.charged for row in self._rows if not row.over]
        if not self._cancelled:
            cost = texts.cancel_cost(under_way, catalog(), catalog().plural) if under_way else ""
            self._cost.set_text(cost)
            self._button.set_sensitive(bool(under_way))

    def _tick(self) -> bool:
        for row in self._rows:
            row.tick()
        return bool(GLib.SOURCE_CONTINUE)

    def _closed(self, *_event: object) -> bool:
        self._stop()
        return True

    def _key(self, _window: Any, event: Any) -> bool:
        if event.keyval == Gdk.KEY_Escape:
            self._stop()
            return True
        return False

    def _stop(self) -> None:
        if self._cancelled or not self._button.get_sensitive():
            return
        self._cancelled = True
        self._button.set_sensitive(False)
        self._cost.set_text(_("Cancelling…"))
        self._cancel()


def _bytes(event: Event) -> str:
    done, total = str(GLib.format_size(event["done"])), event.get("total")
    if not total:
        return done
    return _("{done} of {total}").format(done=done, total=GLib.format_size(total))
