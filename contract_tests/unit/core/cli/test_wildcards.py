"""On Windows the command line expands ``*`` and ``?`` itself, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from precision_upscaler.cli import wildcards

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of pictures with names that look like patterns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMP", "elsewhere")
    for name in ("Foto 1.jpg", "Foto [1].jpg", "Foto [2].jpg", "~", "%TEMP%.png", "$HOME.png", "-a.jpg"):
        (tmp_path / name).touch()


@pytest.mark.parametrize(
    ("argument", "expanded"),
    [
        ("Foto [1].jpg", ["Foto [1].jpg"]),
        ("Foto [3].jpg", ["Foto [3].jpg"]),
        ("Foto [[]1].jpg", ["Foto [[]1].jpg"]),
        ("Foto*.jpg", ["Foto 1.jpg", "Foto [1].jpg", "Foto [2].jpg"]),
        ("Foto ?.jpg", ["Foto 1.jpg"]),
        ("Foto [?].jpg", ["Foto [1].jpg", "Foto [2].jpg"]),
        ("~", ["~"]),
        ("~/x.png", ["~/x.png"]),
        ("%TEMP%.png", ["%TEMP%.png"]),
        ("$HOME.png", ["$HOME.png"]),
        ("none*.jpg", ["none*.jpg"]),
        ("--name=*.jpg", ["--name=*.jpg"]),
        ("", [""]),
    ],
)
def test_only_star_and_question_mark_are_expanded(argument: str, expanded: list[str]) -> None:
    assert list(wildcards.expand([argument])) == expanded


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
def test_the_name_of_an_existing_file_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "Foto ?.jpg").touch()
    assert list(wildcards.expand(["Foto ?.jpg", "out.png"])) == ["Foto ?.jpg", "out.png"]
