"""Compile gettext catalogs: ``locale/<language>.po`` into the ``.mo`` files that programs read.

    python3 install_scripts/catalogs.py    compile those of the clone in place, to try a translation

The zip builder compiles them into what it builds; nothing compiled is kept in the repository.
"""

from __future__ import annotations

import ast
import struct
from typing import TYPE_CHECKING

from environment import CLONE
from steps import Failure, reported, say

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "precision-upscaler"
_MAGIC = 0x950412DE
_CONTEXT, _PLURAL = "\4", "\0"


def messages(text: str, name: str) -> dict[str, str]:
    """Return what a ``.po`` file translates, by the keys of the ``.mo`` format; fuzzy and empty ones not."""
    found: dict[str, str] = {}
    for entry in text.replace("\r\n", "\n").split("\n\n"):
        fields: dict[str, str] = {}
        field, fuzzy = "", False
        for line in entry.splitlines():
            if line.startswith("#"):
                fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
                continue
            keyword, _, rest = line.partition(" ") if not line.startswith('"') else ("", "", line)
            if keyword:
                field = keyword
                fields[field] = ""
            try:
                fields[field] += str(ast.literal_eval(rest))
            except (KeyError, SyntaxError, ValueError):
                raise Failure(f"{name} holds a line that is no catalog: {line}", "correct the file") from None
        key = fields.get("msgid")
        if key is None or (fuzzy and key):
            continue
        if "msgctxt" in fields:
            key = fields["msgctxt"] + _CONTEXT + key
        plurals = [fields[one] for one in sorted(fields) if one.startswith("msgstr[")]
        if plurals:
            key += _PLURAL + fields["msgid_plural"]
        value = _PLURAL.join(plurals) if plurals else fields.get("msgstr", "")
        if value.strip(_PLURAL):
            found[key] = value
    return found


def compiled(translations: dict[str, str]) -> bytes:
    """Return the ``.mo`` file of ``translations``: sorted, little-endian, without a hash table."""
    pairs = sorted((key.encode(), value.encode()) for key, value in translations.items())
    head = 7 * 4
    table = head + 2 * 8 * len(pairs)
    offsets: list[tuple[int, int]] = []
    data = b""
    for column in (0, 1):
        for pair in pairs:
            offsets.append((len(pair[column]), table + len(data)))
            data += pair[column] + b"\0"
    start = struct.pack("<7I", _MAGIC, 0, len(pairs), head, head + 8 * len(pairs), 0, table)
    return start + b"".join(struct.pack("<2I", *place) for place in offsets) + data


def compile_into(source: Path, target: Path) -> list[str]:
    """Compile every ``source/<language>.po`` below ``target``; return the languages."""
    languages = []
    for path in sorted(source.glob("*.po")):
        place = target / path.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(compiled(messages(path.read_text(encoding="utf-8"), path.name)))
        languages.append(path.stem)
    return languages


def main() -> None:
    """Compile the clone's catalogs in place."""
    folder = CLONE / "plugin/precision_upscaler/locale"
    languages = compile_into(folder, folder)
    say(f"Compiled: {', '.join(languages) or f'there is no catalog in {folder}'}")


if __name__ == "__main__":
    with reported():
        main()
