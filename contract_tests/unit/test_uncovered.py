"""What no test runs is explained, and the explanations are of today's code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from contract_tests.support import uncovered

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SOURCE = """\
try:
    import new
except ImportError:
    new = None

class Kept:
    def method(self):
        def inner():
            return 1
        return inner

def other():
    return 2
"""


def coverage_of(*lines: int, of: int = 1000) -> dict[str, Any]:
    return {"files": {"m.py": {"missing_lines": list(lines)}}, "totals": {"num_statements": of}}


def test_a_line_is_named_after_the_innermost_function(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(SOURCE)
    found = uncovered.missing(coverage_of(4, 9, 10, 13), tmp_path)
    assert [one.scope for one in found] == ["module", "Kept.method.inner", "Kept.method", "other"]
    assert found[0].text == "new = None"


def test_a_reason_holds_for_a_function_and_what_stands_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.py").write_text(SOURCE)
    reasons = {"m.py": {"Kept.method": "a reason", "oth": "of another function"}}
    assert uncovered.report(coverage_of(9, 10, 13), reasons, tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "not run, not explained  m.py:13  other: return 2"
    assert told[1].startswith("3 of 1000 lines not run, 1 of them not explained")


def test_more_lines_without_a_reason_than_chance_explains_fail(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(SOURCE)
    few, many = range(1, uncovered.BY_CHANCE + 1), range(1, uncovered.BY_CHANCE + 2)
    assert uncovered.report(coverage_of(*few), {}, tmp_path)
    assert not uncovered.report(coverage_of(*many, of=100_000), {}, tmp_path)
    assert uncovered.report(coverage_of(*few, 13), {"m.py": {"other": "why"}}, tmp_path)


def test_every_reason_is_given_for_a_function_that_exists() -> None:
    for path, reasons in json.loads(uncovered.REASONS.read_text(encoding="utf-8")).items():
        known = set(uncovered.scopes((uncovered.ROOT / path).read_text(encoding="utf-8")).values())
        assert set(reasons) <= known | {uncovered.MODULE}, path
        assert all(len(reason) > 10 for reason in reasons.values()), path
