"""The table of a run says how many wrong subjects there are, and nothing of a run with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import outcome
from .catalogue import CATALOGUE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_was_caught_is_told_until_the_catalogue_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "planted.json"
    total = len(CATALOGUE)
    assert outcome.told(path) == f"{total} in the catalogue; not planted since it was last changed"
    outcome.keep(total - 1, path)
    assert outcome.told(path) == f"{total} in the catalogue; the last --planted run caught {total - 1}"
    monkeypatch.setattr(outcome, "CATALOGUE", CATALOGUE[1:])
    assert "not planted since" in outcome.told(path)
    path.write_text("{half")
    assert "not planted since" in outcome.told(path)
