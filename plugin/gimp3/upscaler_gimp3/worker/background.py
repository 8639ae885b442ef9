"""Run a slow function on a thread and hand its result to the main loop.

The thread holds no reference to the callback. A thread must not drop the last reference to a widget or
to one of GIMP's objects, and must not keep one after the plug-in has returned its values to GIMP.
"""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from gi.repository import GLib

if TYPE_CHECKING:
    from collections.abc import Callable

_numbers = itertools.count()
_callbacks: dict[int, Callable[[Any], object]] = {}


def call(function: Callable[[], object], on_result: Callable[[Any], object]) -> None:
    """Call ``function`` on a thread, then ``on_result`` with its result on the main thread.

    ``function`` must not refer to a widget.
    """
    number = next(_numbers)
    _callbacks[number] = on_result
    threading.Thread(target=_run, args=(function, number), daemon=True).start()


def discard_all() -> None:
    """Ignore the results of all calls that are still running."""
    _callbacks.clear()


def _run(function: Callable[[], object], number: int) -> None:
    GLib.idle_add(_hand_over, number, function())


def _hand_over(number: int, result: object) -> bool:
    on_result = _callbacks.pop(number, None)
    if on_result is not None:
        on_result(result)
    return bool(GLib.SOURCE_REMOVE)
