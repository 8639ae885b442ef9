"""The demo does what it says, in both GIMP 3 and without one, and fails loudly when something is off."""

from __future__ import annotations

import copy
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import demo
import pytest
from dev.bootstrap import CLONE
from PIL import Image, ImageChops, ImageStat

from contract_tests.integration.docs.blocks import run_by

if TYPE_CHECKING:
    from pathlib import Path

    from gimp_sandbox.gimp import Gimp


def run_demo(*options: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, CLONE / "install_scripts/demo.py", *options]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)


def test_the_photographs_layer_comes_back_twice_as_large(gimp30: Gimp, tmp_path: Path) -> None:
    done = run_demo("--gimp", gimp30.version, "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "512 x 600 before, 1024 x 1200 now" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before_after.png", "result.xcf"]


def test_the_readmes_picture_shows_what_the_demo_makes_today(gimp32: Gimp, tmp_path: Path) -> None:
    drawn = tmp_path / "drawn.jpg"
    done = run_demo("--gimp", gimp32.version, "--output", tmp_path, "--picture", drawn)
    assert (done.returncode, done.stderr) == (0, "")
    assert "512 x 600 before, 1024 x 1200 now" in done.stdout
    with Image.open(drawn) as today, Image.open(CLONE / "docs/before_after.jpg") as shown:
        assert today.size == shown.size
        difference = ImageStat.Stat(ImageChops.difference(today.convert("RGB"), shown.convert("RGB"))).mean
    # another JPEG decoder rounds differently; anything that changes what is seen differs by far more
    assert max(difference) < 1.0, "make it again: install_scripts/demo.py --picture docs/before_after.jpg"


@pytest.mark.parametrize("command", run_by(__file__))
def test_without_a_gimp_the_command_line_does_the_job(command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "python3"
    argv = [sys.executable, *words[1:], "--gimp", "none", "--output", str(tmp_path)]
    done = subprocess.run(argv, cwd=CLONE, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert "there is no GIMP here" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before_after.png", "result.png"]


BEFORE: dict[str, Any] = {
    "size": [300, 200],
    "precision": 150,
    "layers": [
        {"name": "Sky", "size": [100, 80], "offsets": [-5, 7], "opacity": 50.0, "mask": [100, 80, True]},
        {"name": "Sea", "size": [300, 200], "offsets": [0, 0], "opacity": 100.0, "mask": None},
    ],
}
AFTER: dict[str, Any] = {
    "size": [600, 400],
    "precision": 150,
    "layers": [
        {"name": "Sky", "size": [200, 160], "offsets": [-10, 14], "opacity": 50.0, "mask": [200, 160, True]},
        {"name": "Sea", "size": [600, 400], "offsets": [0, 0], "opacity": 100.0, "mask": None},
    ],
}


def test_the_comparison_passes_what_is_right() -> None:
    assert demo.compare(BEFORE, AFTER) == []


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("size", [200, 161]),
        ("offsets", [-10, 13]),
        ("opacity", 49.0),
        ("mask", [200, 160, False]),
        ("mask", None),
    ],
)
def test_the_comparison_names_what_is_wrong(attribute: str, value: object) -> None:
    after = copy.deepcopy(AFTER)
    after["layers"][0][attribute] = value
    (problem,) = demo.compare(BEFORE, after)
    assert problem.startswith(f"Sky: {attribute}: expected")


def test_a_lost_layer_is_noticed() -> None:
    after = {**AFTER, "layers": AFTER["layers"][:1]}
    assert demo.compare(BEFORE, after) == ["the layers: expected ['Sky', 'Sea'], found ['Sky']"]
