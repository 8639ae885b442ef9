"""Collect every text people read, keep the translations in step, and compile them.

    python3 install_scripts/catalogs.py            bring locale/*.po up to date
    python3 install_scripts/catalogs.py --check    change nothing; fail when anything is missing or stale

The .mo files are compiled when the plug-in's folder is assembled (plugin_folder.py).

The texts are the calls of ``_("…")``, ``translate("…")`` and ``plural("…", "…", n)`` in the front ends,
the titles and explanations of the contract's parameters, and what the core's errors and warnings say.
Standard library alone: no gettext tools are needed.
"""

from __future__ import annotations

import argparse
import ast
import functools
import re
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dev.console import Failure, reported, say

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "plugin"
LOCALE = PLUGIN / "precision_upscaler" / "locale"
DOMAIN = "precision-upscaler"
LANGUAGES = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "it": "nplurals=2; plural=(n != 1);",
    "ja": "nplurals=1; plural=0;",
    "pt_BR": "nplurals=2; plural=(n > 1);",
    "zh_CN": "nplurals=1; plural=0;",
}
"""Every language with gettext's rule for its plural forms."""

_SOURCES = ("gimp3", "gimp2", "precision_upscaler/frontend")
_CORE = PLUGIN / "precision_upscaler"
_ERRORS = _CORE / "errors.py"
_FOR_PROGRAMMERS = ("BadCommand",)
"""The errors that only a faulty front end meets."""
_CALLS = {"_": 1, "translate": 1, "plural": 2}
_MO_MAGIC = 0x950412DE


@dataclass
class Entry:
    """One text: where it is used, its plural (or None), and its translations, one for each plural form."""

    text: str
    plural: str | None = None
    places: list[str] = field(default_factory=list)
    translations: list[str] = field(default_factory=list)


# ----- collecting


def collect() -> dict[str, Entry]:
    """Return every text to translate, by itself, in the order of the sources."""
    entries: dict[str, Entry] = {}
    for folder in _SOURCES:
        for path in sorted((PLUGIN / folder).rglob("*.py")):
            _collect_calls(path, entries)
    for text in described_texts():
        _add(entries, text, None, "the contract")
    for text in error_texts():
        _add(entries, text, None, "precision_upscaler/errors.py")
    for path in core_modules():
        for text in core_sentences(path):
            _add(entries, text, None, path.relative_to(PLUGIN).as_posix())
    return entries


def _collect_calls(path: Path, entries: dict[str, Entry]) -> None:
    place = path.relative_to(PLUGIN).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        count = _CALLS.get(name, 0)
        words = [_text(argument) for argument in node.args[:count]]
        if count and len(words) == count and all(words):
            _add(entries, str(words[0]), words[1] if count > 1 else None, place)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _add(entries: dict[str, Entry], text: str, plural: str | None, place: str) -> None:
    entry = entries.setdefault(text, Entry(text, plural))
    entry.plural = entry.plural or plural
    if place not in entry.places:
        entry.places.append(place)


def described_texts() -> list[str]:
    """Return titles and explanations of every option and of its choices."""
    sys.path.insert(0, str(PLUGIN))
    try:
        from precision_upscaler.frontend import options  # noqa: PLC0415 - the path has to be there first
    finally:
        sys.path.remove(str(PLUGIN))
    texts = []
    for option in options.ALL:
        texts += [option.title, option.help]
        for choice in option.choices:
            texts += [choice.title, choice.help]
    return list(dict.fromkeys(texts))


