"""Print what was found, keep it in ``docs/benchmarks.json``, and write ``docs/benchmarks.md`` from that.

Each benchmark keeps its own date and command, so that one of them can be run again alone; nothing in the
report is compared across runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .processes import REPOSITORY
from .result import Claim, Result, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

RECORD = REPOSITORY / "docs/benchmarks.json"
REPORT = REPOSITORY / "docs/benchmarks.md"
IMAGES = REPOSITORY / "docs/images"

_HEAD = """\
# How fast it is

Made by `python3 install_scripts/bench.py`; do not edit. Figures are medians of several rounds with the lowest
and the highest in brackets; a claim is a ratio within one run, measured in turn. `--only NAME` runs one
benchmark again, `--quick` tries them without writing this page.
"""


@dataclass(frozen=True)
class Entry:
    """One benchmark's result with when and how it came to be.

    ``busy`` are the shares of the machine that other programs used just before and just after.
    """

    name: str
    title: str
    date: str
    command: str
    machine: dict[str, str]
    busy: tuple[float | None, float | None]
    result: Result

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON value."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Entry:
        """Return the entry that :meth:`to_json` wrote."""
        before, after = value["busy"]
        return cls(**{**value, "busy": (before, after), "result": Result.from_json(value["result"])})


def table_text(table: Table) -> str:
    """Return a table as text for a terminal."""
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([table.title, *(f"    {line}" for line in lines)])


def table_markdown(table: Table) -> str:
    """Return a table as Markdown."""
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)
    return f"**{table.title}**\n\n{body}\n"


def printed(result: Result) -> str:
    """Return everything a benchmark found as text for a terminal."""
    parts = [table_text(table) for table in result.tables]
    parts += ["  " + claim.shown() for claim in result.claims]
    parts += ["  " + note for note in result.notes]
    return "\n".join(parts)


def load(path: Path = RECORD) -> dict[str, Entry]:
    """Return the entries of the record by name; none when there is no record."""
    if not path.exists():
        return {}
    return {name: Entry.from_json(value) for name, value in json.loads(path.read_text("utf-8")).items()}


def save(entries: dict[str, Entry], path: Path = RECORD) -> None:
    """Write the record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {name: entry.to_json() for name, entry in entries.items()}, indent=1, ensure_ascii=False
    )
    path.write_text(text + "\n", "utf-8")


def markdown(entries: Sequence[Entry], images: Iterable[str] = ()) -> str:
    """Return the report; ``images`` are the names of the growth plots that exist beside it."""
    parts = [_HEAD, _claims(entries)]
    known = set(images)
    for entry in entries:
        parts.append(f"## {entry.title}\n")
        parts += [table_markdown(table) for table in entry.result.tables]
        parts += [f"- {_verdict(claim)}" for claim in entry.result.claims]
        if entry.result.claims:
            parts.append("")
        parts += [note + "\n" for note in entry.result.notes]
        for number, growth in enumerate(entry.result.growth):
            name = image_name(entry.name, number)
            if name in known:
                parts.append(f"![{growth.title} against megapixels](images/{name})\n")
        parts.append(f"*{entry.date}; `{entry.command}`; {_busy(entry.busy)}.*\n")
    parts.append("## The machines\n")
    for machine, names in _machines(entries):
        what = "; ".join(f"{key}: {value}" for key, value in machine.items())
        parts.append(f"- {what}. Measured there: {', '.join(names)}.")
    return "\n".join(parts) + "\n"


def image_name(name: str, number: int) -> str:
    """Return the file name of a benchmark's growth plot."""
    return f"growth-{name}{f'-{number + 1}' if number else ''}.png"


def _claims(entries: Sequence[Entry]) -> str:
    rows = []
    for entry in entries:
        anchor = entry.title.lower().replace(" ", "-").translate({ord(one): None for one in ",:'."})
        for claim in entry.result.claims:
            bound = f"{'≤' if claim.at_most else '≥'} {claim.target:g} {claim.unit}"
            rows.append(
                [
                    f"[{entry.title}](#{anchor}): {claim.what}",
                    f"{claim.figure_shown} {claim.unit}",
                    bound,
                    "yes" if claim.reached else "**no**",
                ]
            )
    return table_markdown(Table("All claims", ["what", "measured", "to reach", "reached"], rows))


def _verdict(claim: Claim) -> str:
    text = claim.shown()
    return text if claim.reached else text.replace("NOT reached", "**not reached**")


def _busy(busy: tuple[float | None, float | None]) -> str:
    shares = [share for share in busy if share is not None]
    if not shares:
        return "how busy the machine was otherwise is not known"
    shown = " and ".join(f"{share:.0%}" for share in shares)
    return f"other programs used {shown} of the machine before and after"


def _machines(entries: Sequence[Entry]) -> list[tuple[dict[str, str], list[str]]]:
    found: list[tuple[dict[str, str], list[str]]] = []
    for entry in entries:
        for machine, names in found:
            if machine == entry.machine:
                names.append(entry.name)
                break
        else:
            found.append((entry.machine, [entry.name]))
    return found
