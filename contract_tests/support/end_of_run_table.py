"""The table at the end of a run: properties, examples, states, transitions, cases and subjects.

``conftest.py`` imports the hooks. They work in one process and under pytest-xdist, because the
numbers travel with each test's report.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.mutation.outcome import told

from . import counters

if TYPE_CHECKING:
    from collections.abc import Generator

_KEY = "contract_tests"
_MANY = 10
_EXAMPLES = re.compile(r"(\d+) passing, (\d+)\s+failing")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.when == "call":
        notes: dict[str, Any] = dict(counters.taken())
        # hypothesis leaves its statistics on the item as text
        text = getattr(item, "hypothesis_statistics", None)
        if text:
            notes["examples"] = sum(int(a) + int(b) for a, b in _EXAMPLES.findall(text))
        if any(notes.values()):
            item.user_properties.append((_KEY, notes))
    return (yield)


def _collect(reports: list[Any]) -> tuple[Counter[str], dict[str, set[str]]]:
    counts: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for report in reports:
        for key, notes in getattr(report, "user_properties", ()):
            if key != _KEY or getattr(report, "when", None) != "call":
                continue
            counts.update(notes.get("counts", {}))
            for what, which in notes.get("seen", {}).items():
                seen.setdefault(what, set()).update(which)
            if "examples" in notes:
                counts["properties"] += 1
                counts["examples"] += notes["examples"]
    return counts, seen


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for group in ("passed", "failed") for report in terminalreporter.stats.get(group, [])]
    counts, seen = _collect(reports)
    if not counts and not seen:
        return
    terminalreporter.write_sep("-", "contract tests")
    rows = [(what, str(number)) for what, number in sorted(counts.items())]
    for what, which in sorted(seen.items()):
        names = f": {', '.join(sorted(which))}" if len(which) < _MANY else ""
        rows.append((what, f"{len(which)}{names}"))
    rows.append(("wrong subjects", told()))
    width = max(len(what) for what, _ in rows)
    for what, text in rows:
        terminalreporter.write_line(f"{what:<{width}}  {text}")
