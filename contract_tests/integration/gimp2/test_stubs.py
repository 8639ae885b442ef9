"""The stubs as somebody else's tests use them: loading, dialogs, last values, failures, isolation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.gimpfu_stubs import RUN_WITH_LAST_VALS, Session

STUBS = Path(__file__).parents[2] / "gimpfu_stubs"

PLUG_IN = """
from gimpfu import *

def brighten(image, drawable, amount, name):
    image.undo_group_start()
    drawable.name = name
    drawable.opacity = float(amount)
    image.undo_group_end()
    if amount > 99:
        fail("too bright")

register("brighten", "blurb", "help", "me", "me", "2026", "Brighten...", "*",
         [(PF_IMAGE, "image", "i", None), (PF_DRAWABLE, "drawable", "d", None),
          (PF_SLIDER, "amount", "a", 50.0, (0, 100, 1)), (PF_STRING, "name", "n", "bright")],
         [], brighten, menu="<Image>/Filters")
main()
"""
NAME = "python-fu-brighten"


@pytest.fixture
def plug_in(tmp_path: Path) -> Path:
    """Write a small plug-in."""
    path = tmp_path / "brighten.py"
    path.write_text(PLUG_IN, encoding="utf-8")
    return path


def test_a_plugin_is_loaded_and_called(gimpfu_session: Session, plug_in: Path) -> None:
    assert gimpfu_session.load_plugin(plug_in) == [NAME]
    image = gimpfu_session.gimp.Image(64, 48)
    layer = image.new_layer("Sky")
    before = gimpfu_session.undo_depth(image)
    gimpfu_session.pdb.python_fu_brighten(image, layer, 20, "dark")
    assert (layer.name, layer.opacity) == ("dark", 20.0)
    assert gimpfu_session.undo_depth(image) == before + 1
    assert gimpfu_session.undo(image)
    assert (layer.name, layer.opacity) == ("Sky", 100.0)
    assert gimpfu_session.redo(image)
    assert layer.name == "dark"


def test_the_dialog_is_answered(gimpfu_session: Session, plug_in: Path) -> None:
    gimpfu_session.load_plugin(plug_in)
    image = gimpfu_session.gimp.Image(64, 48)
    layer = image.new_layer("Sky")
    gimpfu_session.dialog = {"amount": 30.0}
    gimpfu_session.menu(NAME, image, layer)
    assert (layer.opacity, layer.name) == (30.0, "bright")
    layer.opacity = 100.0
    gimpfu_session.menu(NAME, image, layer, run_mode=RUN_WITH_LAST_VALS)
    assert layer.opacity == 30.0
    gimpfu_session.dialog = None
    layer.opacity = 100.0
    gimpfu_session.menu(NAME, image, layer)
    assert layer.opacity == 100.0


def test_last_values_before_any_dialog_fail_as_in_the_real_one(
    gimpfu_session: Session, plug_in: Path
) -> None:
    gimpfu_session.load_plugin(plug_in)
    image = gimpfu_session.gimp.Image(64, 48)
    with pytest.raises(RuntimeError, match="execution error"):
        gimpfu_session.menu(NAME, image, image.new_layer("Sky"), run_mode=RUN_WITH_LAST_VALS)
    assert "can only concatenate tuple" in gimpfu_session.tracebacks[0]


def test_a_failure_reaches_the_caller(gimpfu_session: Session, plug_in: Path) -> None:
    gimpfu_session.load_plugin(plug_in)
    image = gimpfu_session.gimp.Image(64, 48)
    with pytest.raises(RuntimeError, match="execution error"):
        gimpfu_session.pdb.python_fu_brighten(image, image.new_layer("Sky"), 100, "x")
    assert gimpfu_session.messages == ["too bright"]
    assert "too bright" in gimpfu_session.tracebacks[0]


def test_what_is_not_there_says_so(gimpfu_session: Session) -> None:
    image = gimpfu_session.gimp.Image(64, 48)
    layer = image.new_layer("Sky")
    with pytest.raises(NotImplementedError, match="plug-in-oilify"):
        gimpfu_session.pdb.plug_in_oilify(image, layer, 8, 0)


def test_a_file_without_main_is_no_plugin(gimpfu_session: Session, tmp_path: Path) -> None:
    path = tmp_path / "nothing.py"
    path.write_text("import gimpfu\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="did not call main"):
        gimpfu_session.load_plugin(path)


def test_a_copy_of_the_stubs_works_by_itself(tmp_path: Path) -> None:
    shutil.copytree(STUBS, tmp_path / "fake_gimp", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import fake_gimp, sys\n"
        "with fake_gimp.Session() as session:\n"
        "    image = session.gimp.Image(4, 4)\n"
        "    session.pdb.gimp_image_scale(image, 8, 8)\n"
        "    assert image.width == 8\n"
        "assert not [name for name in sys.modules if name.startswith(('contract_tests', 'precision'))]\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_windows_only_on_request() -> None:
    with Session(display=True) as session:
        image = session.gimp.Image(4, 4)
        session.gimp.Display(image)
        assert len(session.displays) == 1


def test_sessions_leave_nothing_behind() -> None:
    with Session() as one:
        one.gimp.Image(4, 4)
        folder = one.folder
        with Session() as two:
            assert two.gimp.image_list() == []
        assert len(one.gimp.image_list()) == 1
    assert "gimpfu" not in sys.modules
    assert not folder.exists()


def test_outside_a_session_nothing_works_and_the_message_helps() -> None:
    from contract_tests.gimpfu_stubs import current

    with pytest.raises(RuntimeError, match="fixture gimpfu_session"):
        current()
