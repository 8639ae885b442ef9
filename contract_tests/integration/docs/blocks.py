"""Find the code blocks of the documents and what is said about how each is tested.

A block runs by its language: ``sh`` in a shell. A comment on the line above says otherwise::

    <!-- run in: GIMP 3 -->       also GIMP 2.10, pytest, a terminal of GIMP 3, the background
    <!-- run by: PATH -->         the tests in that file run what :func:`run_by` gives them
    <!-- not run: REASON -->
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dev.bootstrap import CLONE

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


def run_by(test: str) -> list[str]:
    """Return the commands that the pages leave to the test file ``test`` (its ``__file__``), each once."""
    path = Path(test).resolve().relative_to(CLONE).as_posix()
    found = {block.text.strip() for block in blocks() if (block.how, block.what) == ("run by", path)}
    return sorted(found)


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
