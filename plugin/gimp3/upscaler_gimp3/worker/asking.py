"""Wait for the worker's short answer where nothing can be shown before it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gi.repository import GLib

from .calls import Call

if TYPE_CHECKING:
    Event = dict[str, Any]


def answer_to(command: Event) -> Event:
    """Return the worker's final event for ``command``; GIMP's windows stay alive meanwhile."""
    answers: list[Event] = []
    loop = GLib.MainLoop()

    def answered(event: Event) -> None:
        answers.append(event)
        loop.quit()

    Call(command, answered)
    loop.run()
    return answers[0]
