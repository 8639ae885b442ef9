"""What GIMP writes down after a person's run: the values of the sliders, and never the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gui_session import DIALOG

if TYPE_CHECKING:
    from pathlib import Path

    from .gui_session import GuiSession


def test_the_key_is_in_no_file_but_its_own(practising: GuiSession) -> None:
    gui = practising
    mock = gui.start_mock()
    key = mock.key
    gui.open_dialog()
    gui.desktop.turn(3, "Scale factor", role="spin button", window=DIALOG)
    # an upscale of its own: what another test has paid for would come free
    gui.desktop.turn(11, "Smart grain", role="spin button", window=DIALOG)
    charges = mock.charges
    gui.upscale()
    gui.desktop.wait(lambda: mock.charges > charges, "the task is created")
    mock.advance(3600)
    gui.wait_for_factor(3)
    gui.undo()
    written = [path for path in gui.desktop.home.rglob("*") if _counts(path)]
    assert [path.name for path in written if key.encode() in path.read_bytes()] in ([], ["credentials.json"])
    # GIMP has written down what it was told, so that there was something to find
    told = [path for path in written if "plug-in-settings" in path.parts]
    assert any(b"scale-factor" in path.read_bytes() for path in told), told


def _counts(path: Path) -> bool:
    # the plug-in itself knows the key of practice, which is no secret
    return path.is_file() and not path.is_symlink() and "plug-ins" not in path.parts
