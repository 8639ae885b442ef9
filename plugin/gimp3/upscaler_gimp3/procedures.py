"""The three run modes as GIMP calls them: who asks, who shows progress, who is told the outcome."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, GLib, GObject
from precision_upscaler.frontend import texts

from upscaler_gimp3.image.layers import displays

from .arguments import options_from
from .errors import Cancelled, Failed, Refused
from .i18n import catalog
from .progress import GimpProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .progress import Progress


def interactive(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Ask with the dialog, show the progress window, and say in GIMP what there is to know."""
    # a display is needed for this, and for the progress window, and only here
    from upscaler_gimp3.ui.upscale_dialog import ask

    try:
        wanted = ask(procedure, config, image, drawables)
    except Exception as problem:  # noqa: BLE001 - a dialog that breaks must not vanish without a word
        traceback.print_exc()
        event = texts.local_error(problem, "no", catalog())
        return _ended(procedure, Gimp.PDBStatusType.EXECUTION_ERROR, texts.error(event, catalog()))
    if not wanted:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    from upscaler_gimp3.ui.progress_window import ProgressWindow

    return _run(procedure, image, drawables, config, ProgressWindow, tell=True)


def with_last_values(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Run again as the last time, with GIMP's own progress bar."""
    return _run(procedure, image, drawables, config, lambda: GimpProgress(catalog()), tell=True)


def non_interactive(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Run for a script: no display, nothing said but in the return values."""
    return _run(procedure, image, drawables, config, lambda: GimpProgress(catalog()), tell=False)


def _run(
    procedure: Any,
    image: Any,
    drawables: Sequence[Any],
    config: Any,
    progress: Callable[[], Progress],
    *,
    tell: bool,
) -> Any:
    """Run and return GIMP's values: layers, images and message, or a status with the three answers."""
    # nobody waits for these before the dialog shows
    from .upscale import nothing_sent_yet, upscale

    translate = catalog()
    status = Gimp.PDBStatusType
    try:
        with nothing_sent_yet(translate):
            options, shown = options_from(config, translate), progress()
        # a person's image is known to be closed, a script's is not
        outcome = upscale(image, drawables, options, shown, translate, [] if tell else displays())
    except Refused as refused:
        return _ended(procedure, status.CALLING_ERROR, texts.refused(str(refused), translate))
    except Cancelled as cancelled:
        text = texts.error(cancelled.event, translate)
        if tell and cancelled.event.get("charged") != "no":
            # GIMP keeps silent about what was cancelled, but money has been spent
            Gimp.message(text)
        return _ended(procedure, status.CANCEL, text)
    except Failed as failed:
        return _ended(procedure, status.EXECUTION_ERROR, texts.error(failed.event, translate))
    except Exception as problem:  # noqa: BLE001 - the last resort: whatever it is, say it and what it cost
        traceback.print_exc()
        event = texts.local_error(problem, "unknown", translate)
        return _ended(procedure, status.EXECUTION_ERROR, texts.error(event, translate))
    for new_image in outcome.delivery.images if tell else ():
        Gimp.Display.new(new_image)
    message = outcome.message if tell else outcome.message_for_scripts
    if outcome.failures:
        return _ended(procedure, status.EXECUTION_ERROR, message)
    if tell and message:
        Gimp.message(message)
    return _succeeded(procedure, outcome.delivery, message)


def _ended(procedure: Any, status: Any, text: str) -> Any:
    # GIMP shows the text to the user, or hands it to the script that called
    problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(status, problem)


def _succeeded(procedure: Any, delivery: Any, message: str) -> Any:
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    layer = (delivery.layers or [None])[0]
    image = layer.get_image() if layer is not None else None
    if image is None:
        image = delivery.images[0]
        layer = image.get_layers()[0]
    for index, kind, thing in ((1, Gimp.Image, image), (2, Gimp.Layer, layer), (3, str, message)):
        values.remove(index)
        values.insert(index, GObject.Value(kind, thing))
    return values