def error_texts() -> list[str]:
    """Return the sentences in the core's errors that are always the same: advice, and what was charged."""
    texts = []
    for node in ast.walk(ast.parse(_ERRORS.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg in ("advice", "charge"):
            texts.append(_text(node.value))
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = getattr(target, "id", "")
        if name == "advice":
            texts.append(_text(node.value))
        if name == "CHARGE_TEXTS" and isinstance(node.value, ast.Dict):
            texts += [_text(value) for value in node.value.values]
    return [text for text in dict.fromkeys(texts) if text]


def core_modules() -> list[Path]:
    """Return the modules behind the worker: the others belong to the command line, which is English."""
    found: set[str] = set()
    waiting = ["worker"]
    while waiting:
        name = waiting.pop()
        path = _CORE / f"{name}.py"
        if name not in found and path.exists():
            found.add(name)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level == 1:
                    waiting += [node.module] if node.module else [alias.name for alias in node.names]
    return [_CORE / f"{name}.py" for name in sorted(found)]


def core_sentences(path: Path) -> list[str]:
    """Return what a module of the core says: ``said("…")``, and the first words of errors and warnings."""
    texts = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        words = sentence_of(node)
        if words is not None:
            texts += [_text(words)]
    return [text for text in dict.fromkeys(texts) if text]


def sentence_of(call: ast.Call) -> ast.expr | None:
    """Return the argument that is a sentence for people, None when the call says nothing to them."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "said" or (name in error_classes() and name not in _FOR_PROGRAMMERS):
        return call.args[0] if call.args else None
    if name in ("ApiError", "_warn"):
        return call.args[1]
    return None


@functools.cache
def error_classes() -> frozenset[str]:
    """Return the names of the core's errors."""
    tree = ast.parse(_ERRORS.read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return frozenset(name for name in names if name != "Cancelled")


# ----- .po files


def parse(text: str) -> dict[str, Entry]:
    """Return the entries of a .po file by their msgid, its header under the empty text."""
    entries: dict[str, Entry] = {}
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        current = ""
        for line in block.splitlines():
            match = re.match(r'(msgid|msgid_plural|msgstr(?:\[\d\])?)\s+(".*")\s*$', line)
            if match:
                current = match[1]
                fields[current] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                fields[current] += ast.literal_eval(line.strip())
        if "msgid" in fields:
            strings = [value for name, value in sorted(fields.items()) if name.startswith("msgstr")]
            entries[fields["msgid"]] = Entry(fields["msgid"], fields.get("msgid_plural"), [], strings)
    return entries


def written(language: str, entries: dict[str, Entry]) -> str:
    """Return a .po file's text."""
    header = (
        f"Project-Id-Version: {DOMAIN}\\n",
        f"Language: {language}\\n",
        "MIME-Version: 1.0\\n",
        "Content-Type: text/plain; charset=UTF-8\\n",
        "Content-Transfer-Encoding: 8bit\\n",
        f"Plural-Forms: {LANGUAGES[language]}\\n",
    )
    blocks = ['msgid ""\nmsgstr ""\n' + "\n".join(f'"{line}"' for line in header)]
    for entry in entries.values():
        lines = [f"#: {place}" for place in entry.places] + [f"msgid {_quoted(entry.text)}"]
        if entry.plural is None:
            lines.append(f"msgstr {_quoted((entry.translations or [''])[0])}")
        else:
            lines.append(f"msgid_plural {_quoted(entry.plural)}")
            forms = entry.translations or [""] * forms_of(language)
            lines += [f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(forms)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def forms_of(language: str) -> int:
    """Return how many plural forms a language has."""
    return int(LANGUAGES[language].split("=")[1].split(";")[0])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# ----- .mo files


def compiled(language: str, entries: dict[str, Entry]) -> bytes:
    """Return a .mo file's bytes: untranslated texts are left out, so that English is shown for them."""
    header = written(language, {}).split("\n", 2)[2]
    pairs = {b"": "".join(ast.literal_eval(line) for line in header.splitlines() if line).encode()}
    for entry in entries.values():
        if entry.text and entry.translations and all(entry.translations):
            key = entry.text if entry.plural is None else f"{entry.text}\0{entry.plural}"
            pairs[key.encode()] = "\0".join(entry.translations).encode()
    items = sorted(pairs.items())
    count = len(items)
    keys_at, values_at, data_at = 28, 28 + 8 * count, 28 + 16 * count
    tables, data = [b"", b""], b""
    for side in (0, 1):
        for pair in items:
            tables[side] += struct.pack("<2I", len(pair[side]), data_at + len(data))
            data += pair[side] + b"\0"
    return struct.pack("<7I", _MO_MAGIC, 0, count, keys_at, values_at, 0, 0) + tables[0] + tables[1] + data


# ----- checks


def problems(language: str, entries: dict[str, Entry]) -> list[str]:
    """Return what is wrong with a language: missing translations, and placeholders that differ."""
    found = []
    for entry in entries.values():
        forms = entry.translations
        if len(forms) != (1 if entry.plural is None else forms_of(language)) or not all(forms):
            found.append(f"{language}: not translated: {entry.text!r}")
            continue
        wanted = placeholders(entry.text) | placeholders(entry.plural or "")
        for form in forms:
            # the form for one thing may say "one" instead of the number
            if placeholders(form) != wanted and not (entry.plural and placeholders(form) < wanted):
                found.append(
                    f"{language}: placeholders differ in {form!r}, the translation of {entry.text!r}"
                )
            if bool(re.search(r"_\w", entry.text)) != bool(re.search(r"_\w", form)):
                found.append(
                    f"{language}: the mnemonic differs in {form!r}, the translation of {entry.text!r}"
                )
    return found


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return set(re.findall(r"{(\w*)}", text))


def merged(language: str, texts: dict[str, Entry]) -> dict[str, Entry]:
    """Return ``texts`` with the translations that the language's .po file has for them."""
    path = LOCALE / f"{language}.po"
    known = parse(path.read_text(encoding="utf-8")) if path.exists() else {}
    result = {}
    for text, entry in texts.items():
        old = known.get(text)
        fits = old is not None and old.plural == entry.plural
        result[text] = Entry(text, entry.plural, entry.places, old.translations if old and fits else [])
    return result


def main() -> None:
    """Update, or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is amiss")
    check = parser.parse_args().check
    with reported():
        texts = collect()
        amiss: list[str] = []
        for language in LANGUAGES:
            entries = merged(language, texts)
            amiss += problems(language, entries)
            content = written(language, entries).encode()
            path = LOCALE / f"{language}.po"
            if check and (not path.exists() or path.read_bytes() != content):
                amiss.append(f"{path.relative_to(ROOT)} is not up to date")
            elif not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        say(f"{len(texts)} texts in {len(LANGUAGES)} languages")
        if amiss:
            raise Failure("\n".join(amiss), "translate in locale/*.po, then run this without --check")


if __name__ == "__main__":
    main()
