"""Every text people read is there in every language, with its placeholders and a key of its own."""

from __future__ import annotations

import gettext
import io

import catalogs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.frontend import language as languages_of
from precision_upscaler.frontend import options, texts
from precision_upscaler.frontend.language import Catalog
from precision_upscaler.frontend.mnemonics import key_of, with_keys

TEXTS = catalogs.collect()


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
    ):
        assert text in TEXTS


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_what_is_compiled_is_what_gettext_reads(language: str) -> None:
    entries = catalogs.parse((catalogs.LOCALE / f"{language}.po").read_text(encoding="utf-8"))
    read = gettext.GNUTranslations(io.BytesIO(catalogs.compiled(language, entries)))
    for entry in entries.values():
        if entry.text and entry.plural is None:
            assert read.gettext(entry.text) == entry.translations[0]
        elif entry.text:
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
    assert told == "X. Nichts wurde abgebucht."


@pytest.mark.parametrize("language", ["en", *catalogs.LANGUAGES])
def test_every_option_of_the_dialog_has_a_key_of_its_own(language: str) -> None:
    entries = catalogs.merged(language, TEXTS) if language != "en" else {}
    titles = [entries[one.title].translations[0] if entries else one.title for one in options.ALL]
    keys = [key_of(label) for label in with_keys(titles, "ocrhlsu")]
    assert "" not in keys
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set("ocrhlsu")


@given(
    st.lists(st.text(max_size=12), max_size=12), st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20)
)
def test_keys_never_clash(titles: list[str], taken: str) -> None:
    titles = [title.replace("_", "") for title in titles]
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
