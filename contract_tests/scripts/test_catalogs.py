"""Translations are compiled as gettext wants them, by the standard library alone."""

from __future__ import annotations

import gettext
import io

import catalogs
import pytest
from steps import Failure

PO = r"""# a comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

#: somewhere.py:1
msgid "_Upscale"
msgstr "_Vergrößern"

msgid ""
"Two lines,\n"
"one “message”."
msgstr ""
"Zwei Zeilen,\n"
"eine \"Nachricht\"."

msgctxt "verb"
msgid "Scale"
msgstr "Skalieren"

msgid "{count} layer"
msgid_plural "{count} layers"
msgstr[0] "{count} Ebene"
msgstr[1] "{count} Ebenen"

#, fuzzy
msgid "Guessed"
msgstr "Geraten"

msgid "Untranslated"
msgstr ""

#~ msgid "Obsolete"
#~ msgstr "Veraltet"
"""


@pytest.fixture
def german() -> gettext.GNUTranslations:
    """Compile the example and read it with Python's own gettext."""
    return gettext.GNUTranslations(io.BytesIO(catalogs.compiled(catalogs.messages(PO, "de.po"))))


def test_messages_plurals_and_contexts_arrive(german: gettext.GNUTranslations) -> None:
    assert german.gettext("_Upscale") == "_Vergrößern"
    assert german.gettext("Two lines,\none “message”.") == 'Zwei Zeilen,\neine "Nachricht".'
    assert german.pgettext("verb", "Scale") == "Skalieren"
    assert [german.ngettext("{count} layer", "{count} layers", n) for n in (1, 2)] == [
        "{count} Ebene",
        "{count} Ebenen",
    ]


@pytest.mark.parametrize("text", ["Guessed", "Untranslated", "Obsolete", "Scale"])
def test_what_is_not_translated_stays_english(text: str, german: gettext.GNUTranslations) -> None:
    assert german.gettext(text) == text


def test_a_broken_catalog_is_named() -> None:
    with pytest.raises(Failure, match=r"de\.po.*msgid 'no"):
        catalogs.messages('msgid \'no\nmsgstr "x"', "de.po")
