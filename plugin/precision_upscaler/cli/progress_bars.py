"""The progress of many pictures in a terminal: a bar for all of them, and one for each under way."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from precision_upscaler.jobs.context import Emit, JobEvent, ProgressEvent, StageEvent

if TYPE_CHECKING:
    from rich.console import Console

Watch = Callable[[str], AbstractContextManager[Emit]]
"""Opens the display of the picture with this name; it takes the picture's events."""


@contextlib.contextmanager
def silent(_name: str) -> Iterator[Emit]:
    """Show nothing."""
    yield lambda _event: None


@contextlib.contextmanager
def bars(console: Console, count: int) -> Iterator[Watch]:
    """Show the progress of ``count`` pictures on ``console``; yield what opens each picture's bar."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - slow to import
    from rich.progress import Progress as Bars  # noqa: PLC0415 - as above

    with Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
        TimeElapsedColumn(),
        console=console,
    ) as rows:
        everything = rows.add_task("all", total=count, stage=f"0 of {count}", visible=count > 1)
        by_id = {}
        ended = 0
        counting = threading.Lock()

        @contextlib.contextmanager
        def watch(name: str) -> Iterator[Emit]:
            nonlocal ended
            row = rows.add_task(Path(name).name, total=None, stage="")
            by_id[row] = next(task for task in rows.tasks if task.id == row)

            def show(event: JobEvent) -> None:
                if isinstance(event, StageEvent):
                    # a stage whose length nobody knows swings; update() would leave the old length
                    by_id[row].total = event.expected_seconds if event.stage == "waiting" else None
                    rows.update(row, stage=event.stage, completed=0, refresh=True)
                elif isinstance(event, ProgressEvent):
                    by_id[row].total = event.total
                    rows.update(row, completed=event.done)

            try:
                yield show
            finally:
                rows.remove_task(row)
                with counting:
                    ended += 1
                    rows.update(everything, completed=ended, stage=f"{ended} of {count}")

        yield watch


__all__ = ["Watch", "bars", "silent"]
