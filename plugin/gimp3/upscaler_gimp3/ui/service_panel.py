"""The dialog's part about the service: which one, whether a key is stored, practicing for nothing.

What asks the worker and looks for a mock, and the other windows, are imported when they are first needed:
then the dialog is on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import Gimp
from precision_upscaler.contract import SERVERS

from upscaler_gimp3.i18n import _, catalog
from upscaler_gimp3.labels import service_part

from . import widgets
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Callable

    from upscaler_gimp3.worker.calls import Call

    Event = dict[str, Any]

_REMEMBERED = "precision-upscaler-service"


class ServicePart(Gtk.Box):
    """The lines and buttons.

    ``changed`` is called whenever :attr:`ready` or :attr:`practicing` may differ; ``taken`` are the
    mnemonic letters of the dialog around it. Nothing here blocks: the worker and the look for a mock
    answer when they are done.
    """

    def __init__(self, parent: Any, changed: Callable[[], object], taken: set[str]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._parent = parent
        self._changed = changed
        self._call: Call | None = None
        self._asked = False
        self._ended = False
        self._mock: str | None = None
        self._mock_known = False
        self._mocks: dict[str, bool] = {}
        self.status: Event | None = None
        """The worker's ``status``, None until it has answered."""
        self._message = widgets.Message()
        self.pack_start(self._message, False, False, 0)
        row = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=6)
        self._line = widgets.label(_("Looking for the API key…"), dim=True, chars=25)
        row.pack_start(self._line, True, True, 0)
        self._labels = service_part(_, taken)
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
        """Whether pictures go to a mock on this computer.

        Being on this computer is not enough: a proxy to the real service may be too.
        """
        return self._mocks.get(str(self.status.get("base_url", "")) if self.status else "", False)

    @property
    def _overridden(self) -> bool:
        """Whether the environment decides the address, so that a setting would change nothing."""
        assert self.status is not None
        return bool(self.status["base_url"] != self.status["settings"]["base_url"])

    # ---------------------------------------------------------------- asking

    def begin(self) -> None:
        """Ask the worker how things stand, and look for a mock meanwhile."""
        from upscaler_gimp3.worker import mock_looks

        self._ask({"command": "status"}, self._heard_status)
        mock_looks.find(self._heard_mock)

    def end(self) -> None:
        """Take no answers any more: the dialog is closing."""
        if self._call is not None:
            self._call.forget()
        self._changed = lambda: None
        self._mock_known = self._ended = True

    def _heard_mock(self, address: str | None) -> None:
        if not self._mock_known:
            self._mock, self._mock_known = address, True
            self._show()
            self._ask_once()

    def _heard_what_answers(self, address: str, is_mock: bool) -> None:
        if not self._ended:
            self._mocks[address] = is_mock
            self._show()
            self._changed()

    def _ask(self, command: Event, answered: Callable[[Event], None], key: str | None = None) -> None:
        from upscaler_gimp3.worker.calls import Call

        self._call = Call(command, answered, key=key)
        self._sensitive()

    def _heard_status(self, event: Event) -> None:
        from upscaler_gimp3.worker import mock_looks

        self._call = None
        self.status = event
        self._show()
        self._changed()
        self._ask_once()
        address = str(event.get("base_url", ""))
        mock_looks.is_mock(address, lambda is_mock: self._heard_what_answers(address, is_mock))

    def _ask_once(self) -> None:
        """On the first run, once everything is known, ask for the key unless there is a mock to try first."""
        known = self.status is not None and self.status["event"] == "status" and self._mock_known
        if known and not self.ready and not self._mock and not self._asked:
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
            self._message.show_text(widgets.sentences(self.status), "error")
            return
        from urllib.parse import urlsplit

        host = urlsplit(self.status["base_url"]).netloc
        self._line.set_text(
            _("Service: {host}").format(host=host) if self.ready else _("No API key is stored.")
        )
        if not self.ready:
            self._message.show_text(_("The service needs the API key of your account."), "warning")
        elif self.practicing:
            self._message.show_text(
                _("Practice: pictures go to the offline mock on this computer. Nothing is charged."), "info"
            )
        else:
            self._message.show_text(self._waiting(), "info")
        known = self.status["base_url"] in self._mocks
        can_switch = known and not self._overridden and (self.practicing or self._mock is not None)
        self._practice.set_visible(can_switch)
        self._practice.set_label(self._labels["real" if self.practicing else "practice"])

    def _waiting(self) -> str:
        """Tell of results that were paid for and never arrived."""
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
        from .key_dialog import ask_for_key

        assert self.status is not None
        stored = ask_for_key(self._parent, self.status["base_url"])
        if stored:
            self._ask({"command": "status"}, self._heard_status)
        return stored

    def _open_settings(self) -> None:
        from .settings_dialog import SettingsDialog

        assert self.status is not None
        SettingsDialog(self._parent, self.status).ask()
        self._ask({"command": "status"}, self._heard_status)

    def _switch(self) -> None:
        """Change between the real service and the mock, in the settings, so that repeated runs follow."""
        assert self.status is not None
        if self.practicing:
            address = _remembered() or SERVERS[0]
        else:
            _remember(self.status["settings"]["base_url"])
            address = str(self._mock)
        self._ask({"command": "settings", "set": {"base_url": address}}, self._switched)

    def _switched(self, event: Event) -> None:
        if event["event"] != "settings":
            self._heard_status(event)
        elif event["settings"]["base_url"] == self._mock:
            from precision_upscaler.frontend import practice

            order = {"command": "store-key", "base_url": event["settings"]["base_url"]}
            self._ask(order, lambda _stored: self._refresh(), key=practice.KEY)
        else:
            self._refresh()

    def _refresh(self) -> None:
        self._ask({"command": "status"}, self._heard_status)


def _remember(address: str) -> None:
    """Keep the real service's address, as GIMP keeps what outlives a session, for the way back."""
    data = list(address.encode("ascii", "ignore"))
    Gimp.attach_parasite(Gimp.Parasite.new(_REMEMBERED, Gimp.PARASITE_PERSISTENT, data))


def _remembered() -> str | None:
    parasite = Gimp.get_parasite(_REMEMBERED)
    return bytes(parasite.get_data()).decode("ascii", "ignore") if parasite is not None else None
