"""Every picture in the documents is younger than the code it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from contract_tests.integration.gimp3_gui import pictures
from contract_tests.integration.gimp3_gui.pictures import COMMAND, IMAGES, SHOWN

from .blocks import PAGES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_younger_than_the_code_it_shows(name: str) -> None:
    assert pictures.recorded().get(name) == pictures.digest(name), f"take it again: {COMMAND}"


def test_every_picture_is_there_and_shown_by_a_document() -> None:
    taken = {path.stem for path in IMAGES.glob("*.png")}
    named = [
        name for page in PAGES for name in re.findall(r"\(\S*images/([\w-]+)\.png\)", page.read_text("utf-8"))
    ]
    drawn_by_benchmarks = {name for name in named if name.startswith("growth-")}
    assert taken - drawn_by_benchmarks == set(SHOWN)
    assert set(named) - drawn_by_benchmarks == set(SHOWN)


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
