"""Run several workers at once and wait for them in GLib's main loop, so that GIMP is never blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend.worker_process import Worker
from precision_upscaler.protocol import FINAL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]

MAX_RUNNING = 8
"""Workers that run at the same time. The service allows 50 requests a minute for all of them."""

CANCELLED_BEFORE_START: Event = {"event": "cancelled", "job_id": None, "charged": "no", "message": ""}
"""The final event of a worker that was cancelled before it had its command."""


class WorkerPool:
    """``count`` workers for one command each; at most :data:`MAX_RUNNING` run at a time.

    ``on_event`` is called on the main thread with ``(index, event)`` for every event of every worker.
    """

    def __init__(
        self, count: int, on_event: Callable[[int, Event], None], translate: Callable[[str], str]
    ) -> None:
        self.workers = [
            Worker(notify=lambda: GLib.idle_add(self._drain), translate=translate) for _ in range(count)
        ]
        self.cancelled = False
        self._final_events: list[Event | None] = [None] * count
        self._warnings: list[list[Event]] = [[] for _ in range(count)]
        self._on_event = on_event
        self._prepared = 0
        self._commands: list[Event] = []
        self._started = 0
        self._loop = GLib.MainLoop()
        self._translate = translate
        self._reservation: Worker | None = None

    def reserve(self, command: Event) -> Event:
        """Return the answer of a worker to the ``reserve`` command; it lives until :meth:`close`."""
        events: list[Event] = []
        loop = GLib.MainLoop()
        worker = Worker(command, notify=lambda: GLib.idle_add(take), translate=self._translate)

        def take() -> bool:
            events.extend(worker.events())
            if events:
                loop.quit()
            return bool(GLib.SOURCE_REMOVE)

        self._reservation = worker.start()
        loop.run()
        return events[0]

    def prepare(self) -> None:
        """Start the next worker's process before its command is known, if it may run at once."""
        if self._prepared < min(len(self.workers), MAX_RUNNING):
            self.workers[self._prepared].prepare()
            self._prepared += 1

    def close(self) -> None:
        """Close the input of every worker: one without a command ends, the others leave results to Resume."""
        for worker in self.workers:
            worker.close()
        if self._reservation is not None:
            self._reservation.close()

    def run(self, commands: Sequence[Event]) -> list[Event]:
        """Give each worker its command, wait until all have ended, and return their final events in order.

        Each final event also has ``warnings``, the list of the worker's ``warning`` events.
        """
        self._commands = list(commands)
        self._start_more()
        # events of a failed preparation came before anybody listened
        self._drain()
        if not self._all_ended():
            self._loop.run()
        return [event for event in self._final_events if event is not None]

    def cancel(self) -> None:
        """Ask every worker to stop and start no more; the final events say what it cost."""
        self.cancelled = True
        for index, worker in enumerate(self.workers):
            if index >= self._started:
                self._final_events[index] = CANCELLED_BEFORE_START
            elif self._final_events[index] is None:
                worker.cancel()
        self._quit_when_done()

    def _start_more(self) -> None:
        running = sum(event is None for event in self._final_events[: self._started])
        while self._started < len(self._commands) and running < MAX_RUNNING and not self.cancelled:
            worker = self.workers[self._started]
            worker.command = self._commands[self._started]
            worker.start()
            self._started += 1
            running += 1

    def _drain(self) -> bool:
        for index, worker in enumerate(self.workers[: self._started]):
            for event in worker.events():
                if event["event"] == "warning":
                    self._warnings[index].append(event)
                if event["event"] in FINAL_EVENTS and self._final_events[index] is None:
                    self._final_events[index] = {**event, "warnings": self._warnings[index]}
                self._on_event(index, event)
        self._start_more()
        self._quit_when_done()
        return bool(GLib.SOURCE_REMOVE)

    def _all_ended(self) -> bool:
        return all(event is not None for event in self._final_events)

    def _quit_when_done(self) -> None:
        if self._all_ended() and self._loop.is_running():
            self._loop.quit()
