"""From GIMP's start of the plug-in to its dialog on the screen, against an empty ProcedureDialog."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from gimp_sandbox.gimp import LIKE_A_USERS

from . import gimp_query, gimps, photograph
from .measure import Samples, ratio
from .result import Claim, Result, Setting, Table

if TYPE_CHECKING:
    from contract_tests.integration.gimp3_gui.harness import Desktop

_SPY = Path(__file__).with_name("spy_windows.py")
_MENU = {"precision-upscaler": "Precision Upscale…", "benchmark-empty": "Benchmark Empty…"}
_TITLE = {"precision-upscaler": "/^Precision Upscale/", "benchmark-empty": "/^Benchmark Empty/"}

# notes the start, then becomes the plug-in
_STAMPED = """\
#!/bin/sh
case "$*" in *-run*) echo "{name} $(date +%s%N)" >> "$BENCHMARK_LOG";; esac
exec python3 "$(dirname "$0")/{program}" "$@"
"""


def stamped(folder: Path, program: str) -> None:
    """Put a shell that notes the start in front of the plug-in in ``folder``."""
    front = folder / folder.name
    front.write_text(_STAMPED.format(program=program, name=folder.name), "ascii")
    front.chmod(0o755)


def last_window(spied: Path, after: int) -> int:
    """Return the time of the last window that appeared after ``after``; 0 for none.

    Menus are windows too, but they came before the plug-in was started.
    """
    return max((int(line) for line in spied.read_text("ascii").split() if int(line) > after), default=0)


def one_dialog(desktop: Desktop, name: str, log: Path, spied: Path) -> float:
    """Open a plug-in's dialog and close it; return the seconds from its start to its window."""
    log.unlink(missing_ok=True)
    desktop.menu("Filters", "Enhance", _MENU[name])
    desktop.look(window=_TITLE[name], timeout=60)
    started = int(log.read_text("ascii").split()[1])
    time.sleep(1.5)  # ours asks its worker for the settings meanwhile: the next one starts on a quiet machine
    seen = last_window(spied, started)
    if not seen:
        raise RuntimeError(f"no window appeared for {name}")
    desktop.keys("Escape", window=_TITLE[name].strip("/"))
    desktop.gone(window=_TITLE[name], timeout=30)
    time.sleep(0.5)
    return (seen - started) / 1e9


def run(setting: Setting) -> Result:
    """Open both dialogs in turn in one GIMP."""
    from contract_tests.integration.gimp3_gui.harness import Desktop  # noqa: PLC0415 - needs a display to be of use

    rounds = 2 if setting.quick else 10
    seconds: dict[str, list[float]] = {name: [] for name in _MENU}
    with gimps.bench() as bench:
        gimp_query.add_empty(bench.plug_ins)
        gimp_query.watch_ours(bench.plugin)
        stamped(bench.plug_ins / "benchmark-empty", "empty_plugin.py")
        stamped(bench.plugin, f"{bench.plugin.name}-real.py")
        picture = bench.folder / "picture.png"
        picture.write_bytes(photograph.encoded(photograph.photograph(1200, 800)))
        log, spied = bench.folder / "log.txt", bench.folder / "spied.txt"
        environment = {
            "BENCHMARK_LOG": str(log),
            "PRECISION_UPSCALER_BASE_URL": "http://127.0.0.1:9",
            "PRECISION_UPSCALER_DATA": str(bench.folder / "data"),
            "FREEPIK_API_KEY": "mock-key",
            **LIKE_A_USERS,
        }
        with Desktop(
            bench.gimp,
            files=[picture],
            plug_ins=bench.plug_ins,
            binds=[bench.folder, _SPY.parent],
            environment=environment,
        ) as desktop:
            desktop.ask("start", argv=["python3", str(_SPY)], log=str(spied), environment={})
            for number in range(rounds + 1):
                for name in list(_MENU)[:: 1 if number % 2 else -1]:
                    took = one_dialog(desktop, name, log, spied)
                    if number:  # the first one reads everything from the disk
                        seconds[name].append(took)
        version = gimps.versions(bench.gimp)
    ours, empty = (Samples(tuple(seconds[name])) for name in _MENU)
    figure = ratio(ours, empty)
    rows = [
        ["ours", ours.shown(".3f"), figure.shown()],
        ["an empty ProcedureDialog", empty.shown(".3f"), "1"],
    ]
    return Result(
        [Table(version, ["plug-in", "seconds: median (spread)", "× empty"], rows)],
        [Claim("start to dialog, against an empty ProcedureDialog", figure.median, 1.2)],
        [
            (
                "From the moment GIMP starts the plug-in's process until its window is on the screen; "
                "GIMP's own "
                "way from the menu to there is the same for every plug-in and left out, so the ratio "
                "is the stricter one."
            )
        ],
    )
