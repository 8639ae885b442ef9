"""The upscale dialog's forecast: size of the result, time, price, or why the run would be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from precision_upscaler.frontend import texts
from precision_upscaler.frontend.forecast import NO_EXPERIENCE, forecast, passes
from precision_upscaler.frontend.layer_rules import conversion_note
from precision_upscaler.frontend.options import NEW_IMAGE
from precision_upscaler.frontend.placement import Size

from upscaler_gimp3 import labels
from upscaler_gimp3.errors import Refused
from upscaler_gimp3.i18n import _, catalog
from upscaler_gimp3.image import inputs

from . import amounts, widgets
from .widgets import Gtk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from precision_upscaler.frontend.forecast import Experience, Forecast

    from upscaler_gimp3.arguments import Options

_LARGE_MEGAPIXELS = 40


class ForecastPanel(Gtk.Box):
    """The lines; :meth:`update` fills them."""

    def __init__(self, allowed: Callable[[], object]) -> None:
        """Call ``allowed`` when the user allows the run to pass the budget, or no longer does."""
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._grid = Gtk.Grid(column_spacing=12, row_spacing=4)
        self._values: dict[str, Gtk.Label] = {}
        for row, (key, title) in enumerate(
            (
                ("result", _("Result:")),
                ("canvas", _("Image:")),
                ("time", _("Time:")),
                ("price", _("Price:")),
            )
        ):
            self._grid.attach(widgets.label(title, dim=True, wrap=False), 0, row, 1, 1)
            value = widgets.label(chars=46)
            value.set_hexpand(True)
            self._values[key] = value
            self._grid.attach(value, 1, row, 1, 1)
        self.pack_start(self._grid, False, False, 0)
        self._refusal = widgets.Message()
        self.pack_start(self._refusal, False, False, 0)
        self._warning = widgets.Message()
        self.pack_start(self._warning, False, False, 0)
        self._over_budget = Gtk.CheckButton(
            label=labels.upscale_dialog(_)["over_budget"], use_underline=True, no_show_all=True
        )
        self._over_budget.connect("toggled", lambda _button: allowed())
        self.pack_start(self._over_budget, False, False, 0)
        self.budget: Mapping[str, Any] | None = None
        """This month's numbers from the worker's ``status`` event, None without a budget."""
        self.experience: Experience = NO_EXPERIENCE
        self.practice = False
        self.first: inputs.InputLayer | None = None
        """What the run would send first, None when it is refused."""

    @property
    def over_budget(self) -> bool:
        """Whether the user allows this run to pass the monthly budget."""
        return bool(self._over_budget.get_visible() and self._over_budget.get_active())

    def update(self, image: Any, drawables: Any, options: Options) -> bool:
        """Compute the lines again; return whether the run could begin."""
        self.first = None
        try:
            found = inputs.collect_inputs(image, drawables, options, catalog())
        except Refused as refused:
            self._show(None)
            self._refusal.show_text(str(refused), "error")
            self._warning.show_text("")
            self._over_budget.hide()
            return False
        self.first = found[0]
        self._refusal.show_text("")
        canvas = Size(image.get_width(), image.get_height())
        areas, layers = [one.area for one in found], [one.box for one in found]
        expected = forecast(areas, layers, canvas, options.factor, options.placement, self.experience)
        self._show(expected)
        self._show_canvas(canvas, expected, options)
        passed = passes(self.budget, expected.price)
        lines = _warnings(found, expected, options.placement)
        if passed:
            lines.append(_("This run would pass your monthly budget."))
        self._warning.show_text("\n".join(lines), "warning")
        self._over_budget.set_visible(passed)
        return not passed or self.over_budget

    def _show(self, expected: Forecast | None) -> None:
        self._grid.set_visible(expected is not None)
        if expected is None:
            return
        sizes = [f"{size.width} × {size.height}" for size in expected.sizes]
        shown = ", ".join(sizes[:3]) + (", …" if len(sizes) > 3 else "")  # noqa: PLR2004 - as above
        line = _("{sizes} pixels, {megapixels} megapixels")
        self._values["result"].set_text(line.format(sizes=shown, megapixels=f"{expected.megapixels:.1f}"))
        self._values["time"].set_text(texts.expected(expected.seconds, catalog()))
        self._values["price"].set_text(self._price(expected))

    def _price(self, expected: Forecast) -> str:
        price, budget = expected.price, self.budget
        amount = amounts.amount_text(price.amount, price.currency)
        if self.practice:
            line = _("nothing, this is practice; the real service: about {amount} {currency}")
            line = line.format(amount=amounts.number(price.amount), currency=price.currency)
        else:
            line = _("about {credits} credits ({amount}), with prices of {date}")
            line = line.format(credits=price.credits, amount=amount, date=price.dated)
        if budget is not None:
            unit = budget["currency"] if budget["unit"] == "money" else ""
            spent = amounts.amount_text(budget["spent"] + budget["reserved"], unit)
            line += "\n" + _("{spent} of {limit} spent this month").format(
                spent=spent, limit=amounts.amount_text(budget["limit"], unit)
            )
        return line

    def _show_canvas(self, canvas: Size, expected: Forecast, options: Options) -> None:
        after = expected.canvas
        text = _("becomes {width} × {height} pixels")
        if options.placement == NEW_IMAGE:
            text = _("a new one of {width} × {height} pixels")
        elif after == canvas:
            text = _("stays {width} × {height} pixels")
        self._values["canvas"].set_text(text.format(width=after.width, height=after.height))


def _warnings(found: list[inputs.InputLayer], expected: Forecast, placement: str) -> list[str]:
    lines = []
    if len(found) > 1:
        line = catalog().plural(
            "{count} layer, one charge.", "{count} layers, one charge for each.", len(found)
        )
        lines.append(line.format(count=len(found)))
    names = {
        "text": _("“{name}” is a text layer and will become pixels."),
        "vector": _("“{name}” is a vector layer and will become pixels."),
        "link": _("“{name}” is a link layer and will become pixels."),
        "group": _("“{name}” is a group and will be upscaled as one picture."),
    }
    for one in found:
        # elsewhere the layer stays what it is, and only its result is made of pixels
        told = "group" if one.kind == "group" else conversion_note(one.kind, placement)
        if told in names:
            lines.append(names[told].format(name=one.name))
    if expected.megapixels > _LARGE_MEGAPIXELS:
        lines.append(_("Results this large take a good deal of memory and time in GIMP."))
    return lines
