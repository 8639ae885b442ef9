"""The run modes of the two procedures beside the upscale itself: Resume, and the settings."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp, GLib, GObject
from precision_upscaler.frontend import texts

from upscaler_gimp3.worker.asking import answer_to

from . import resume as bringing
from .i18n import _, catalog
from .progress import GimpProgress
from .upscale import for_scripts


def resume(procedure: Any, config: Any) -> Any:
    """Show the list to a person; bring back everything for a script."""
    if config.get_property("run-mode") == Gimp.RunMode.NONINTERACTIVE:
        return _resume_all(procedure)
    from upscaler_gimp3.ui.resume_dialog import show

    return _placed(procedure, show(), "")


def _resume_all(procedure: Any) -> Any:
    answer = answer_to({"command": "jobs"})
    if answer["event"] != "jobs":
        return _failed(procedure, texts.error(answer, catalog()))
    jobs = [job for job in answer["jobs"] if not job.get("running")]
    progress = GimpProgress(catalog())
    delivery, failures = bringing.bring_all(progress, jobs, catalog())
    if failures:
        message = "\n".join([texts.summary(delivery.lines, failures, catalog()), *delivery.notes])
        return _failed(procedure, for_scripts(message, delivery, catalog()))
    message = for_scripts("\n".join(delivery.lines + delivery.notes), delivery, catalog())
    return _placed(procedure, len(delivery.lines), message)


def settings(procedure: Any, config: Any) -> Any:
    """Show the settings to a person; a script is told where else to change them."""
    if config.get_property("run-mode") == Gimp.RunMode.NONINTERACTIVE:
        why = _("These settings have a window only. A script uses the command: precision-upscale settings")
        problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), why, 0)
        return procedure.new_return_values(Gimp.PDBStatusType.CALLING_ERROR, problem)
    from upscaler_gimp3.ui import widgets
    from upscaler_gimp3.ui.settings_dialog import SettingsDialog

    widgets.init()
    status = answer_to({"command": "status"})
    if status["event"] != "status":
        widgets.show_error(None, status)
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    SettingsDialog(None, status).ask()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def _placed(procedure: Any, count: int, message: str) -> Any:
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    for index, kind, value in ((1, int, count), (2, str, message)):
        values.remove(index)
        values.insert(index, GObject.Value(kind, value))
    return values


def _failed(procedure: Any, text: str) -> Any:
    problem = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, problem)
