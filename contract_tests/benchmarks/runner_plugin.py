"""Run ``inside_gimp.py`` as a plug-in of its own, in a process like that of the measured plug-in.

Python-Fu's own process would measure babl with its tables, which the plug-in switches off; GIMP's exporters
and loaders run in processes of theirs and keep them, as they do for a user.
"""

# ruff: noqa: E402, PLC0415 - the order of things is the point of this file

import os
import sys

import gi

os.environ["BABL_LUT"] = "0"  # before babl is loaded

gi.require_version("Gegl", "0.4")
gi.require_version("Gimp", "3.0")
from gi.repository import Gimp

PROCEDURE = "plug-in-benchmark-inside"


class Runner(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self) -> list[str]:
        return [PROCEDURE]

    def do_set_i18n(self, name: str) -> bool:
        del name
        return False

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_documentation("Measure", "Run the benchmarks' job", name)
        procedure.set_attribution("nobody", "nobody", "2026")
        return procedure


def run(procedure: Gimp.Procedure, _config: object, _data: object) -> Gimp.ValueArray:
    """Do the job that the environment names."""
    sys.path.insert(0, os.environ["BENCHMARK_CODE"])
    import inside_gimp  # type: ignore[import-not-found]  # beside this file, in the folder of the benchmarks

    inside_gimp.main()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


Gimp.main(Runner.__gtype__, sys.argv)
