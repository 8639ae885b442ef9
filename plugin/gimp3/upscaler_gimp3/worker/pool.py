"""Run several workers at once and wait for them in GLib's main loop, so that GIMP is never blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend.worker_process import Worker
from precision_upscaler.protocol import FINAL_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]

AT_ONCE = 8
"""Workers that run at the same time; the service allows 50 requests a minute for all of them."""

NOTHING_SENT: Event = {"event": "cancelled", "job_id": None, "charged": "no", "message": ""}
"""The event of a cancel that came before the worker had its command."""


class Crew:
    """``count`` workers, at most :data:`AT_ONCE` at a time, each for one command.

    ``heard`` is called on the main thread with ``(index, event)`` for everything a worker says.
    """

    def __init__(
        self, count: int, heard: Callable[[int, Event], None], translate: Callable[[str], str]
    ) -> None:
        self.workers = [
            Worker(notify=lambda: GLib.idle_add(self._drain), translate=translate) for _ in range(count)
        ]
        self.cancelled = False
        self.endings: list[Event | None] = [None] * count
        self._warnings: list[list[Event]] = [[] for _ in range(count)]
        self._heard = heard
        self._prepared = 0
        self._commands: list[Event] = []
        self._started = 0
        self._loop = GLib.MainLoop()

    def prepare(self) -> None:
        """Start the next worker's process while its command is still being made, if it may run at once."""
        if self._prepared < min(len(self.workers), AT_ONCE):
            self.workers[self._prepared].prepare()
            self._prepared += 1

    def close(self) -> None:
        """Let go of every worker: one without a command ends, and the others leave their result to Resume."""
        for worker in self.workers:
            worker.close()

    def run(self, commands: Sequence[Event]) -> list[Event]:
        """Give each worker its command, and wait until each has said its last; return these events in order.

        Each also has the ``warnings`` that came before it, a list of events.
        """
        self._commands = list(commands)
        self._start_more()
        # what went wrong with a prepared one was announced when nobody listened
        self._drain()
        if not self._all_ended():
            self._loop.run()
        return [ending for ending in self.endings if ending is not None]

    def cancel(self) -> None:
        """Ask every worker to stop, and start no more; each still says what it cost."""
        self.cancelled = True
        for index, worker in enumerate(self.workers):
            if index >= self._started:
                self.endings[index] = NOTHING_SENT
            elif self.endings[index] is None:
                worker.cancel()
        self._quit_when_done()

    def _start_more(self) -> None:
        running = sum(ending is None for ending in self.endings[: self._started])
        while self._started < len(self._commands) and running < AT_ONCE and not self.cancelled:
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
                if event["event"] in FINAL_EVENTS and self.endings[index] is None:
                    self.endings[index] = {**event, "warnings": self._warnings[index]}
                self._heard(index, event)
        self._start_more()
        self._quit_when_done()
        return bool(GLib.SOURCE_REMOVE)

    def _all_ended(self) -> bool:
        return all(ending is not None for ending in self.endings)

    def _quit_when_done(self) -> None:
        if self._all_ended() and self._loop.is_running():
            self._loop.quit()
