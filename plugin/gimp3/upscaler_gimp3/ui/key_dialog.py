"""Ask for the API key, test it with a call that costs nothing, and store it through the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from precision_upscaler.contract import KEY_PAGE

from upscaler_gimp3 import labels
from upscaler_gimp3.i18n import _
from upscaler_gimp3.worker.calls import Call

from . import widgets
from .widgets import Gtk

if TYPE_CHECKING:
    Event = dict[str, Any]

_STORE_UNTESTED = 1


class KeyDialog(Gtk.Dialog):
    """The window; :meth:`ask` runs it. The key lives in the entry and in the worker's pipe only."""

    def __init__(self, parent: Any, base_url: str) -> None:
        super().__init__(title=_("API Key"), transient_for=parent, modal=parent is not None)
        self._base_url = base_url
        self._call: Call | None = None
        self._mock_call: Call | None = None
        self._stored = False
        self._labels = labels.key_dialog(_)
        widgets.add_help(self, self._labels["help"], "key")
        self.add_button(self._labels["cancel"], Gtk.ResponseType.CANCEL)
        self._untested = self.add_button(self._labels["untested"], _STORE_UNTESTED)
        self._untested.set_no_show_all(True)
        self._untested.hide()
        self._ok = self.add_button(self._labels["test"], Gtk.ResponseType.OK)
        self._ok.get_style_context().add_class("suggested-action")
        self.set_default_response(Gtk.ResponseType.OK)
        self._fill()
        self.connect("response", self._respond)
        self.connect("destroy", self._discard_calls)
        self._update()

    def ask(self) -> bool:
        """Show the window until a key is stored or the user gives up; whether one was stored."""
        self.show_all()
        self._entry.grab_focus()
        self._mock_call = Call({"command": "find-mock", "base_url": self._base_url}, self._on_mock)
        self.run()  # Test and Store do not end it: see _respond
        self.destroy()
        return self._stored

    # ---------------------------------------------------------------- widgets

    def _fill(self) -> None:
        host = urlsplit(self._base_url).hostname or self._base_url
        box = self.get_content_area()
        box.set_border_width(12)
        box.set_spacing(10)
        self._about = widgets.label(
            _(
                "The pictures are made by a paid service at {host}. It needs the API key of your own "
                "account there, and charges that account."
            ).format(host=host)
        )
        box.add(self._about)
        self._link = Gtk.LinkButton.new_with_label(KEY_PAGE, _("Get a key from the service"))
        self._link.set_halign(Gtk.Align.START)
        box.add(self._link)
        self._entry = Gtk.Entry(visibility=False, activates_default=True, width_chars=44)
        self._entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
        self._entry.set_icon_from_icon_name(Gtk.EntryIconPosition.SECONDARY, "view-reveal-symbolic")
        self._entry.set_icon_tooltip_text(Gtk.EntryIconPosition.SECONDARY, _("Show or hide the key"))
        self._entry.connect("icon-press", self._reveal)
        self._entry.connect("changed", self._update)
        row = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=8)
        row.pack_start(widgets.labelled(self._labels["key"], self._entry), False, False, 0)
        row.pack_start(self._entry, True, True, 0)
        box.add(row)
        self._spinner = Gtk.Spinner(no_show_all=True)
        self._message = widgets.Message()
        status = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=8)
        status.pack_start(self._spinner, False, False, 0)
        status.pack_start(self._message, True, True, 0)
        box.add(status)
        box.add(
            widgets.label(
                _(
                    "Testing costs nothing. The key is kept in the system's keyring or, where there is none, "
                    "in a file only you can read; never in images, settings or logs."
                ),
                dim=True,
            )
        )

    def _on_mock(self, event: Event) -> None:
        """Describe the mock instead of the paid service, if that is what answers at the address."""
        self._mock_call = None
        if event["event"] == "mock" and event["is_mock"]:
            self._link.hide()
            self._about.set_text(
                _(
                    "Practice: this key is for the offline mock on this computer, which charges nothing. "
                    "It takes the key “{key}”."
                ).format(key=event["key"])
            )

    def _reveal(self, entry: Any, *_event: object) -> None:
        entry.set_visibility(not entry.get_visibility())

    def _update(self, *_entry: object) -> None:
        busy = self._call is not None
        written = bool(self._entry.get_text().strip())
        self._ok.set_sensitive(written and not busy)
        self._untested.set_sensitive(written and not busy)
        self._entry.set_sensitive(not busy)
        self._spinner.set_visible(busy)
        if busy:
            self._spinner.start()
        else:
            self._spinner.stop()

    # ---------------------------------------------------------------- actions

    def _respond(self, _dialog: Any, response: int) -> None:
        if response == Gtk.ResponseType.OK:
            self._message.show_text(_("Asking the service…"))
            self._ask_worker("test-key", self._tested)
        elif response == _STORE_UNTESTED:
            self._store()
        if response in (Gtk.ResponseType.OK, _STORE_UNTESTED):
            # the dialog stays open until the worker has answered
            self.stop_emission_by_name("response")

    def _ask_worker(self, command: str, on_answer: Any) -> None:
        message = {"command": command, "key_follows": True, "base_url": self._base_url}
        self._call = Call(message, on_answer, key=self._entry.get_text())
        self._update()

    def _tested(self, event: Event) -> None:
        self._call = None
        if event["event"] == "key" and event["valid"]:
            self._store()
            return
        if event["event"] == "key":
            self._message.show_text(_("The service does not accept this key."), "error")
        else:
            self._message.show_text(widgets.error_text(event), "warning")
            self._untested.show()
        self._update()
        self._entry.grab_focus()

    def _store(self) -> None:
        self._message.show_text(_("Storing the key…"))
        self._ask_worker("store-key", self._was_stored)

    def _was_stored(self, event: Event) -> None:
        self._call = None
        if event["event"] == "stored":
            self._stored = True
            self._entry.set_text("")
            self.response(Gtk.ResponseType.CLOSE)
            return
        self._message.show_text(widgets.error_text(event), "error")
        self._update()

    def _discard_calls(self, *_dialog: object) -> None:
        for call in (self._call, self._mock_call):
            if call is not None:
                call.discard()


def ask_for_key(parent: Any, base_url: str) -> bool:
    """Ask for the key of the service at ``base_url``; whether one was stored."""
    return KeyDialog(parent, base_url).ask()
