"""Every text for users is translated into every language, with its placeholders and distinct mnemonics."""

from __future__ import annotations

import gettext
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import catalogs
import pytest
from dev.bootstrap import CLONE
from gimp_sandbox.gimp import Gimp, PrivateGimp
from precision_upscaler.frontend import i18n as languages_of
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.i18n import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.append(str(CLONE / "plugin/gimp3"))
from upscaler_gimp3 import labels

LANGUAGES = ["en", *catalogs.LANGUAGES]
GIMP_BUTTONS = ("_OK", "_Cancel", "_Reset", "_Help", "_Load Saved Settings", "_Save Settings")
WINDOWS = ("key_dialog", "settings_dialog", "resume_dialog", "file_chooser", "forget_dialog", "error_dialog")


def test_who_prefers_english_gets_english() -> None:
    folder = catalogs.LOCALE
    assert Catalog(["de_AT", "de", "C"], str(folder))("Image:") == "Bild:"
    assert Catalog(["en_US", "en", "de", "C"], str(folder))("Image:") == "Image:"
    assert Catalog(["fi", "C"], str(folder))("Image:") == "Image:"
    german = Catalog(["de"], str(folder))
    assert german("") == ""
    told = texts.error(
        {"event": "error", "what": "X.", "charge": "Nothing was charged.", "advice": ""}, german
    )
    assert told == "X.\nNichts wurde abgebucht."


def mnemonic(label: str) -> str:
    """Return the lower-case letter after a label's underscore, or an empty text."""
    found = re.search(r"_(\w)", label)
    return found[1].lower() if found else ""


def assert_distinct_mnemonics(texts: list[str]) -> None:
    letters = [mnemonic(text) for text in texts]
    assert all(letters), texts
    assert len(set(letters)) == len(letters), sorted(texts, key=mnemonic)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("window", WINDOWS)
def test_the_mnemonics_of_a_window_are_distinct(window: str, language: str) -> None:
    assert_distinct_mnemonics(list(getattr(labels, window)(catalogs.translator(language)).values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_has_a_label_that_is_its_title_with_a_mnemonic(language: str) -> None:
    translate = catalogs.translator(language)
    found = {name: labels.without_mnemonic(label) for name, label in labels.upscale_dialog(translate).items()}
    del found["upscale"], found["over_budget"]
    assert found == {one.name: translate(one.title) for one in options.ALL}


def test_the_mnemonics_of_the_upscale_dialog_are_distinct() -> None:
    check_upscale_dialog(catalogs.translator("en"), list(GIMP_BUTTONS))


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_no_mnemonic_clashes_with_those_of_gimps_own_buttons(gimp3: Gimp, language: str) -> None:
    root = gimp3.folder if isinstance(gimp3, PrivateGimp) else Path("/")
    gimps = gettext.translation("gimp30-libgimp", root / "usr/share/locale", [language])
    translated = [gimps.gettext(label) for label in GIMP_BUTTONS]
    assert translated != list(GIMP_BUTTONS)
    check_upscale_dialog(catalogs.translator(language), translated)


def check_upscale_dialog(translate: Callable[[str], str], gimp_buttons: list[str]) -> None:
    """Check the options, our buttons and the service panel against GIMP's own buttons.

    GIMP's own translations may give two of its buttons the same letter.
    """
    panel = labels.service_panel(translate)
    for switch in ("practice", "real"):  # one button with the one label or the other
        ours = [*labels.upscale_dialog(translate).values(), panel[switch], panel["key"], panel["settings"]]
        assert_distinct_mnemonics(ours)
        assert not set(map(mnemonic, ours)) & set(map(mnemonic, gimp_buttons))


_GERMAN, _NONE = 0x0407, 0


@pytest.mark.parametrize(
    ("environ", "number", "languages"),
    [
        ({"LANG": "it_IT.UTF-8"}, _GERMAN, None),
        ({"LANGUAGE": "fr"}, _GERMAN, None),
        ({}, _GERMAN, ["de_DE"]),
        ({"LANG": ""}, _NONE, None),
    ],
)
def test_without_a_word_in_the_environment_the_system_decides(
    environ: dict[str, str], number: int, languages: list[str] | None
) -> None:
    assert languages_of.preferred(environ, lambda: number) == languages


def test_without_a_catalog_the_number_chooses_the_english_form() -> None:
    words = Catalog(["en"])
    assert [words.plural("one task", "many tasks", number) for number in (1, 2)] == ["one task", "many tasks"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a language of its own windows")
def test_a_system_without_a_language_of_its_windows_has_none() -> None:
    assert languages_of.preferred({}) is None
