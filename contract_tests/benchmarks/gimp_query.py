"""GIMP's query of the plug-in, against its query of a Python plug-in that does nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from gimp_sandbox.gimp import LIKE_A_USERS

from . import gimps
from .measure import Samples, ratio
from .result import Claim, Result, Setting, Table

_EMPTY = """\
#!/usr/bin/env python3
import sys

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp


class Empty(Gimp.PlugIn):
    def do_query_procedures(self):
        return ["plug-in-benchmark-empty"]

    def do_set_i18n(self, name):
        return False

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("Benchmark Empty…")
        procedure.add_menu_path("<Image>/Filters/Enhance")
        procedure.set_documentation("Nothing", "Nothing at all", name)
        procedure.set_attribution("nobody", "nobody", "2026")
        return procedure


def run(procedure, run_mode, image, drawables, config, data):
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi

    GimpUi.init("benchmark-empty")
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "Benchmark Empty")
    dialog.fill(None)
    dialog.run()
    return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)


Gimp.main(Empty.__gtype__, sys.argv)
"""

# a shell in front of the plug-in notes when GIMP started it and when it was done
_WATCHED = """\
#!/bin/sh
begin=$(date +%s%N)
python3 "$(dirname "$0")/{program}" "$@"
echo "{name} $begin $(date +%s%N)" >> "$BENCHMARK_LOG"
"""


_NAME = "benchmark-empty"


def watched(folder: Path, program: str) -> None:
    """Put the shell in front of the plug-in in ``folder``, whose Python is in ``program``."""
    front = folder / folder.name
    (folder / program).chmod(0o644)
    front.write_text(_WATCHED.format(program=program, name=folder.name), "ascii")
    front.chmod(0o755)


def add_empty(plug_ins: Path) -> Path:
    """Write the empty plug-in, with the shell in front of it; return its folder."""
    folder = plug_ins / _NAME
    folder.mkdir()
    (folder / "empty_plugin.py").write_text(_EMPTY, "utf-8")
    watched(folder, "empty_plugin.py")
    return folder


def watch_ours(plugin: Path) -> None:
    """Put the shell in front of our plug-in."""
    program = f"{plugin.name}-real.py"
    (plugin / f"{plugin.name}.py").rename(plugin / program)
    watched(plugin, program)


def exchange_places(one: Path, other: Path) -> None:
    """Exchange the directories of two plug-ins below their names and contents.

    GLib lists the folders of plug-ins by the numbers of their directories on the disk, and GIMP asks the
    plug-ins in that order, whatever they are called.
    """
    aside = one.parent.with_name("aside")
    aside.mkdir()
    held = {plugin: aside / plugin.name for plugin in (one, other)}
    for plugin, place in held.items():
        place.mkdir()
        for part in plugin.iterdir():
            part.rename(place / part.name)
    empty = one.rename(aside / ".exchanged")
    other.rename(one)
    empty.rename(other)
    for plugin, place in held.items():
        for part in place.iterdir():
            part.rename(plugin / part.name)
        place.rmdir()
    aside.rmdir()


def times(log: Path) -> dict[str, list[tuple[int, int]]]:
    """Return (start, end) in nanoseconds for every time a plug-in ran."""
    found: dict[str, list[tuple[int, int]]] = {}
    for line in log.read_text("ascii").splitlines():
        name, begin, end = line.split()
        found.setdefault(name, []).append((int(begin), int(end)))
    return found


def run(setting: Setting) -> Result:
    """Let GIMP query both plug-ins at its start, again and again."""
    rounds = 2 if setting.quick else 10
    seconds: dict[str, list[float]] = {}
    with gimps.bench() as bench:
        watch_ours(bench.plugin)
        empty_plugin = add_empty(bench.plug_ins)
        settings = bench.home / bench.gimp.settings
        known = (settings / "pluginrc").read_bytes()
        log = bench.folder / "log.txt"
        ours_first = 0
        for number in range(rounds + 1):
            exchange_places(bench.plugin, empty_plugin)
            (settings / "pluginrc").write_bytes(known)
            log.unlink(missing_ok=True)
            env = {"BENCHMARK_LOG": str(log), **LIKE_A_USERS}
            bench.gimp.batch("pass", home=bench.home, binds=[bench.folder], env=env, timeout=120)
            found = times(log)
            if {len(one) for one in found.values()} != {1} or len(found) != 2:
                raise RuntimeError(f"GIMP did not query both plug-ins once: {json.dumps(found)}")
            if number:  # the first start reads everything from the disk
                for name, [(begin, end)] in found.items():
                    seconds.setdefault(name, []).append((end - begin) / 1e9)
                ours_first += min(found, key=lambda name: found[name][0][0]) != _NAME
        version = gimps.versions(bench.gimp)
        shutil.rmtree(bench.plug_ins)
    ours, empty = Samples(tuple(seconds["precision-upscaler"])), Samples(tuple(seconds[_NAME]))
    figure = ratio(ours, empty)
    rows = [
        ["ours, three procedures", ours.shown(".3f"), figure.shown()],
        ["an empty Python plug-in", empty.shown(".3f"), "1"],
    ]
    return Result(
        [Table(version, ["plug-in", "seconds: median (spread)", "× empty"], rows)],
        [Claim("query, against an empty plug-in", figure.median, 1.1)],
        [
            (
                "GIMP asks once after an installation and remembers the answer in pluginrc. Ours was the "
                f"first of the two to be asked in {ours_first} of {rounds} starts."
            )
        ],
    )
