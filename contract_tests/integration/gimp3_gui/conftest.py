"""One GIMP 3 with a window for each version, the real plug-in in it, and a mock that appears when wanted.

``pytest contract_tests/integration/gimp3_gui --update-screenshots`` writes the documents' pictures anew.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageFilter

from mock_server.testing import PrecisionMock

from . import pictures
from .harness import IMAGE_WINDOW, Desktop, ScreenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gimp_sandbox.gimp import Gimp

EVIDENCE = Path(__file__).parents[3] / ".pytest_cache" / "screens"
DIALOG = "Precision Upscale"
RESUME = "Resume Precision Upscales"
SETTINGS = "Precision Upscale Settings"
KEY = "API Key"
MESSAGE = "GIMP Message"
"""Where GIMP collects what plug-ins say; after the third message it says no more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the explicit command for new pictures."""
    parser.addoption(
        "--update-screenshots", action="store_true", help="write the pictures in docs/images anew"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything that opens a GIMP here takes its time."""
    for item in items:
        if {"desk", "seen"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


@dataclass
class Desk:
    """A desktop, what a person does at it again and again, and the mock behind it."""

    desktop: Desktop
    port: int
    pictures: Path | None
    before: tuple[int, int]
    mock: PrecisionMock | None = None
    practises: bool = False
    open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start_mock(self) -> PrecisionMock:
        """Let the offline mock appear where the plug-in looks for one; its clock stands still."""
        if self.mock is None:
            self.mock = self.open.enter_context(PrecisionMock(port=self.port))
        return self.mock

    def size(self) -> str:
        """Return the image's size as GIMP's window title has it, for example ``640x480``."""
        title = next(title for title in self.desktop.titles() if title.endswith("GIMP"))
        return title.rsplit(" – ", 1)[0].rsplit(" ", 1)[1]  # noqa: RUF001 - GIMP's own dash

    def wait_for_factor(self, factor: int, timeout: float = 90) -> None:
        """Wait until the image is ``factor`` times as large as it was opened."""
        size = "x".join(str(side * factor) for side in self.before)
        self.desktop.wait(lambda: self.size() == size, f"the image is {size}", timeout)

    def open_dialog(self) -> None:
        """Choose the menu item and wait until everything the dialog looks up is known."""
        self.desktop.menu("Filters", "Enhance", "Precision Upscale…")
        self.desktop.look(window=DIALOG)
        self.desktop.look("/^(Service: |No API key is stored)/", window=DIALOG)

    def upscale(self) -> None:
        """Press the dialog's main button once it can be pressed."""
        # E731: handed on at once, and clearer with a name
        ready = lambda: self.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"]  # noqa: E731
        self.desktop.wait(ready, "Upscale can be pressed")
        self.desktop.press("Upscale", role="button", window=DIALOG)

    def close(self, window: str, button: str = "Cancel") -> None:
        """Press a button of a window and wait until the window has gone."""
        self.desktop.press(button, role="button", window=window)
        self.desktop.gone(window=window)

    def undo(self) -> None:
        """Press Ctrl+Z once; everything the upscale did must be gone with it."""
        self.desktop.keys("ctrl+z", window="GIMP$")
        self.wait_for_factor(1)

    def hear(self, words: str, picture: str | None = None) -> str:
        """Return what the plug-in says in a window of GIMP's, and take a picture for the documents.

        The window is closed, for it takes the keyboard. Short messages GIMP shows in its status line.
        """
        told = str(self.desktop.look(words, role="label", window=MESSAGE)["name"])
        if picture is not None:
            self.picture(picture, MESSAGE)
        self.close(MESSAGE, "OK")
        return told

    def practise(self) -> None:
        """Switch practice on in the dialog, as a person would."""
        self.open_dialog()
        self.desktop.press("Practice for Free", window=DIALOG)
        self.desktop.look("/^Practice: /", window=DIALOG)
        self.close(DIALOG)
        self.practises = True

    def picture(self, name: str, window: str | None = None) -> None:
        """Take a picture for the documents, when they are wanted anew."""
        if self.pictures is not None:
            path = self.pictures / f"{name}.png"
            self.desktop.screenshot(path, window)
            with Image.open(path) as shot:
                # a palette is plenty for a document, and a third of the bytes
                small = shot.convert("RGB").quantize(256)
            small.save(path, optimize=True)
            pictures.record(name)

    def tidy(self) -> None:
        """Close whatever a failed test left open, so that the next one begins from the image alone."""
        for window in (KEY, SETTINGS, RESUME, DIALOG, MESSAGE):
            for button in ("Cancel", "Close", "OK"):
                with contextlib.suppress(ScreenError):
                    if self.desktop.sees(button, role="button", window=window):
                        self.close(window, button)


def draw_photograph(path: Path) -> Path:
    """Write a picture of 640 × 480 pixels with smooth areas, edges and grain."""
    base = Image.radial_gradient("L").resize((640, 480))
    noise = Image.effect_noise((640, 480), 40).filter(ImageFilter.GaussianBlur(1))
    Image.merge("RGB", (base, noise, base.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).save(path)
    return path


@pytest.fixture(scope="session")
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a picture to work on: a real photograph when pictures for the documents are taken."""
    folder = tmp_path_factory.mktemp("pictures")
    path = draw_photograph(folder / "portrait.png")
    if request.config.getoption("--update-screenshots", default=False):
        sys.path.append(str(Path(__file__).parents[3] / "install_scripts"))
        from demo import photograph  # noqa: PLC0415 - it fetches the photograph

        with Image.open(photograph(folder)) as real:
            real.save(path)
    return path


@pytest.fixture(scope="session")
def desk(
    gimp3: Gimp,
    plugin_gimp3: Path,
    picture: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Desk]:
    """Open a GIMP of each version in turn, as after the first installation: no key, and no mock yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    wanted = request.config.getoption("--update-screenshots", default=False) and gimp3.version == "3.2"
    plug_ins = tmp_path_factory.mktemp("plug-ins")
    shutil.copytree(plugin_gimp3, plug_ins / plugin_gimp3.name)
    desktop = Desktop(
        gimp3,
        files=[picture],
        plug_ins=plug_ins,
        environment={
            "PRECISION_MOCK_PORT": str(port),
            "BROWSER": "echo browser-opens:",
            # a plug-in that crashes says where
            "PYTHONFAULTHANDLER": "1",
        },
        evidence=EVIDENCE,
        # room for the dialog beside the whole picture
        size="1780x1010",
    )
    with desktop:
        with Image.open(picture) as opened:
            desk = Desk(desktop, port, pictures.IMAGES if wanted else None, opened.size)
        with desk.open:
            yield desk


@pytest.fixture
def practising(desk: Desk) -> Iterator[Desk]:
    """Give the same desk with practice switched on and the mock's clock standing still."""
    desk.start_mock().play("")
    if not desk.practises:
        desk.practise()
    yield desk
    desk.tidy()


__all__ = ["DIALOG", "IMAGE_WINDOW", "KEY", "MESSAGE", "RESUME", "SETTINGS", "Desk"]
