"""The window that shows a run: a row for each layer, time and bytes, and a Cancel that says what it costs.

It is not modal and blocks nothing: GIMP, the image and its other windows stay usable.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.fraction import Fraction

from . import widgets
from .i18n import _, catalog
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]

_TICK_SECONDS = 1
_MOST_ROWS_SHOWN = 6
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
        title.set_ellipsize(widgets.Pango.EllipsizeMode.MIDDLE)
        top.pack_start(title, True, True, 0)
        self._words = widgets.label(wrap=False)
        self._words.set_xalign(1)
        top.pack_end(self._words, False, False, 0)
        self.pack_start(top, False, False, 0)
        self._bar = widgets.named(Gtk.ProgressBar(), name)
        self.pack_start(self._bar, False, False, 0)
        self._numbers = widgets.label(dim=True, wrap=False)
        self.pack_start(self._numbers, False, False, 0)

    def note(self, event: Event) -> None:
        """Take in an event of the worker."""
        self._bar.set_fraction(self._fraction.note(event))
        if event["event"] == "stage":
            self._enter(event)
        elif event["event"] == "progress" and event["stage"] == "waiting":
            self._waited, self._waiting_since = float(event["done"]), self._now()
            self._expected = event.get("total") or self._expected
        elif event["event"] == "progress":
            self._detail = _bytes(event)
        self.tick()

    def say(self, words: str) -> None:
        """Show what the front end itself is doing with the layer."""
        self._words.set_text(words)

    def finish(self, words: str) -> None:
        """Show that the layer is done, one way or the other; ``words`` say how."""
        self.over = True
        self._detail = ""
        self._waiting_since = None
        self._words.set_text("")
        self._numbers.set_text(words)

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
        self._numbers.set_text(self._detail)

    def _enter(self, event: Event) -> None:
        self._stage = event["stage"]
        self.charged = event.get("charged", self.charged)
        self._expected = event.get("expected_seconds") or self._expected
        self._detail = ""
        if self._stage == "waiting" and self._waiting_since is None:
            self._waiting_since = self._now()
        self._words.set_text(texts.stage(event, catalog()))


class ProgressWindow(Gtk.Window):
    """The window of one run over the layers called ``names``.

    ``cancel`` is called once, when the user presses Cancel or closes the window; the window stays
    until :meth:`close_quietly`, because the worker still has to say what that meant. ``now`` is a
    monotonic clock.
    """

    def __init__(
        self, names: Sequence[str], cancel: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(title=_("Precision Upscale"), type_hint=widgets.Gdk.WindowTypeHint.DIALOG)
        self.set_default_size(460, -1)
        self.set_border_width(12)
        self._cancel = cancel
        self._cancelled = False
        self.rows = [Row(name, now) for name in names]
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self.add(box)
        box.pack_start(self._list(), True, True, 0)
        box.pack_start(self._foot(), False, False, 0)
        self.connect("delete-event", self._closed)
        self.connect("key-press-event", self._key)
        self._ticker = GLib.timeout_add_seconds(_TICK_SECONDS, self._tick)
        self._price()

    def note(self, index: int, event: Event) -> None:
        """Show an event of the worker that serves layer ``index``."""
        self.rows[index].note(event)
        self._price()

    def say(self, index: int, words: str) -> None:
        """Show what the front end itself is doing with layer ``index``."""
        self.rows[index].say(words)

    def finish(self, index: int, words: str) -> None:
        """Layer ``index`` is done, one way or the other; ``words`` say how."""
        self.rows[index].finish(words)
        self._price()

    def forbid_cancel(self, words: str) -> None:
        """Nothing can be cancelled any more (the image is being changed); ``words`` say what happens."""
        self._button.set_sensitive(False)
        self._cost.set_text(words)

    def close_quietly(self) -> None:
        """Take the window away."""
        if self._ticker:
            GLib.source_remove(self._ticker)
            self._ticker = 0
        self.destroy()

    # ---------------------------------------------------------------- inside

    def _list(self) -> Any:
        rows = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10)
        for row in self.rows:
            rows.pack_start(row, False, False, 0)
        if len(self.rows) <= _MOST_ROWS_SHOWN:
            return rows
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        scrolled.set_min_content_height(_MOST_ROWS_SHOWN * _ROW_HEIGHT)
        scrolled.add(rows)
        return scrolled

    def _foot(self) -> Any:
        foot = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=12)
        self._cost = widgets.label(dim=True, chars=46)
        foot.pack_start(self._cost, True, True, 0)
        self._button = Gtk.Button(label=_("_Cancel"), use_underline=True, valign=Gtk.Align.END)
        self._button.connect("clicked", lambda _button: self._stop())
        foot.pack_end(self._button, False, False, 0)
        return foot

    def _price(self) -> None:
        """Say what Cancel would cost now."""
        if not self._cancelled and self._button.get_sensitive():
            self._cost.set_text(cost_of_cancelling([row.charged for row in self.rows if not row.over]))

    def _tick(self) -> bool:
        for row in self.rows:
            row.tick()
        return bool(GLib.SOURCE_CONTINUE)

    def _closed(self, *_event: object) -> bool:
        self._stop()
        return True

    def _key(self, _window: Any, event: Any) -> bool:
        if event.keyval == widgets.Gdk.KEY_Escape:
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


def cost_of_cancelling(charges: Sequence[str]) -> str:
    """Return what a cancel would mean for the money, from ``charged`` of every layer still under way."""
    paid = sum(charged == "yes" for charged in charges)
    if any(charged == "unknown" for charged in charges):
        return _("Cancel: it is just being decided whether this is charged. Nothing paid gets lost.")
    if paid == 0:
        return _("Cancel costs nothing now.")
    if paid == len(charges):
        return _("Already charged. After Cancel, Resume Precision Upscales brings the result at no new cost.")
    return (
        catalog()
        .plural(
            "{paid} layer is already charged. After Cancel, Resume Precision Upscales brings its result at no new cost.",
            "{paid} layers are already charged. After Cancel, Resume Precision Upscales brings their results at no "
            "new cost.",
            paid,
        )
        .format(paid=paid)
    )


def _bytes(event: Event) -> str:
    done, total = widgets.file_size(event["done"]), event.get("total")
    if not total:
        return done
    return _("{done} of {total}").format(done=done, total=widgets.file_size(total))
