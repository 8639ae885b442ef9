"""The interface through which a run reports progress, and its implementation by GIMP's own progress bar.

A run calls it on the main thread. Cancel in GIMP's own bar kills the plug-in at once; the worker then
finishes paid work and Resume lists it. The progress window is the other implementation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gi.repository import Gimp
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.progress import Fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]


class Progress(Protocol):
    """What a run needs to report its progress."""

    def start(self, names: Sequence[str], cancel: Callable[[], None]) -> None:
        """Begin: the layers' names in order, and what to call when the user cancels."""

    def event(self, index: int, event: Event) -> None:
        """Take in a worker's ``stage``, ``progress``, ``warning`` or final event for layer ``index``."""

    def say(self, text: str) -> None:
        """Show what happens in the front end itself (preparing, fitting, placing)."""

    def finish(self) -> None:
        """End, whatever happened; called exactly once after :meth:`start`."""


class GimpProgress:
    """GIMP's own progress: the bar in the image window's status line, or nothing in batch mode."""

    def __init__(self, translate: Callable[[str], str] = texts.same) -> None:
        self._translate = translate
        self._fractions: list[Fraction] = []
        self._stages: list[str] = []

    def start(self, names: Sequence[str], cancel: Callable[[], None]) -> None:
        """Show the bar; GIMP's own Cancel needs no call of ours."""
        del cancel
        self._fractions = [Fraction() for _ in names]
        self._stages = ["preparing"] * len(names)
        Gimp.progress_init(self._translate("Precision Upscale"))

    def event(self, index: int, event: Event) -> None:
        """Move the bar to the mean of all layers."""
        if event["event"] == "stage":
            self._stages[index] = event["stage"]
            Gimp.progress_set_text(self._line(event))
        self._fractions[index].note(event)
        Gimp.progress_update(sum(one.value for one in self._fractions) / len(self._fractions))

    def say(self, text: str) -> None:
        """Show ``text`` over the bar."""
        Gimp.progress_set_text(text)

    def finish(self) -> None:
        """Take the bar away."""
        Gimp.progress_end()

    def _line(self, event: Event) -> str:
        if len(self._stages) == 1:
            expected = texts.expected(event.get("expected_seconds"), self._translate)
            line = texts.stage(event, self._translate)
            return f"{line} ({expected})" if expected else line
        counts = {stage: self._stages.count(stage) for stage in self._stages}
        return texts.many_stages(counts, len(self._stages), self._translate)
