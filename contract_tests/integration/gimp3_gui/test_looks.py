"""The windows as others see them: in a light theme at twice the size, and in German."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import catalogs
import pytest
from dev.bootstrap import CLONE
from PIL import Image, ImageStat

from .gui_session import DIALOG, EVIDENCE, SETTINGS, draw_photograph
from .harness import Desktop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gimp_sandbox.gimp import Gimp

sys.path.append(str(CLONE / "plugin/gimp3"))
from upscaler_gimp3.labels import without_mnemonic

_BRIGHT = 128


@dataclass(frozen=True)
class Look:
    """How a user has set GIMP; ``menu`` is where the filter is then."""

    language: str
    theme: str
    scale: int
    size: str
    menu: tuple[str, str]

    @property
    def translate(self) -> Callable[[str], str]:
        """What turns our English into the user's language, without mnemonics."""
        translate = catalogs.translator(self.language)
        return lambda text: without_mnemonic(translate(text))


LOOKS = {
    "light-200": Look("en", "light", 2, "3000x2200", ("Filters", "Enhance")),
    "german": Look("de", "dark", 1, "1600x1000", ("Filter", "Verbessern")),
}


@dataclass(frozen=True)
class Seen:
    """A desktop with our windows on it: what each shows, and a picture of each, by its English title."""

    look: Look
    shown: dict[str, list[dict[str, Any]]]
    complaints: list[str]

    def picture(self, window: str) -> Image.Image:
        """Return the picture taken of a window."""
        return Image.open(EVIDENCE / f"{self.look.language}-{self.look.theme}-{window}.png")


@pytest.fixture(scope="module", params=LOOKS)
def seen(
    request: pytest.FixtureRequest, gimp32: Gimp, plugin_gimp3: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """Open the dialog and the settings as with a stored key; nothing is sent, so that key may be anything."""
    look = LOOKS[request.param]
    folder = tmp_path_factory.mktemp("looks")
    shutil.copytree(plugin_gimp3, folder / "plug-ins" / plugin_gimp3.name)
    desktop = Desktop(
        gimp32,
        files=[draw_photograph(folder / "portrait.png")],
        plug_ins=folder / "plug-ins",
        # port 0: no mock is looked for
        environment={"FREEPIK_API_KEY": "a-key-that-is-never-sent", "PRECISION_MOCK_PORT": "0"},
        language=look.language,
        theme=look.theme,
        scale=look.scale,
        size=look.size,
        evidence=EVIDENCE,
    )
    with desktop:
        yield Seen(look, _windows(desktop, look), desktop.complaints())


def _windows(desktop: Desktop, look: Look) -> dict[str, list[dict[str, Any]]]:
    _ = look.translate
    shown = {}
    desktop.menu(*look.menu, _("Precision Upscale…"))
    desktop.look(_("Service: {host}").format(host="api.freepik.com"), window=_(DIALOG))
    desktop.press(_("More options"), window=_(DIALOG))
    for window, opener in ((DIALOG, ""), (SETTINGS, "Sett_ings…")):
        if opener:
            desktop.press(_(opener), role="button", window=_(DIALOG))
        desktop.look(role="button", window=_(window))
        desktop.screenshot(EVIDENCE / f"{look.language}-{look.theme}-{window}.png", window=_(window))
        shown[window] = [desktop.look(window=_(window)), *desktop.listing("/^/", window=_(window))]
    return shown


@pytest.mark.parametrize("window", [DIALOG, SETTINGS])
def test_nothing_is_cut_off(seen: Seen, window: str) -> None:
    (left, top, width, height), *boxes = [one["box"] for one in seen.shown[window] if "box" in one]
    assert len(boxes) > 20
    outside = [
        box
        for box in boxes
        if box[0] < left or box[1] < top or box[0] + box[2] > left + width or box[1] + box[3] > top + height
    ]
    assert outside == []


@pytest.mark.parametrize("window", [DIALOG, SETTINGS])
def test_every_key_opens_one_thing(seen: Seen, window: str) -> None:
    keys = [one["key"] for one in seen.shown[window] if one.get("key")]
    assert len(keys) > 8
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("window", [DIALOG, SETTINGS])
def test_every_text_is_in_the_users_language(seen: Seen, window: str) -> None:
    said = {one["name"] for one in seen.shown[window] if one["name"]}
    others, own = [], 0
    for text in (catalogs.texts_of(message)[0] for message in catalogs.collect() if message.id):
        translation = seen.look.translate(text)
        own += any(map(_like(translation).fullmatch, said))
        if translation != without_mnemonic(text):
            others += [name for name in said if _like(without_mnemonic(text)).fullmatch(name)]
    assert others == []
    assert own > 10


def _like(text: str) -> re.Pattern[str]:
    """Return the pattern of a text with anything in its braces."""
    return re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text)))


@pytest.mark.parametrize("window", [DIALOG, SETTINGS])
def test_it_has_the_themes_colors(seen: Seen, window: str) -> None:
    with seen.picture(window) as picture:
        width = seen.shown[window][0]["box"][2]
        assert picture.width == width * seen.look.scale
        brightness = ImageStat.Stat(picture.convert("L")).median[0]
    assert (brightness > _BRIGHT) is (seen.look.theme == "light")


def test_neither_gimp_nor_python_complains(seen: Seen) -> None:
    assert seen.complaints == []
