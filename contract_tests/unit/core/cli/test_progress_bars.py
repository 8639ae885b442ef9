"""The bars of a batch: those under way and the sum of all, and no finished one among them."""

from __future__ import annotations

import io

from precision_upscaler.cli.progress_bars import bars
from precision_upscaler.jobs.context import ProgressEvent, StageEvent, WarningEvent
from rich.console import Console

COLOUR = "\x1b[91m"


def screen() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=True, width=100, height=50), stream


def drawn(console: Console, stream: io.StringIO) -> str:
    """Return what is on the screen at this moment."""
    stream.seek(0)
    stream.truncate()
    console.print("now")
    return stream.getvalue()


def test_only_what_is_under_way_has_a_bar() -> None:
    console, stream = screen()
    # few enough for all of them to be on the screen, were they not taken off
    with bars(console, 30) as watch:
        for index in range(29):
            with watch(f"done-{index}.png") as show:
                show(StageEvent("sending", None, None, "no"))
        with watch("last.png") as show:
            show(StageEvent("sending", None, None, "no"))
            show(ProgressEvent("sending", 50, 100))
            show(StageEvent("waiting", None, None, "yes", 90.0))
            now = drawn(console, stream)
            assert "last.png" in now
            assert "waiting" in now
            assert "done-" not in now
            assert "29 of 30" in now
    assert "30 of 30" in stream.getvalue()


def test_a_stage_without_a_length_forgets_the_one_before() -> None:
    console, stream = screen()
    with bars(console, 1) as watch, watch("sky.png") as show:
        show(StageEvent("waiting", None, None, "yes", 90.0))
        show(ProgressEvent("waiting", 45, 90))
        half = drawn(console, stream)
        show(StageEvent("checking", None, None, "yes", 90.0))
        swinging = drawn(console, stream)
    assert "checking" in swinging
    # a bar of known length is one run of colour at most, a swinging one has several
    assert half.count(COLOUR) <= 1 < swinging.count(COLOUR)


def test_a_name_is_shown_as_it_is() -> None:
    console, stream = screen()
    with bars(console, 1) as watch, watch("folder/sky[bold].png") as show:
        show(StageEvent("sending", None, None, "no"))
        assert "sky[bold].png" in drawn(console, stream)
        show(WarningEvent("wrong-scale", "the report says it at the end"))
        assert "report" not in drawn(console, stream)
