"""The settings that are not arguments of a run: key, service, upload format, timeout, the journal's size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.contract import SERVERS
from precision_upscaler.frontend import texts

from upscaler_gimp3 import labels
from upscaler_gimp3.i18n import _, catalog
from upscaler_gimp3.worker.calls import Call

from . import widgets
from .key_dialog import ask_for_key
from .widgets import Gtk

if TYPE_CHECKING:
    Event = dict[str, Any]

_NUMBERS = {
    "deadline_minutes": 5,
    "journal_days": 1,
    "journal_megabytes": 100,
    "requests_per_minute": 1,
    "monthly_budget": 1,
}
"""The settings that are numbers, with the step of their buttons."""

_CHOICES = ("upload_format", "budget_unit")
"""The settings that are choices."""


def _choices(name: str) -> dict[str, str]:
    return {
        "upload_format": {"png": _("PNG, lossless"), "jpeg": _("JPEG, smaller")},
        "budget_unit": {"money": _("money"), "credits": _("credits")},
    }[name]


def _explanations() -> dict[str, str]:
    return {
        "base_url": _(
            "Where pictures are sent. Both names of the service are offered; others can be written."
        ),
        "upload_format": _("PNG keeps every pixel; JPEG is sent faster over a slow line."),
        "deadline_minutes": _(
            "After that the wait ends, but the task does not: Resume Precision Upscales fetches its result."
        ),
        "journal_days": _("The same upscale, asked for again within this time, costs nothing."),
        "journal_megabytes": _("The oldest results go first. What was not delivered yet is never removed."),
        "requests_per_minute": _(
            "The service allows 50 a minute to each key, for all its programs together."
        ),
        "monthly_budget": _("A run that would pass it is refused before anything is sent."),
        "budget_unit": _("The service's credits, or money by the table of prices."),
        "result_hosts": _(
            "Hosts, separated by spaces, from which results may be fetched besides the service's."
        ),
    }


class SettingsDialog(Gtk.Dialog):
    """The window; :meth:`ask` runs it. ``status`` is the worker's ``status`` event."""

    def __init__(self, parent: Any, status: Event) -> None:
        super().__init__(
            title=_("Precision Upscale Settings"), transient_for=parent, modal=parent is not None
        )
        self._status = status
        self._settings: dict[str, Any] = dict(status["settings"])
        self._fields: dict[str, Any] = {}
        self._calls: list[Call] = []
        self._labels = labels.settings_dialog(_)
        widgets.add_help(self, self._labels["help"], "settings")
        self.add_button(self._labels["cancel"], Gtk.ResponseType.CANCEL)
        self._save = self.add_button(self._labels["save"], Gtk.ResponseType.OK)
        self.set_default_response(Gtk.ResponseType.OK)
        self._fill()
        self._show_status(status)
        self.connect("response", self._respond)
        self.connect("destroy", self._discard_calls)

    def ask(self) -> bool:
        """Show the window until it is saved or closed; whether anything was saved."""
        self.show_all()
        saved = bool(self.run() == Gtk.ResponseType.APPLY)
        self.destroy()
        return saved

    # ---------------------------------------------------------------- widgets

    def _fill(self) -> None:
        box = self.get_content_area()
        box.set_border_width(12)
        box.set_spacing(10)
        box.add(self._key_part())
        box.add(Gtk.Separator())
        grid = Gtk.Grid(column_spacing=12, row_spacing=6)
        box.add(grid)
        for row, (name, explanation) in enumerate(_explanations().items()):
            title = self._labels[name]
            field = self._field(name)
            field.set_tooltip_text(explanation)
            field.set_hexpand(True)
            self._fields[name] = field
            text = widgets.labelled(title, field)
            if isinstance(field, Gtk.ComboBoxText) and field.get_has_entry():
                widgets.named(field.get_child(), labels.without_mnemonic(title))
            text.set_tooltip_text(explanation)
            grid.attach(text, 0, row, 1, 1)
            grid.attach(field, 1, row, 1, 1)
        self._message = widgets.Message()
        box.add(self._message)
        box.add(self._places())

    def _key_part(self) -> Any:
        part = Gtk.Grid(column_spacing=12, row_spacing=6)
        self._key_state = widgets.label(chars=34)
        self._key_state.set_hexpand(True)
        part.attach(self._key_state, 0, 0, 1, 1)
        self._change = Gtk.Button(label=self._labels["change-key"], use_underline=True)
        widgets.when_clicked(self._change, self._change_key)
        part.attach(self._change, 1, 0, 1, 1)
        self._test = Gtk.Button(label=self._labels["test-key"], use_underline=True)
        self._test.set_tooltip_text(_("Asks the service for the list of tasks, which costs nothing."))
        self._test.connect("clicked", self._test_key)
        part.attach(self._test, 2, 0, 1, 1)
        self._key_message = widgets.Message()
        part.attach(self._key_message, 0, 1, 3, 1)
        return part

    def _field(self, name: str) -> Any:
        value: Any = self._settings.get(name)
        facts = self._status.get("fields", {}).get(name, {})
        if name in _NUMBERS:
            field = Gtk.SpinButton.new_with_range(
                facts.get("minimum", 0), facts.get("maximum", 1_000_000), _NUMBERS[name]
            )
            field.set_digits(2 if name == "monthly_budget" or not float(value).is_integer() else 0)
            field.set_value(value)
            return field
        if name in _CHOICES:
            field = Gtk.ComboBoxText()
            for choice, text in _choices(name).items():
                field.append(choice, text)
            field.set_active_id(value)
            return field
        if name == "base_url":
            field = Gtk.ComboBoxText.new_with_entry()
            for address in SERVERS:
                field.append_text(address)
            field.get_child().set_text(value)
            field.get_child().set_width_chars(36)
            return field
        return Gtk.Entry(text=" ".join(value or ()))

    def _places(self) -> Any:
        rows = Gtk.Grid(column_spacing=12, row_spacing=6)
        for row, (title, path) in enumerate(
            ((_("Data folder:"), self._status["data_folder"]), (_("Log:"), self._status["log"]))
        ):
            rows.attach(widgets.label(title, dim=True, wrap=False), 0, row, 1, 1)
            place = widgets.label(texts.short_path(path), dim=True, chars=60)
            place.set_selectable(True)
            place.set_can_focus(False)
            rows.attach(place, 1, row, 1, 1)
        return rows

    def _show_status(self, status: Event) -> None:
        """Show where the key is, and what is wrong with the settings or the key."""
        self._message.show_text(texts.problems(status.get("problems", ()), catalog()), "warning")
        where = status.get("key")
        words = {
            "environment": _("The API key comes from the environment."),
            "keyring": _("The API key is in the system's keyring."),
            "file": _("The API key is in a file that only you can read."),
        }
        self._key_state.set_text(words.get(where or "", _("No API key is stored.")))
        self._test.set_sensitive(where is not None)
        # a key in the environment overrides a stored one
        self._change.set_sensitive(where != "environment")

    # ---------------------------------------------------------------- actions

    def _address(self) -> str:
        return str(self._fields["base_url"].get_child().get_text().strip())

    def values(self) -> dict[str, Any]:
        """Return the settings as the window shows them."""
        values: dict[str, Any] = {}
        for name, field in self._fields.items():
            if name in _NUMBERS:
                field.update()
                number = field.get_value()
                values[name] = int(number) if isinstance(self._settings[name], int) else number
            elif name in _CHOICES:
                values[name] = field.get_active_id()
            elif name == "base_url":
                values[name] = self._address()
            else:
                values[name] = field.get_text().replace(",", " ").split()
        return values

    def _ask_worker(self, command: Event, on_answer: Any) -> None:
        self._calls = [call for call in self._calls if call.pending]
        self._calls.append(Call(command, on_answer))

    def _change_key(self) -> None:
        if ask_for_key(self, self._effective_address()):
            self._key_message.show_text("")
            command = {"command": "status", "base_url": self._effective_address()}
            self._ask_worker(command, self._show_status)

    def _effective_address(self) -> str:
        """Return the address in the window, unless the environment overrides the setting."""
        overridden = self._status["base_url"] != self._settings["base_url"]
        return str(self._status["base_url"]) if overridden else self._address()

    def _test_key(self, _button: Any) -> None:
        self._test.set_sensitive(False)
        self._key_message.show_text(_("Asking the service…"))
        command = {"command": "test-key", "base_url": self._effective_address()}
        self._ask_worker(command, self._key_tested)

    def _key_tested(self, event: Event) -> None:
        self._test.set_sensitive(True)
        if event["event"] == "key" and event["valid"]:
            self._key_message.show_text(_("The key works."))
        elif event["event"] == "key":
            self._key_message.show_text(_("The service does not accept this key."), "error")
        else:
            self._key_message.show_text(widgets.error_text(event), "warning")

    def _respond(self, _dialog: Any, response: int) -> None:
        if response != Gtk.ResponseType.OK:
            return
        changes = {name: value for name, value in self.values().items() if value != self._settings[name]}
        if not changes:
            # from an idle: this response is still being handled
            GLib.idle_add(self.response, Gtk.ResponseType.CANCEL)
        else:
            self._save.set_sensitive(False)
            self._ask_worker({"command": "settings", "set": changes}, self._saved)
        self.stop_emission_by_name("response")

    def _saved(self, event: Event) -> None:
        self._save.set_sensitive(True)
        if event["event"] == "settings":
            self.response(Gtk.ResponseType.APPLY)
            return
        self._message.show_text(widgets.error_text(event), "error")
        field = self._fields.get(event.get("details", {}).get("setting", ""))
        if field is not None:
            field.grab_focus()

    def _discard_calls(self, *_dialog: object) -> None:
        for call in self._calls:
            call.discard()
