"""Every text people read is there in every language, with its placeholders and a key of its own."""

from __future__ import annotations

import gettext
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import catalogs
import pytest
from dev.bootstrap import CLONE
from gimp_sandbox.gimp import Gimp, PrivateGimp
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.frontend import i18n as languages_of
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.i18n import Catalog
from precision_upscaler.frontend.mnemonics import key_of, with_keys

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.append(str(CLONE / "plugin/gimp3"))
from upscaler_gimp3 import labels as window_words

LANGUAGES = ["en", *catalogs.LANGUAGES]
GIMPS = ("_OK", "_Cancel", "_Reset", "_Help", "_Load Saved Settings", "_Save Settings")
WINDOWS = ("key_window", "settings_window", "resume_window", "file_window", "forget_window", "error_window")


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


def assert_no_clash(labels: list[str]) -> None:
    keys = [key for key in map(key_of, labels) if key]
    assert len(set(keys)) == len(keys), sorted(labels, key=key_of)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("window", WINDOWS)
def test_everything_in_a_window_has_a_key_of_its_own(window: str, language: str) -> None:
    labels = list(getattr(window_words, window)(catalogs.translator(language)).values())
    assert all(map(key_of, labels)), labels
    assert_no_clash(labels)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_in_the_dialog_has_a_key_of_its_own(language: str) -> None:
    check_dialog(catalogs.translator(language), list(GIMPS))


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_no_key_clashes_with_those_of_gimps_own_buttons(gimp3: Gimp, language: str) -> None:
    root = gimp3.folder if isinstance(gimp3, PrivateGimp) else Path("/")
    gimps = gettext.translation("gimp30-libgimp", root / "usr/share/locale", [language])
    theirs = [gimps.gettext(label) for label in GIMPS]
    assert theirs != list(GIMPS)
    check_dialog(catalogs.translator(language), theirs)


def check_dialog(translate: Callable[[str], str], theirs: list[str]) -> None:
    """Check every option, our buttons and the service's line against GIMP's own buttons ``theirs``."""
    labels = window_words.main_window(translate, theirs)
    assert set(labels) == {"upscale"} | {one.name for one in options.ALL}
    assert all(map(key_of, labels.values())), labels
    assert_no_clash(list(labels.values()))
    around = window_words.keys_of([*theirs, *labels.values()])
    assert not window_words.keys_of(labels.values()) & window_words.keys_of(theirs)
    part = window_words.service_part(translate, around)
    assert not window_words.keys_of(part.values()) & around
    for shown in ("practice", "real"):  # one button, with the one or the other label
        assert_no_clash([part[shown], part["key"], part["settings"]])


def test_a_translators_key_is_kept_where_it_clashes_with_nothing() -> None:
    assert with_keys(["Cool", "_Cancel", "Sa_ve"]) == ["C_ool", "_Cancel", "Sa_ve"]
    assert with_keys(["_Save", "Re_set", "Pas_te"], "t") == ["_Save", "_Reset", "_Paste"]
    assert with_keys(["保存(_S)…", "削除(_S)"]) == ["保存(_S)…", "削除 (_A)"]


@given(
    st.lists(st.text(max_size=12), max_size=12), st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20)
)
def test_keys_never_clash(titles: list[str], taken: str) -> None:
    labels = with_keys(titles, taken)
    keys = [key for key in map(key_of, labels) if key]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(taken)
    # a title without a key is only left when no letter is free at all
    assert len(keys) == len(titles) or len(set(keys) | set(taken)) >= 26


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
