"""Collect every translatable message, keep the translations in step with the sources, and compile them.

    python3 install_scripts/catalogs.py            bring locale/*.po and the compiled .mo files up to date
    python3 install_scripts/catalogs.py --check    change nothing; fail when anything is missing or stale

Needs the development environment (Babel). The compiled files are kept beside the sources, so that nobody who
installs the plug-in needs Babel.

Messages are the calls of ``_("…")``, ``translate("…")`` and ``plural("…", "…", n)`` in the front ends, the
titles and explanations of the contract's parameters, and the messages of the core's errors and warnings.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from dev.console import Failure, exit_on_failure, say
from precision_upscaler import __version__
from precision_upscaler.frontend import options

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "plugin"
CORE = PLUGIN / "precision_upscaler"
LOCALE = CORE / "locale"
DOMAIN = "precision-upscaler"
LANGUAGES = ("de", "es", "fr", "it", "ja", "pt_BR", "zh_CN")

_FRONT_ENDS = ("gimp3", "gimp2", "precision_upscaler/frontend")
_CALLS: dict[str, tuple[int, ...]] = {"_": (1,), "translate": (1,), "plural": (1, 2)}
_CORE_CALLS = {"translatable": (1,), "ApiError": (2,), "warn": (2,)}
_ERRORS = CORE / "errors.py"
_NOT_FOR_USERS = ("BadCommand", "Cancelled")
"""Errors whose message no user reads: only a faulty front end causes the first."""
# the files must have the same bytes whenever they are made
_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def collect() -> Catalog:
    """Return every message to translate, in the order of the sources."""
    found = Catalog()
    for folder in _FRONT_ENDS:
        for path in sorted((PLUGIN / folder).rglob("*.py")):
            _extract(found, path, _CALLS)
    for text in (*option_texts(), *error_texts()):
        found.add(text)
    for path in core_modules():
        _extract(found, path, core_calls())
    return found


def _extract(found: Catalog, path: Path, calls: Mapping[str, Any]) -> None:
    place = path.relative_to(PLUGIN).as_posix()
    for _, message, _, _ in extract("python", io.BytesIO(path.read_bytes()), calls):
        if message:
            found.add(message, locations=[(place, 0)])


def option_texts() -> Iterator[str]:
    """Yield titles and explanations of every option and of its choices."""
    for option in options.ALL:
        yield from (option.title, option.help)
        for choice in option.choices:
            yield from (choice.title, choice.help)


def error_texts() -> Iterator[str]:
    """Yield the messages of the core's errors that are always the same: advice, and what was charged."""
    for node in ast.walk(ast.parse(_ERRORS.read_text(encoding="utf-8"))):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.keyword) and node.arg in ("advice", "charge"):
            values = [node.value]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = getattr(target, "id", "")
            if name == "CHARGE_TEXTS" and isinstance(node.value, ast.Dict):
                values = [*node.value.values]
            elif name == "advice":
                values = [node.value]
        yield from (str(value.value) for value in values if isinstance(value, ast.Constant) and value.value)


def core_modules() -> list[Path]:
    """Return the modules behind the worker; the command line is English and not translated."""
    left_out = {CORE / name for name in ("cli", "contract", "frontend")}
    return sorted(path for path in CORE.rglob("*.py") if not left_out & set(path.parents))


def core_calls() -> dict[str, tuple[int, ...]]:
    """Return the functions and errors of the core that take a message, each with the argument's number."""
    errors = re.findall(r"^class (\w+)\(", _ERRORS.read_text(encoding="utf-8"), re.MULTILINE)
    return {**_CORE_CALLS, **{name: (1,) for name in errors if name not in _NOT_FOR_USERS}}


def translated(language: str, messages: Catalog) -> Catalog:
    """Return ``messages`` with the translations that the language's .po file has for them."""
    known = _read(language)
    result = Catalog(
        language,
        DOMAIN,
        header_comment="",
        project=DOMAIN,
        version=__version__,
        msgid_bugs_address=DOMAIN,
        last_translator=DOMAIN,
        language_team=language,
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
    )
    # a file states its plural rule; the library's may have forms that the translations lack
    result.mime_headers = [("Plural-Forms", known.plural_forms)]
    for message in messages:
        if message.id:
            old = known.get(message.id)
            string = old.string if old and old.id == message.id else ""
            result.add(message.id, string, [*dict.fromkeys(message.locations)])
    return result


def _read(language: str) -> Catalog:
    path = LOCALE / f"{language}.po"
    with io.BytesIO(path.read_bytes() if path.exists() else b"") as file:
        return read_po(file, language)


def translator(language: str) -> Callable[[str], str]:
    """Return the function that translates a message into ``language``; English stays as it is."""
    catalog = _read(language)
    return lambda text: str(forms_of(catalog[text])[0] or text) if text in catalog else text


def files(language: str, catalog: Catalog) -> dict[Path, bytes]:
    """Return what a language's .po and .mo files must hold, by their paths."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalog, width=0, include_lineno=False)
    # messages without a translation are left out, so that English is shown for them
    write_mo(mo, catalog)
    compiled = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    return {LOCALE / f"{language}.po": po.getvalue().strip() + b"\n", compiled: mo.getvalue()}


def problems(catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong with a language: missing translations, different placeholders or mnemonics."""
    for message in catalog:
        if not message.id:
            continue
        texts = texts_of(message)
        forms = forms_of(message)
        if len(forms) != (catalog.num_plurals if message.pluralizable else 1) or not all(forms):
            yield f"{catalog.locale}: not translated: {texts[0]!r}"
            continue
        wanted = placeholders("".join(texts))
        for form in forms:
            where = f"in {form!r}, the translation of {texts[0]!r}"
            # the form for one thing may say "one" instead of the number
            if placeholders(form) != wanted and not (message.pluralizable and placeholders(form) < wanted):
                yield f"{catalog.locale}: placeholders differ {where}"
            if bool(re.search(r"_\w", texts[0])) != bool(re.search(r"_\w", form)):
                yield f"{catalog.locale}: the mnemonic differs {where}"


def texts_of(message: Message) -> tuple[str, ...]:
    """Return the English text of a message, and its plural if it has one."""
    return _tuple(message.id)


def forms_of(message: Message) -> tuple[str, ...]:
    """Return the translations of a message, one for each plural form."""
    return _tuple(message.string)


def _tuple(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (list, tuple)) else (str(text or ""),)


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return set(re.findall(r"{(\w*)}", text))


def main() -> None:
    """Update, or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail when anything is amiss")
    check = parser.parse_args().check
    with exit_on_failure():
        messages = collect()
        amiss: list[str] = []
        for language in LANGUAGES:
            catalog = translated(language, messages)
            amiss += problems(catalog)
            for path, content in files(language, catalog).items():
                if not check:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                elif not path.exists() or path.read_bytes() != content:
                    amiss.append(f"{path.relative_to(ROOT)} is not up to date")
        say(f"{len(messages)} messages in {len(LANGUAGES)} languages")
        if amiss:
            raise Failure("\n".join(amiss), "translate in locale/*.po, then run this without --check")


if __name__ == "__main__":
    main()
