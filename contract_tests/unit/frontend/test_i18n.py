"""Every text for users is translated into every language, with its placeholders and distinct mnemonics."""

from __future__ import annotations

import ast
import gettext
import io
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

TEXTS = catalogs.collect()
LANGUAGES = ["en", *catalogs.LANGUAGES]
GIMP_BUTTONS = ("_OK", "_Cancel", "_Reset", "_Help", "_Load Saved Settings", "_Save Settings")
WINDOWS = ("key_dialog", "settings_dialog", "resume_dialog", "file_chooser", "forget_dialog", "error_dialog")


def translator(language: str) -> Callable[[str], str]:
    entries = catalogs.merged(language, TEXTS) if language != "en" else {}
    return lambda text: (entries[text].translations or [text])[0] if text in entries else text


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_every_text_is_translated_with_its_placeholders(language: str) -> None:
    assert catalogs.problems(language, catalogs.merged(language, TEXTS)) == []


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_the_po_file_holds_the_texts_of_today(language: str) -> None:
    path = catalogs.LOCALE / f"{language}.po"
    expected = catalogs.written(language, catalogs.merged(language, TEXTS))
    assert path.read_text(encoding="utf-8") == expected, "run python3 install_scripts/catalogs.py"


def test_a_missing_text_a_lost_placeholder_and_a_lost_key_are_noticed() -> None:
    def amiss(text: str, translation: str) -> list[str]:
        return catalogs.problems("de", {text: catalogs.Entry(text, None, [], [translation])})

    assert amiss("{a} of {b}", "{b} von {a}") == []
    assert "not translated" in amiss("Save", "")[0]
    assert "placeholders differ" in amiss("{a} of {b}", "{a} von b")[0]
    assert "the mnemonic differs" in amiss("_Save", "Speichern")[0]


def test_the_texts_of_windows_options_and_errors_are_collected() -> None:
    assert TEXTS["{count} day ago"].plural == "{count} days ago"
    for text in (
        "Precision Upscale…",
        "Ultra detail",
        "Nothing was charged.",
        "No layer is selected. Select the layer to upscale and start again.",
        "The service could not upscale the picture.",
        "{host} could not be reached ({reason}).",
    ):
        assert text in TEXTS


@pytest.mark.parametrize("path", catalogs.core_modules(), ids=lambda path: path.name)
def test_what_the_core_says_can_be_translated(path: Path) -> None:
    """No sentence is filled in before a front end sees it, and every value in braces is given."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        words = catalogs.sentence_of(node)
        assert not isinstance(words, (ast.JoinedStr, ast.BinOp)), f"line {node.lineno}: use said(…)"
        text = words.value if isinstance(words, ast.Constant) else None
        if isinstance(text, str) and ast.unparse(node.func) == "said":
            given = {keyword.arg for keyword in node.keywords}
            assert given == catalogs.placeholders(text), f"line {node.lineno}"


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_what_is_compiled_is_what_gettext_reads(language: str) -> None:
    entries = catalogs.parse((catalogs.LOCALE / f"{language}.po").read_text(encoding="utf-8"))
    read = gettext.GNUTranslations(io.BytesIO(catalogs.compiled(language, entries)))
    # what waits for its translation is read in English
    for entry in [entry for entry in entries.values() if all(entry.translations)]:
        if entry.text and entry.plural is None:
            assert read.gettext(entry.text) == entry.translations[0]
        elif entry.text and entry.plural is not None:
            forms = {read.ngettext(entry.text, entry.plural, number) for number in range(30)}
            assert forms == set(entry.translations)


def test_who_prefers_english_gets_english(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("locale")
    entries = catalogs.parse((catalogs.LOCALE / "de.po").read_text(encoding="utf-8"))
    target = folder / "de" / "LC_MESSAGES" / f"{catalogs.DOMAIN}.mo"
    target.parent.mkdir(parents=True)
    target.write_bytes(catalogs.compiled("de", entries))
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
    assert_distinct_mnemonics(list(getattr(labels, window)(translator(language)).values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_has_a_label_that_is_its_title_with_a_mnemonic(language: str) -> None:
    translate = translator(language)
    found = {name: labels.without_mnemonic(label) for name, label in labels.upscale_dialog(translate).items()}
    del found["upscale"]
    assert found == {one.name: translate(one.title) for one in options.ALL}


def test_the_mnemonics_of_the_upscale_dialog_are_distinct() -> None:
    check_upscale_dialog(translator("en"), list(GIMP_BUTTONS))


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_no_mnemonic_clashes_with_those_of_gimps_own_buttons(gimp3: Gimp, language: str) -> None:
    root = gimp3.folder if isinstance(gimp3, PrivateGimp) else Path("/")
    gimps = gettext.translation("gimp30-libgimp", root / "usr/share/locale", [language])
    translated = [gimps.gettext(label) for label in GIMP_BUTTONS]
    assert translated != list(GIMP_BUTTONS)
    check_upscale_dialog(translator(language), translated)


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
