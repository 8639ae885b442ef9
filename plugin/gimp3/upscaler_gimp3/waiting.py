"""Run several workers at once and wait for them in GLib's main loop, so that GIMP is never blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib
from precision_upscaler.frontend.pipe import FINAL_EVENTS, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Event = dict[str, Any]

AT_ONCE = 8
"""Workers that run at the same time; the service allows 50 requests a minute for all of them."""


class Crew:
    """One worker for each command, at most :data:`AT_ONCE` at a time, in the order given.

    ``heard`` is called on the main thread with ``(index, event)`` for everything a worker says.
    """

    def __init__(
        self,
        commands: Sequence[Event],
        heard: Callable[[int, Event], None],
        translate: Callable[[str], str],
    ) -> None:
        self.workers = [
            Worker(command, notify=lambda: GLib.idle_add(self._drain), translate=translate)
            for command in commands
        ]
        self.endings: list[Event | None] = [None] * len(commands)
        self._warnings: list[list[Event]] = [[] for _ in commands]
        self._heard = heard
        self._started = 0
        self._cancelled = False
        self._loop = GLib.MainLoop()

    def run(self) -> list[Event]:
        """Start the workers, wait until each has said its last, and return those last events in order.

        Each also has the ``warnings`` that came before it, a list of events.
        """
        self._start_more()
        if not self._all_ended():
            self._loop.run()
        return [ending for ending in self.endings if ending is not None]

    def cancel(self) -> None:
        """Ask every worker to stop, and start no more; each still says what it cost."""
        self._cancelled = True
        for index, worker in enumerate(self.workers):
            if index >= self._started:
                self.endings[index] = {"event": "cancelled", "job_id": None, "charged": "no", "message": ""}
            elif self.endings[index] is None:
                worker.cancel()
        self._quit_when_done()

    def _start_more(self) -> None:
        running = sum(ending is None for ending in self.endings[: self._started])
        while self._started < len(self.workers) and running < AT_ONCE and not self._cancelled:
            self.workers[self._started].start()
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
