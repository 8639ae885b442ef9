"""What the last run of the whole catalogue came to, kept so that the table of every other run can say it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from .catalogue import CATALOGUE
from .sandbox import ROOT

if TYPE_CHECKING:
    from pathlib import Path

KEPT = ROOT / ".planted.json"


def _catalogue() -> str:
    return hashlib.sha256(repr(CATALOGUE).encode()).hexdigest()


def keep(caught: int, path: Path = KEPT) -> None:
    """Write down that a run of the whole catalogue as it is now caught so many."""
    path.write_text(json.dumps({"caught": caught, "catalogue": _catalogue()}), encoding="utf-8")


def told(path: Path = KEPT) -> str:
    """Return how many wrong subjects there are, and how many of them the last run caught, as words."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        caught = kept["caught"] if kept["catalogue"] == _catalogue() else None
    except (OSError, ValueError, KeyError):
        caught = None
    if caught is None:
        return f"{len(CATALOGUE)} in the catalogue; not planted since it was last changed"
    return f"{len(CATALOGUE)} in the catalogue; the last --planted run caught {caught}"
