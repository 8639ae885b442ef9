"""Count what a run looked at, for the table at its end: examples, states, transitions, subjects."""

from __future__ import annotations

from collections import Counter

_counts: Counter[str] = Counter()
_seen: dict[str, set[str]] = {}


def add(what: str, number: int = 1) -> None:
    """Add ``number`` to the row ``what``."""
    _counts[what] += number


def note(what: str, which: object) -> None:
    """Note that ``which`` was met at least once in the row ``what``."""
    _seen.setdefault(what, set()).add(str(which))


def taken() -> dict[str, dict[str, list[str] | int]]:
    """Return everything noted since the last call, and forget it."""
    notes: dict[str, dict[str, list[str] | int]] = {
        "counts": dict(_counts),
        "seen": {what: sorted(which) for what, which in _seen.items()},
    }
    _counts.clear()
    _seen.clear()
    return notes
