"""Every text people read is in every catalog, with its placeholders and its mnemonic."""

from __future__ import annotations

import ast
import gettext
import io
from pathlib import Path

import catalogs
import pytest
from babel.messages import Catalog

MESSAGES = catalogs.collect()


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_every_message_is_translated_with_its_placeholders(language: str) -> None:
    assert list(catalogs.problems(catalogs.translated(language, MESSAGES))) == []


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_the_files_hold_the_messages_of_today(language: str) -> None:
    for path, content in catalogs.files(language, catalogs.translated(language, MESSAGES)).items():
        assert path.read_bytes() == content, "run .venv/bin/python install_scripts/catalogs.py"


def test_a_missing_text_a_lost_placeholder_and_a_lost_mnemonic_are_reported() -> None:
    def problems(text: str, translation: str) -> list[str]:
        catalog = Catalog("de")
        catalog.add(text, translation)
        return list(catalogs.problems(catalog))

    assert problems("{a} of {b}", "{b} von {a}") == []
    assert "not translated" in problems("Save", "")[0]
    assert "placeholders differ" in problems("{a} of {b}", "{a} von b")[0]
    assert "the mnemonic differs" in problems("_Save", "Speichern")[0]


def test_the_messages_of_windows_options_and_errors_are_collected() -> None:
    assert MESSAGES["{count} day ago"].id == ("{count} day ago", "{count} days ago")
    for text in (
        "Precision Upscale…",
        "Ultra detail",
        "Nothing was charged.",
        "No layer is selected. Select the layer to upscale and start again.",
        "The service could not upscale the picture.",
        "{host} could not be reached ({reason}).",
    ):
        assert text in MESSAGES


@pytest.mark.parametrize(
    "path", catalogs.core_modules(), ids=lambda path: path.relative_to(catalogs.CORE).as_posix()
)
def test_the_messages_of_the_core_can_be_translated(path: Path) -> None:
    """No message is filled in before a front end sees it, and every value in braces is given."""
    calls = catalogs.core_calls()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in calls or len(node.args) < calls[name][0]:
            continue
        message = node.args[calls[name][0] - 1]
        assert not isinstance(message, (ast.JoinedStr, ast.BinOp)), f"line {node.lineno}: use translatable(…)"
        if name == "translatable" and isinstance(message, ast.Constant):
            given = {keyword.arg for keyword in node.keywords}
            assert given == catalogs.placeholders(str(message.value)), f"line {node.lineno}"


@pytest.mark.parametrize("language", catalogs.LANGUAGES)
def test_gettext_reads_the_compiled_messages(language: str) -> None:
    catalog = catalogs.translated(language, MESSAGES)
    compiled = catalogs.files(language, catalog)[
        catalogs.LOCALE / language / "LC_MESSAGES" / f"{catalogs.DOMAIN}.mo"
    ]
    read = gettext.GNUTranslations(io.BytesIO(compiled))
    # a message without a translation is read in English
    for message in [message for message in catalog if message.id and all(catalogs.forms_of(message))]:
        if isinstance(message.id, tuple):
            singular, plural = message.id
            forms = {read.ngettext(singular, plural, number) for number in range(30)}
            assert forms == set(catalogs.forms_of(message))
        else:
            assert read.gettext(str(message.id)) == message.string
