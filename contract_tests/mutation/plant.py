"""One deliberately wrong subject: a small change of one file, and the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StalePlantError(Exception):
    """The text a plant replaces is not in its file exactly once: the file has moved on."""


@dataclass(frozen=True)
class Plant:
    """A lie to be caught.

    ``path`` is the file below the repository's root; ``old`` occurs there exactly once and becomes
    ``new``; ``lie`` says in words what is wrong then; ``tests`` are paths or identifiers of tests, of
    which at least one has to fail.
    """

    lie: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]

    def changed(self, text: str) -> str:
        """Return the file's ``text`` with the lie in it; :class:`StalePlantError` when it does not fit."""
        found = text.count(self.old)
        if found != 1:
            raise StalePlantError(f"{self.lie}: {self.path} holds {self.old!r} {found} times, not once")
        return text.replace(self.old, self.new)

    def check(self, root: Path) -> None:
        """Raise :class:`StalePlantError` unless the plant fits the files below ``root``."""
        self.changed((root / self.path).read_text(encoding="utf-8"))
        for test in self.tests:
            if not (root / test.partition("::")[0]).exists():
                raise StalePlantError(f"{self.lie}: there is no {test}")


def lies(path: str, tests: tuple[str, ...], *changes: tuple[str, str, str]) -> tuple[Plant, ...]:
    """Return plants of one file from ``(lie, old, new)``."""
    return tuple(Plant(lie, path, old, new, tests) for lie, old, new in changes)
