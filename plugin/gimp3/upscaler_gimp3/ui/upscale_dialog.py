"""The dialog before a run: GIMP's own procedure dialog, with a preview, a forecast and the service's state.

Presets, reset and the last values come with GIMP's dialog. A parameter that is added to the contract
appears here without a change, after the ones named below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gi

gi.require_version("GimpUi", "3.0")
from gi.repository import Gegl, GimpUi, GLib, GObject
from precision_upscaler.contract import estimates
from precision_upscaler.frontend import options as described
from precision_upscaler.frontend.forecast import Experience

from upscaler_gimp3 import labels
from upscaler_gimp3.arguments import argument_name, options_from
from upscaler_gimp3.errors import Refused
from upscaler_gimp3.i18n import _

from . import widgets
from .forecast_panel import ForecastPanel
from .preview import Preview
from .service_panel import ServicePanel
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from precision_upscaler.contract import Parameter

_FIRST = ("flavor", "scale_factor", "placement")
"""What a retoucher decides first; it stands beside the preview."""

_LAST = ("area", "colors", "filter_nsfw")
"""What is seldom changed; it stands below the sliders."""

_DECIDES_THE_RESULT = frozenset(("scale-factor", "placement", "area"))
"""The arguments that change the live lines."""


class Wanted(NamedTuple):
    """That the user wants the run, and whether it may pass the monthly budget.

    This is no argument of the procedure: the next run, or a script, must not inherit it.
    """

    over_budget: bool


class UpscaleDialog:
    """One showing of the dialog; :meth:`ask` runs it."""

    def __init__(self, procedure: Any, config: Any, image: Any, drawables: Sequence[Any]) -> None:
        self._config = config
        self._image = image
        self._drawables = list(drawables)
        self._begun = False
        self._shown = True
        self._explanations: list[tuple[Parameter, Any]] = []
        self._window = GimpUi.ProcedureDialog.new(procedure, config, _("Precision Upscale"))
        self._window.set_ok_label(labels.upscale_dialog(_)["upscale"])
        self._ok = self._window.get_widget_for_response(Gtk.ResponseType.OK)
        self._replace_help()
        self._preview = Preview()
        self._forecast = ForecastPanel(self._update)
        self._service = ServicePanel(self._window, self._update)
        self._fill()
        self._handlers = [config.connect("notify", self._changed)]
        # GIMP stays usable: the selection or the layer may be others when the user comes back
        self._window.connect("focus-in-event", lambda *_event: self._update())

    def ask(self) -> Wanted | None:
        """Show the dialog; None when the user does not want the run."""
        self._window.get_content_area().show_all()
        self._explain()
        self._ok.set_sensitive(False)
        self._first_map = self._window.connect_after("map-event", self._mapped)
        wanted = bool(self._window.run())
        over_budget = self._forecast.over_budget
        self._shown = False
        for handler in self._handlers:
            self._config.disconnect(handler)
        self._service.end()
        self._window.destroy()
        while Gtk.events_pending():  # take the window off the screen before the work begins
            Gtk.main_iteration_do(False)
        return Wanted(over_budget) if wanted else None

    def _mapped(self, _window: Any, _event: Any) -> bool:
        """Go on after the first drawing: nobody waits for GEGL and the worker before the window shows.

        The signal of drawing itself needs pycairo, which not every GIMP has; an idle comes after it.
        """
        self._window.disconnect(self._first_map)
        GLib.idle_add(self._begin)
        return False

    def _begin(self) -> bool:
        Gegl.init(None)
        self._begun = True
        self._update()
        self._service.refresh()
        return bool(GLib.SOURCE_REMOVE)

    # ---------------------------------------------------------------- widgets

    def _fill(self) -> None:
        content = self._window.get_content_area()
        content.set_spacing(10)
        top = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=16)
        top.pack_start(self._preview, False, False, 0)
        first = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        for one in _named(_FIRST):
            self._add(first, one)
        top.pack_start(first, True, True, 0)
        content.pack_start(top, False, False, 0)
        middle = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        placed = set(_FIRST) | set(_LAST)
        for one in [one for one in described.ALL if one.name not in placed]:
            self._add(middle, one)
        content.pack_start(middle, False, False, 0)
        last = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_top=6, margin_start=12)
        for one in _named(_LAST):
            self._add(last, one)
        more = Gtk.Expander(label=_("More options"), expanded=self._uses(_LAST))
        more.add(last)
        more.connect_after("notify::expanded", self._shrink)
        content.pack_start(more, False, False, 0)
        content.pack_start(Gtk.Separator(), False, False, 0)
        content.pack_start(self._forecast, False, False, 0)
        content.pack_start(Gtk.Separator(), False, False, 0)
        content.pack_start(self._service, False, False, 0)

    def _uses(self, names: Sequence[str]) -> bool:
        """Return whether any of these arguments is not at its default."""
        return any(self._config.get_property(argument_name(one.name)) != one.default for one in _named(names))

    def _add(self, box: Any, one: Parameter) -> None:
        """Pack the widget of an argument, and under a choice the line that explains what is chosen."""
        name = argument_name(one.name)
        title = _(one.title)
        if one.kind == "integer":
            entry = self._window.get_scale_entry(name, 1.0)
            widgets.named(entry.get_range(), title)
            box.pack_start(entry, False, False, 0)
            _name_children(entry, title)
            return
        # GIMP 3.2 would show few choices as radio buttons, without a mnemonic
        kind = Gtk.ComboBox.__gtype__ if one.kind == "choice" else GObject.TYPE_NONE
        widget = self._window.get_widget(name, kind)
        box.pack_start(widget, False, False, 0)
        if one.kind == "choice":
            _name_children(widget, title)
            words = widgets.label(dim=True, chars=44)
            words.set_margin_bottom(4)
            box.pack_start(words, False, False, 0)
            self._explanations.append((one, words))

    def _replace_help(self) -> None:
        """Let Help open our own page: GIMP's would say that there is no manual of this plug-in."""
        theirs = self._window.get_widget_for_response(Gtk.ResponseType.HELP)
        label = _("_Help")
        if theirs is not None:
            label = theirs.get_label()
            theirs.set_no_show_all(True)
            theirs.hide()
        widgets.add_help(self._window, label, "dialog")

    # ---------------------------------------------------------------- updates

    def _changed(self, _config: Any, changed: Any) -> None:
        if changed.name in _DECIDES_THE_RESULT:
            self._update()
        else:
            self._explain()

    def _explain(self) -> None:
        for one, words in self._explanations:
            chosen = self._config.get_property(argument_name(one.name))
            words.set_text(next((_(choice.help) for choice in one.choices if choice.value == chosen), ""))

    def _update(self) -> bool:
        self._explain()
        if not self._begun:
            return False
        self._forecast.practice = self._service.practicing
        self._forecast.experience = self._experience()
        self._forecast.budget = (self._service.status or {}).get("budget")
        try:
            fits = self._forecast.update(self._image, self._drawables, options_from(self._config, _))
        except Refused:
            fits = False
        first = self._forecast.first
        if first is not None:
            self._preview.show_part(first.layer, tuple(first.area_in_layer))
        self._ok.set_sensitive(fits and self._service.ready)
        self._shrink()
        return False

    def _shrink(self, *_event: object) -> None:
        """Give back the height that is needed no longer: a window only grows by itself."""

        def once() -> bool:
            if self._shown:
                self._window.resize(self._window.get_size().width, 1)
            return bool(GLib.SOURCE_REMOVE)

        GLib.idle_add(once)

    def _experience(self) -> Experience:
        status = self._service.status or {}
        pace = status.get("pace")
        folder = status.get("data_folder")
        prices = estimates.own_table(folder) if isinstance(folder, str) else None
        return Experience(pace if isinstance(pace, (int, float)) else 1.0, prices)


def _named(names: Sequence[str]) -> list[Parameter]:
    by_name = {one.name: one for one in described.ALL}
    return [by_name[name] for name in names if name in by_name]


def _name_children(widget: Any, title: str) -> None:
    """Give every part of a compound widget the argument's title, for screen readers."""
    for child in widget.get_children():
        if isinstance(child, (Gtk.Scale, Gtk.SpinButton, Gtk.ComboBox)):
            widgets.named(child, title)


def ask(procedure: Any, config: Any, image: Any, drawables: Sequence[Any]) -> Wanted | None:
    """Show the dialog for a run on ``drawables`` and fill ``config``; None when the user does not want it."""
    widgets.init()
    return UpscaleDialog(procedure, config, image, drawables).ask()
