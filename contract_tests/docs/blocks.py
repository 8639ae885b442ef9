"""Find the code blocks of the documents and what is said about how each is tested.

A block runs by its language: ``sh`` in a shell. A comment on the line above says otherwise::

    <!-- run in: GIMP 3 -->       also GIMP 2.10, pytest
    <!-- run by: PATH -->         that test runs the block's command
    <!-- not run: REASON -->
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from environment import CLONE

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [CLONE / "README.md", *sorted((CLONE / "docs").glob("*.md"))]
_BLOCK = re.compile(
    r"^(?:<!-- (?P<how>run in|run by|not run): (?P<what>.+?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, its ``language``, its ``text``, ``how`` and with ``what`` it is tested."""

    page: Path
    line: int
    language: str
    text: str
    how: str
    what: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks() -> list[Block]:
    """Return every block of every page, in order."""
    found = []
    for page in PAGES:
        content = page.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(content):
            line = content.count("\n", 0, match.start("text"))
            found.append(
                Block(page, line, match["language"], match["text"], match["how"] or "", match["what"] or "")
            )
    return found
