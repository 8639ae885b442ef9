"""Do something slow beside the windows, on a thread, and hear the answer on the main loop.

The thread knows nothing of who waits: the last reference to a widget, or to something of GIMP's, must
not be dropped by a thread, nor be kept until after the plug-in's last word to GIMP.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from gi.repository import GLib

if TYPE_CHECKING:
    from collections.abc import Callable

_numbers = itertools.count()
_waiting: dict[int, Callable[[Any], object]] = {}


def ask(question: Callable[[], object], heard: Callable[[Any], object]) -> None:
    """Call ``question``, which must hold no widget, on a thread, and ``heard`` with its answer here."""
    number = next(_numbers)
    _waiting[number] = heard
    threading.Thread(target=_answer, args=(question, number), daemon=True).start()


def forget() -> None:
    """Take no answer any more, and let go of everybody who waits."""
    _waiting.clear()


def _answer(question: Callable[[], object], number: int) -> None:
    GLib.idle_add(_answered, number, question())


def _answered(number: int, answer: object) -> bool:
    heard = _waiting.pop(number, None)
    if heard is not None:
        heard(answer)
    return bool(GLib.SOURCE_REMOVE)
