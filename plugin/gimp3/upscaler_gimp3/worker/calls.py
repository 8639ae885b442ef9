"""Short commands to a worker: status, keys, settings, jobs. The windows stay alive meanwhile."""

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

_TIMEOUT_SECONDS = 90


class Call:
    """One command to a worker process of its own.

    ``on_answer`` is called once, on the main thread, with the final event: the command's own answer or
    an ``error``. After :meth:`discard` it is not called; the worker then ends by itself.
    """

    def __init__(self, command: Event, on_answer: Callable[[Event], None], key: str | None = None) -> None:
        self._on_answer: Callable[[Event], None] | None = on_answer
        self._worker = Worker(command, notify=lambda: GLib.idle_add(self._take), translate=catalog(), key=key)
        self._timer = GLib.timeout_add_seconds(_TIMEOUT_SECONDS, self._give_up)
        self._worker.start()

    @property
    def pending(self) -> bool:
        """Whether the answer is still to come."""
        return self._on_answer is not None

    def discard(self) -> None:
        """Ignore the answer."""
        if self._on_answer is not None:
            self._on_answer = None
            GLib.source_remove(self._timer)
            self._worker.close()

    def _take(self) -> bool:
        for event in self._worker.events():
            if event["event"] in FINAL_EVENTS:
                on_answer = self._on_answer
                self.discard()
                if on_answer is not None:
                    on_answer(event)
        return bool(GLib.SOURCE_REMOVE)

    def _give_up(self) -> bool:
        on_answer, self._on_answer = self._on_answer, None
        self._worker.close()
        if on_answer is not None:
            on_answer(texts.worker_silent_error(_TIMEOUT_SECONDS, catalog()))
        return bool(GLib.SOURCE_REMOVE)


def call_and_wait(command: Event) -> Event:
    """Return the worker's final event for ``command``, where nothing can be shown before it is known."""
    events: list[Event] = []
    loop = GLib.MainLoop()

    def answered(event: Event) -> None:
        events.append(event)
        loop.quit()

    Call(command, answered)
    loop.run()
    return events[0]
