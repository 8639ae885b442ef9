"""Look for the offline mock without holding the windows up: on a thread, the answer on the main loop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from gi.repository import GLib
from precision_upscaler.frontend import practice

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = TypeVar("Answer")


def find(heard: Callable[[str | None], None]) -> None:
    """Tell ``heard`` the address of a mock on this computer, or None."""
    _ask(practice.find_mock, heard)


def is_mock(address: str, heard: Callable[[bool], None]) -> None:
    """Tell ``heard`` whether a mock answers at a service address; no other computer is asked."""
    if practice.leads_here(address):
        _ask(lambda: practice.is_mocks_address(address), heard)
    else:
        heard(False)


def _ask(question: Callable[[], Answer], heard: Callable[[Answer], None]) -> None:
    def answered(answer: Answer) -> bool:
        heard(answer)
        return bool(GLib.SOURCE_REMOVE)

    def ask() -> None:
        GLib.idle_add(answered, question())

    threading.Thread(target=ask, daemon=True).start()
