"""A GIMP 3 with its window, and what a person does in it again and again."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageFilter

from mock_server.testing import PrecisionMock

from . import pictures
from .harness import Desktop

EVIDENCE = Path(__file__).parents[3] / ".pytest_cache" / "screens"
DIALOG = "Precision Upscale"
RESUME = "Resume Precision Upscales"
SETTINGS = "Precision Upscale Settings"
KEY = "API Key"
FRAME_MS = 1800
"""How long each picture of an animation is shown, in milliseconds."""
MESSAGE = "GIMP Message"
"""Where GIMP collects what plug-ins say; after the third message it says no more."""


@dataclass
class GuiSession:
    """A desktop, what a person does at it again and again, and the mock behind it."""

    desktop: Desktop
    port: int
    pictures: Path | None
    before: tuple[int, int]
    mock: PrecisionMock | None = None
    practises: bool = False
    frames: list[Image.Image] = field(default_factory=list)
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

        def ready() -> bool:
            return bool(self.desktop.look("Upscale", role="button", window=DIALOG)["sensitive"])

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

    def frame(self) -> None:
        """Take a picture of the screen for :meth:`animation`, at half its size."""
        if self.pictures is not None:
            path = self.desktop.home / "frame.png"
            self.desktop.screenshot(path)
            with Image.open(path) as shot:
                self.frames.append(shot.convert("RGB").resize((shot.width // 2, shot.height // 2)))

    def animation(self, name: str) -> None:
        """Write the frames taken so far as a GIF, when the documents' pictures are wanted anew."""
        if self.pictures is not None:
            # one palette for all: what does not change from frame to frame is then not stored again
            palette = self.frames[-1].quantize(128)
            first, *others = (one.quantize(palette=palette, dither=Image.Dither.NONE) for one in self.frames)
            path = self.pictures / f"{name}.gif"
            first.save(path, save_all=True, append_images=others, duration=FRAME_MS, loop=0, optimize=True)
            pictures.record(name)
        self.frames.clear()

    def store_key(self) -> None:
        """Store the mock's key for the service that is set, unless that was done before."""
        if not list(self.desktop.home.rglob("credentials.json")):
            self.open_dialog()
            self.desktop.press("API Key…", window=DIALOG)
            self.desktop.write("mock-key", "API key:", role="password text", window=KEY)
            self.desktop.press("Test and Store", window=KEY)
            self.desktop.gone(window=KEY)
            self.close(DIALOG)


def draw_photograph(path: Path) -> Path:
    """Write a picture of 640 × 480 pixels with smooth areas, edges and grain."""
    base = Image.radial_gradient("L").resize((640, 480))
    noise = Image.effect_noise((640, 480), 40).filter(ImageFilter.GaussianBlur(1))
    Image.merge("RGB", (base, noise, base.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).save(path)
    return path
