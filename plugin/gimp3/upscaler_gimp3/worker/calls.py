"""Ask the worker something short without blocking the window: status, keys, settings, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend import texts
from precision_upscaler.frontend.worker_process import Worker
from precision_upscaler.protocol import FINAL_EVENTS

from upscaler_gimp3.i18n import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    Event = dict[str, Any]

_PATIENCE_SECONDS = 90


class Call:
    """One command to a worker of its own, answered once, on the main thread.

    ``answered`` gets the final event: the command's own answer or an ``error``. After
    :meth:`forget` it is called no more; the worker then ends by itself.
    """

    def __init__(self, command: Event, answered: Callable[[Event], None], key: str | None = None) -> None:
        self._answered: Callable[[Event], None] | None = answered
        self._worker = Worker(command, notify=lambda: GLib.idle_add(self._take), translate=catalog(), key=key)
        self._timer = GLib.timeout_add_seconds(_PATIENCE_SECONDS, self._give_up)
        self._worker.start()

    @property
    def pending(self) -> bool:
        """Whether the answer is still awaited."""
        return self._answered is not None

    def forget(self) -> None:
        """Take no answer any more."""
        if self._answered is not None:
            self._answered = None
            GLib.source_remove(self._timer)
            self._worker.close()

    def _take(self) -> bool:
        for event in self._worker.events():
            if event["event"] in FINAL_EVENTS:
                self._finish(event)
        return bool(GLib.SOURCE_REMOVE)

    def _give_up(self) -> bool:
        answered, self._answered = self._answered, None
        self._worker.close()
        if answered is not None:
            answered(texts.worker_silent_error(_PATIENCE_SECONDS, catalog()))
        return bool(GLib.SOURCE_REMOVE)

    def _finish(self, event: Event) -> None:
        answered = self._answered
        self.forget()
        if answered is not None:
            answered(event)
