"""What GIMP calls: the upscale in its three run modes, Resume and the settings.

Windows are imported where they are opened: without a display GTK cannot be loaded.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp, GLib, GObject
from precision_upscaler.frontend import texts

from upscaler_gimp3.image.layers import displays
from upscaler_gimp3.worker.calls import call_and_wait

from . import resume as resuming
from .arguments import options_from
from .errors import Cancelled, Failed, Refused
from .i18n import _, catalog
from .progress import GimpProgress
from .upscale import message_for_scripts, nothing_sent_yet, upscale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .progress import Progress
    from .upscale import Outcome

_Status = Gimp.PDBStatusType


def interactive(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Ask with the dialog, show the progress window, and show the messages of the run."""
    from upscaler_gimp3.ui.progress_window import ProgressWindow
    from upscaler_gimp3.ui.upscale_dialog import ask

    try:
        wanted = ask(procedure, config, image, drawables)
    except Exception as problem:  # noqa: BLE001 - whatever breaks in the dialog, the user is told
        traceback.print_exc()
        event = texts.local_error(problem, "no", catalog())
        return _ended(procedure, _Status.EXECUTION_ERROR, texts.error(event, catalog()))
    if wanted is None:
        return procedure.new_return_values(_Status.CANCEL, None)
    return _run(
        procedure,
        image,
        drawables,
        config,
        ProgressWindow,
        show_messages=True,
        over_budget=wanted.over_budget,
    )


def with_last_values(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Run again as the last time, with GIMP's own progress bar."""
    return _run(procedure, image, drawables, config, _gimp_progress, show_messages=True)


def non_interactive(procedure: Any, image: Any, drawables: Sequence[Any], config: Any) -> Any:
    """Run for a script: without a display, and with messages in the return values only."""
    return _run(procedure, image, drawables, config, _gimp_progress, show_messages=False)


def resume(procedure: Any, config: Any) -> Any:
    """Show the list to a person; bring back everything for a script."""
    if config.get_property("run-mode") == Gimp.RunMode.NONINTERACTIVE:
        return _resume_all(procedure)
    from upscaler_gimp3.ui.resume_dialog import show

    return _with_values(procedure, (int, show()), (str, ""))


def settings(procedure: Any, config: Any) -> Any:
    """Show the settings to a person; tell a script where else to change them."""
    if config.get_property("run-mode") == Gimp.RunMode.NONINTERACTIVE:
        why = _("These settings have a window only. A script uses the command: precision-upscale settings")
        return _ended(procedure, _Status.CALLING_ERROR, why)
    from upscaler_gimp3.ui import widgets
    from upscaler_gimp3.ui.settings_dialog import SettingsDialog

    widgets.init()
    status = call_and_wait({"command": "status"})
    if status["event"] != "status":
        widgets.show_error(None, status)
        return procedure.new_return_values(_Status.CANCEL, None)
    SettingsDialog(None, status).ask()
    return procedure.new_return_values(_Status.SUCCESS, None)


def _run(
    procedure: Any,
    image: Any,
    drawables: Sequence[Any],
    config: Any,
    progress: Callable[[], Progress],
    *,
    show_messages: bool,
    over_budget: bool = False,
) -> Any:
    """Run and return GIMP's values: image, layer and message, or a status with the three answers."""
    translate = catalog()
    try:
        with nothing_sent_yet(translate):
            options, shown = options_from(config, translate), progress()
        # GIMP knows that a person's image was closed, but keeps a script's alive
        watched = [] if show_messages else displays()
        outcome = upscale(image, drawables, options, shown, translate, watched, over_budget=over_budget)
    except Refused as refused:
        return _ended(procedure, _Status.CALLING_ERROR, texts.refused(str(refused), translate))
    except Cancelled as cancelled:
        text = texts.error(cancelled.event, translate)
        if show_messages and cancelled.event.get("charged") != "no":
            # GIMP shows nothing after a cancel, but money was spent
            Gimp.message(text)
        return _ended(procedure, _Status.CANCEL, text)
    except Failed as failed:
        return _ended(procedure, _Status.EXECUTION_ERROR, texts.error(failed.event, translate))
    except Exception as problem:  # noqa: BLE001 - the last resort: say what happened and what it cost
        traceback.print_exc()
        event = texts.local_error(problem, "unknown", translate)
        return _ended(procedure, _Status.EXECUTION_ERROR, texts.error(event, translate))
    return _returned(procedure, outcome, show_messages=show_messages)


def _returned(procedure: Any, outcome: Outcome, *, show_messages: bool) -> Any:
    """Show the new images and the messages, or put both into the values for a script."""
    delivery, message = outcome.delivery, outcome.message
    if show_messages:
        for new_image in delivery.images:
            Gimp.Display.new(new_image)
    else:
        message = message_for_scripts(message, delivery, catalog())
    if outcome.failures:
        return _ended(procedure, _Status.EXECUTION_ERROR, message)
    if show_messages and message:
        Gimp.message(message)
    layer = next(iter(delivery.layers), None)
    found = layer.get_image() if layer is not None else None
    if found is None:
        found = delivery.images[0]
        layer = found.get_layers()[0]
    return _with_values(procedure, (Gimp.Image, found), (Gimp.Layer, layer), (str, message))


def _gimp_progress() -> GimpProgress:
    return GimpProgress(catalog())


def _resume_all(procedure: Any) -> Any:
    answer = call_and_wait({"command": "jobs"})
    if answer["event"] != "jobs":
        return _ended(procedure, _Status.EXECUTION_ERROR, texts.error(answer, catalog()))
    jobs = [job for job in answer["jobs"] if not job.get("running")]
    delivery, failures = resuming.bring_all(_gimp_progress(), jobs, catalog())
    if failures:
        message = "\n".join([texts.summary(delivery.lines, failures, catalog()), *delivery.notes])
        message = message_for_scripts(message, delivery, catalog())
        return _ended(procedure, _Status.EXECUTION_ERROR, message)
    damaged = [texts.problems([event], catalog()) for event in answer["damaged"]]
    message = message_for_scripts(
        "\n".join([*delivery.lines, *delivery.notes, *damaged]), delivery, catalog()
    )
    return _with_values(procedure, (int, len(delivery.lines)), (str, message))


def _ended(procedure: Any, status: Any, text: str) -> Any:
    # GIMP shows the text to the user, or hands it to the calling script
    problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(status, problem)


def _with_values(procedure: Any, *found: tuple[Any, Any]) -> Any:
    """Return success with ``found``, pairs of type and value, as the procedure's return values."""
    values = procedure.new_return_values(_Status.SUCCESS, None)
    for index, (kind, value) in enumerate(found, 1):
        values.remove(index)
        values.insert(index, GObject.Value(kind, value))
    return values
