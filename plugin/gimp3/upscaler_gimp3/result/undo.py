"""Calls of GIMP that must succeed, and undo steps."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp

if TYPE_CHECKING:
    from collections.abc import Iterator


def must(done: bool, what: str) -> None:
    """Raise RuntimeError unless GIMP did it: its calls return False instead of raising."""
    if not done:
        raise RuntimeError(f"GIMP could not {what}: {Gimp.get_pdb().get_last_error()}")


@contextmanager
def undo_step(image: Any) -> Iterator[None]:
    """Make one undo step of what is done inside, whatever happens there."""
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()
