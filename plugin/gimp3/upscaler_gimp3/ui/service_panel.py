"""The upscale dialog's last lines: which service, whether a key is stored, and practice with the mock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gi.repository import Gimp
from precision_upscaler.contract import SERVERS
from precision_upscaler.frontend import texts

from upscaler_gimp3 import labels
from upscaler_gimp3.i18n import _, catalog
from upscaler_gimp3.worker.calls import Call

from . import widgets
from .key_dialog import ask_for_key
from .settings_dialog import SettingsDialog
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Callable

    Event = dict[str, Any]

_PARASITE = "precision-upscaler-service"


class ServicePanel(Gtk.Box):
    """The lines and buttons.

    ``changed`` is called whenever :attr:`ready` or :attr:`practicing` may differ. Nothing here blocks: the
    worker is asked in the background.
    """

    def __init__(self, parent: Any, changed: Callable[[], object]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._parent = parent
        self._changed = changed
        self._call: Call | None = None
        self._mock_call: Call | None = None
        self._asked = False
        self._mock: Event | None = None
        """The worker's ``mock`` event (or an error), None until it has answered."""
        self.status: Event | None = None
        """The worker's ``status`` event (or an error), None until it has answered."""
        self._message = widgets.Message()
        self.pack_start(self._message, False, False, 0)
        row = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._line = widgets.label(_("Looking for the API key…"), dim=True, chars=25)
        row.pack_start(self._line, True, True, 0)
        self._labels = labels.service_panel(_)
        self._practice = Gtk.Button(label=self._labels["practice"], use_underline=True, no_show_all=True)
        self._practice.connect("clicked", lambda _button: self._switch())
        row.pack_start(self._practice, False, False, 0)
        self._key = Gtk.Button(label=self._labels["key"], use_underline=True)
        widgets.when_clicked(self._key, self.ask_for_key)
        row.pack_start(self._key, False, False, 0)
        self._settings = Gtk.Button(label=self._labels["settings"], use_underline=True)
        widgets.when_clicked(self._settings, self._open_settings)
        row.pack_start(self._settings, False, False, 0)
        self.pack_start(row, False, False, 0)
        self._sensitive()

    # ---------------------------------------------------------------- what is known

    @property
    def ready(self) -> bool:
        """Whether a run could begin: the worker works and a key is there."""
        return bool(self.status and self.status["event"] == "status" and self.status["key"])

    @property
    def practicing(self) -> bool:
        """Whether images are sent to a mock on this computer."""
        return self._mock_checked and bool(self._mock and self._mock["is_mock"])

    @property
    def _mock_checked(self) -> bool:
        """Whether it is known if a mock answers at the service address of :attr:`status`."""
        status, mock = self.status or {}, self._mock or {}
        return mock.get("event") == "mock" and mock["base_url"] == status.get("base_url")

    @property
    def _mock_address(self) -> str | None:
        """The address of a mock on this computer."""
        return self._mock.get("address") if self._mock else None

    @property
    def _overridden(self) -> bool:
        """Whether the environment decides the address, so that a setting would change nothing."""
        assert self.status is not None
        return bool(self.status["base_url"] != self.status["settings"]["base_url"])

    # ---------------------------------------------------------------- asking

    def refresh(self) -> None:
        """Ask the worker for its status, and for a mock meanwhile."""
        self._ask({"command": "status"}, self._on_status)
        if self._mock_call is not None:
            self._mock_call.discard()
        self._mock_call = Call({"command": "find-mock"}, self._on_mock)

    def end(self) -> None:
        """Ignore all answers: the dialog is closing."""
        for call in (self._call, self._mock_call):
            if call is not None:
                call.discard()

    def _ask(self, command: Event, on_answer: Callable[[Event], None], key: str | None = None) -> None:
        self._call = Call(command, on_answer, key=key)
        self._sensitive()

    def _on_mock(self, event: Event) -> None:
        self._mock_call = None
        self._mock = event
        self._show()
        self._changed()
        self._ask_once()

    def _on_status(self, event: Event) -> None:
        self._call = None
        self.status = event
        self._show()
        self._changed()
        self._ask_once()

    def _ask_once(self) -> None:
        """On the first run, once everything is known, ask for the key unless there is a mock to try first."""
        known = self.status is not None and self.status["event"] == "status" and self._mock is not None
        if known and not self.ready and not self._mock_address and not self._asked:
            self._asked = True
            self.ask_for_key()

    # ---------------------------------------------------------------- showing

    def _sensitive(self) -> None:
        known = self._call is None and self.status is not None and self.status["event"] == "status"
        from_environment = bool(known and self.status and self.status["key"] == "environment")
        self._key.set_sensitive(known and not from_environment)
        self._settings.set_sensitive(known)
        self._practice.set_sensitive(known)

    def _show(self) -> None:
        self._sensitive()
        if self.status is None:
            return
        if self.status["event"] != "status":
            self._line.set_text("")
            self._message.show_text(widgets.error_text(self.status), "error")
            return
        host = urlsplit(self.status["base_url"]).netloc
        self._line.set_text(
            _("Service: {host}").format(host=host) if self.ready else _("No API key is stored.")
        )
        if self.status["problems"]:
            self._message.show_text(texts.problems(self.status["problems"], catalog()), "warning")
        elif not self.ready:
            self._message.show_text(_("The service needs the API key of your account."), "warning")
        elif self.practicing:
            self._message.show_text(
                _("Practice: pictures go to the offline mock on this computer. Nothing is charged."), "info"
            )
        else:
            self._message.show_text(self._waiting(), "info")
        can_switch = self.practicing or self._mock_address is not None
        can_switch = can_switch and self._mock_checked and not self._overridden
        self._practice.set_visible(can_switch)
        self._practice.set_label(self._labels["real" if self.practicing else "practice"])

    def _waiting(self) -> str:
        """Return how many paid results were never placed, as text; empty when there are none."""
        assert self.status is not None
        count = int(self.status.get("unfinished") or 0)
        if not count:
            return ""
        return (
            catalog()
            .plural(
                "{count} earlier result waits: Filters ▸ Enhance ▸ Resume Precision Upscales…",
                "{count} earlier results wait: Filters ▸ Enhance ▸ Resume Precision Upscales…",
                count,
            )
            .format(count=count)
        )

    # ---------------------------------------------------------------- doing

    def ask_for_key(self) -> bool:
        """Ask for the key in its own window; whether one was stored."""
        assert self.status is not None
        stored = ask_for_key(self._parent, self.status["base_url"])
        if stored:
            self.refresh()
        return stored

    def _open_settings(self) -> None:
        assert self.status is not None
        SettingsDialog(self._parent, self.status).ask()
        self.refresh()

    def _switch(self) -> None:
        """Change between the real service and the mock, in the settings, so that repeated runs follow."""
        assert self.status is not None
        if self.practicing:
            address = _remembered() or SERVERS[0]
        else:
            _remember(self.status["settings"]["base_url"])
            address = str(self._mock_address)
        self._ask({"command": "settings", "set": {"base_url": address}}, self._switched)

    def _switched(self, event: Event) -> None:
        if event["event"] != "settings":
            self._on_status(event)
        elif self._mock and event["settings"]["base_url"] == self._mock_address:
            command = {"command": "store-key", "base_url": self._mock_address}
            self._ask(command, lambda _stored: self.refresh(), key=self._mock["key"])
        else:
            self.refresh()


def _remember(address: str) -> None:
    """Keep the real service's address, as GIMP keeps what outlives a session, for the way back."""
    data = list(address.encode("ascii", "ignore"))
    Gimp.attach_parasite(Gimp.Parasite.new(_PARASITE, Gimp.PARASITE_PERSISTENT, data))


def _remembered() -> str | None:
    parasite = Gimp.get_parasite(_PARASITE)
    return bytes(parasite.get_data()).decode("ascii", "ignore") if parasite is not None else None
