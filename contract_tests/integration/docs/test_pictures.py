"""Every picture in the documents is younger than the code it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from contract_tests.integration.gimp3_gui import pictures
from contract_tests.integration.gimp3_gui.pictures import COMMAND, IMAGES, SHOWN

from .blocks import PAGES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_younger_than_the_code_it_shows(name: str) -> None:
    assert pictures.recorded().get(name) == pictures.digest(name), f"take it again: {COMMAND}"


def test_every_picture_is_there_and_shown_by_a_document() -> None:
    taken = {path.stem for path in IMAGES.iterdir() if path.suffix in {".png", ".gif"}}
    link = re.compile(r"\(\S*images/([\w-]+)\.(?:png|gif)\)")
    named = [name for page in PAGES for name in link.findall(page.read_text("utf-8"))]
    drawn_by_benchmarks = {name for name in named if name.startswith("growth-")}
    assert taken - drawn_by_benchmarks == set(SHOWN)
    assert set(named) - drawn_by_benchmarks == set(SHOWN)


def test_the_animation_of_the_readme_is_small_and_shows_every_step() -> None:
    """Menu, dialog, progress, result, undo."""
    path = IMAGES / "upscale.gif"
    assert path.stat().st_size <= 1 << 20
    with Image.open(path) as animation:
        assert getattr(animation, "n_frames", 1) == 6


def test_a_comment_is_no_change_and_a_word_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "shown.py"
    monkeypatch.setattr(pictures, "CLONE", tmp_path)
    monkeypatch.setitem(SHOWN, "x", ("shown.py:draw",))
    module.write_text(
        '"""A."""\n\n\ndef draw():\n    """B."""\n    return "word"\n\n\ndef other():\n    pass\n'
    )
    then = pictures.digest("x")
    module.write_text(
        'def draw():\n    """C.\n\n    D."""\n\n    # why\n    return "word"  # so\n\n\ndef other():\n    1\n'
    )
    assert pictures.digest("x") == then
    module.write_text('def draw():\n    return "another word"\n')
    assert pictures.digest("x") != then
