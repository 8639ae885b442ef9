"""Resume by a script: a part of a layer comes back through the selection it was sent with."""

from __future__ import annotations

from typing import Any

import pytest

from .running import Session

pytestmark = [pytest.mark.gimp3, pytest.mark.slow]


def _result(resuming: Session, name: str) -> dict[str, Any]:
    results = resuming.lines("resuming.jsonl")
    assert name in results, resuming.end()
    assert "crash" not in results[name], results[name]["crash"]
    assert results[name]["ending"] == "result"
    return results[name]


def test_a_part_comes_back_through_the_selection_of_then(resuming: Session) -> None:
    result = _result(resuming, "kept")
    assert (result["status"], result["count"]) == ("success", 1), result["message"]
    assert result["outside"] > 1000
    assert result["outside_changed"] == 0, "what was not selected was replaced"
    assert result["changed"] > 1000, "nothing was placed"


def test_it_is_what_it_would_have_been_at_once(resuming: Session) -> None:
    result = _result(resuming, "kept")
    assert result["directly"][0] == "success", result["directly"][1]
    assert result["off"] <= 1


def test_a_part_whose_selection_is_unknown_changes_nothing(resuming: Session) -> None:
    result = _result(resuming, "lost")
    assert (result["status"], result["count"]) == ("success", 1), result["message"]
    assert result["changed"] == []
    assert "is no longer known" in result["message"]
    number, width, height = result["new_images"][0]
    assert min(width, height) >= 2 * 140
    assert result["resolutions"] == [[144.0, 120.0]]
    assert result["message"].splitlines()[-1] == f"New images: {number}"


def test_a_file_of_the_command_line_becomes_an_image_with_its_profile_and_without_a_file(
    resuming: Session,
) -> None:
    result = _result(resuming, "command-line")
    assert (result["status"], result["count"]) == ("success", 1), result["message"]
    assert "command line" in result["message"]
    assert (result["size"], result["layer"]) == ([400, 400], "photo.png")
    assert result["profile_kept"] is True
    assert (result["file"], result["imported"]) == (None, None)


def test_gimp_has_nothing_to_complain_about(resuming: Session) -> None:
    assert resuming.complete, resuming.end()
    assert resuming.complaints() == []
