#!/usr/bin/env python3
"""Precision Upscaler for GIMP 3: registration of the procedures.

GIMP runs this file to ask for the procedures, so what runs them is imported when they run.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any

import gi

# after 32,768 pixels babl turns to tables it builds itself, and in 0.1.112 to 0.1.126 those are wrong
# from 8-bit RGBA to 16-bit RGBA of another colour space; it reads this once, when it is loaded
os.environ["BABL_LUT"] = "0"

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GObject

sys.path.insert(0, str(Path(__file__).resolve().parent))

PROCEDURE = "plug-in-precision-upscale"
RESUME = "plug-in-precision-upscale-resume"
SETTINGS = "plug-in-precision-upscale-settings"
MENU = "<Image>/Filters/Enhance"


class PrecisionUpscaler(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self) -> list[str]:
        return [PROCEDURE, RESUME, SETTINGS]

    def do_set_i18n(self, name: str) -> bool:
        # False: the plug-in brings its own translations, one set for GIMP 3, GIMP 2.10 and the worker's
        # messages, in GIMP's language
        del name
        return False

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        creators = {PROCEDURE: self._upscale, RESUME: self._resume, SETTINGS: self._settings}
        return creators[name](name)

    def _resume(self, name: str) -> Gimp.Procedure:
        from upscaler_gimp3.i18n import _

        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_resume, None)
        procedure.set_menu_label(_("Resume Precision Upscales…"))
        procedure.add_menu_path(MENU)
        procedure.set_documentation(
            _("Bring the results of paid upscales that never reached their image"),
            _(
                "Lists upscales that were paid for and whose result was never placed, and brings them "
                "back at no new cost. Run by a script, it brings back all of them."
            ),
            name,
        )
        procedure.set_attribution("Precision Upscaler", "MIT", "2026")
        _add_run_mode(procedure)
        readwrite = GObject.ParamFlags.READWRITE
        procedure.add_int_return_value(
            "count", "Count", "How many results were placed", 0, 2**31 - 1, 0, readwrite
        )
        procedure.add_string_return_value(
            "message", "Message", "What there is to know about the results", "", readwrite
        )
        return procedure

    def _settings(self, name: str) -> Gimp.Procedure:
        from upscaler_gimp3.i18n import _

        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run_settings, None)
        procedure.set_menu_label(_("Precision Upscale Settings…"))
        procedure.add_menu_path(MENU)
        procedure.set_documentation(
            _("Set the API key, the service and what is kept"),
            _("Only for people: a script uses the command precision-upscale settings."),
            name,
        )
        procedure.set_attribution("Precision Upscaler", "MIT", "2026")
        _add_run_mode(procedure)
        return procedure

    def _upscale(self, name: str) -> Gimp.Procedure:
        from upscaler_gimp3 import arguments
        from upscaler_gimp3.i18n import _

        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(
            Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
        )
        procedure.set_menu_label(_("Precision Upscale…"))
        procedure.add_menu_path(MENU)
        procedure.set_documentation(
            _("Enlarge layers 2 to 16 times with a cloud service"),
            _(
                "Sends each selected layer to a paid service and puts the result in its place. "
                "Everything else about the layer is kept, and one undo takes it back."
            ),
            name,
        )
        procedure.set_attribution("Precision Upscaler", "MIT", "2026")
        arguments.add_to(procedure, _)
        _add_return_values(procedure)
        return procedure


def _add_run_mode(procedure: Gimp.Procedure) -> None:
    procedure.add_enum_argument(
        "run-mode",
        "Run mode",
        "The run mode",
        Gimp.RunMode,
        Gimp.RunMode.NONINTERACTIVE,
        GObject.ParamFlags.READWRITE,
    )


def _add_return_values(procedure: Gimp.Procedure) -> None:
    readwrite = GObject.ParamFlags.READWRITE
    # single objects: Python reads no arrays from a procedure's values
    procedure.add_image_return_value("image", "Image", "The image with the first result", True, readwrite)
    procedure.add_layer_return_value("layer", "Layer", "The layer with the first result", True, readwrite)
    procedure.add_string_return_value(
        "message", "Message", "What there is to know about the results", "", readwrite
    )


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    data: Any,
) -> Gimp.ValueArray:
    """Run in one of GIMP's three modes; GIMP has put the last values into ``config`` where asked to."""
    del data
    if run_mode != Gimp.RunMode.INTERACTIVE:
        _start_gegl()
    from upscaler_gimp3 import procedures

    modes_by_name = {
        Gimp.RunMode.INTERACTIVE: procedures.interactive,
        Gimp.RunMode.WITH_LAST_VALS: procedures.with_last_values,
        Gimp.RunMode.NONINTERACTIVE: procedures.non_interactive,
    }
    return _release(modes_by_name[run_mode](procedure, image, drawables, config))


def _start_gegl() -> None:
    """Initialize GEGL, which takes a third of a second; the dialog does it after it is shown."""
    from gi.repository import Gegl

    Gegl.init(None)


def _release(values: Gimp.ValueArray) -> Gimp.ValueArray:
    """Free every buffer of GIMP before the values are returned: afterwards GIMP no longer answers."""
    gc.collect()
    return values


def run_resume(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, data: Any) -> Gimp.ValueArray:
    """List the paid results that were never placed; for a script, place all of them."""
    del data
    _start_gegl()
    from upscaler_gimp3 import procedures

    return _release(procedures.resume(procedure, config))


def run_settings(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, data: Any) -> Gimp.ValueArray:
    """Show the settings."""
    del data
    from upscaler_gimp3 import procedures

    return procedures.settings(procedure, config)


Gimp.main(PrecisionUpscaler.__gtype__, sys.argv)
