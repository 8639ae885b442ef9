"""One deliberately wrong subject: a small change of one file, and the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StaleSubjectError(Exception):
    """The text a subject replaces is not in its file exactly once: the file has moved on."""


@dataclass(frozen=True)
class WrongSubject:
    """A fault that a test must find.

    ``path`` is the file below the repository's root; ``old`` occurs there exactly once and becomes
    ``new``; ``fault`` describes what is wrong then; ``tests`` are paths or identifiers of tests, of
    which at least one has to fail.
    """

    fault: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]

    def changed(self, text: str) -> str:
        """Return the file's ``text`` with the fault; :class:`StaleSubjectError` when it does not fit."""
        found = text.count(self.old)
        if found != 1:
            raise StaleSubjectError(f"{self.fault}: {self.path} holds {self.old!r} {found} times, not once")
        return text.replace(self.old, self.new)

    def check(self, root: Path) -> None:
        """Raise :class:`StaleSubjectError` unless the subject fits the files below ``root``."""
        self.changed((root / self.path).read_text(encoding="utf-8"))
        for test in self.tests:
            if not (root / test.partition("::")[0]).exists():
                raise StaleSubjectError(f"{self.fault}: there is no {test}")


def wrong_subjects(
    path: str, tests: tuple[str, ...], *changes: tuple[str, str, str]
) -> tuple[WrongSubject, ...]:
    """Return wrong subjects of one file from ``(fault, old, new)``."""
    return tuple(WrongSubject(fault, path, old, new, tests) for fault, old, new in changes)
