"""Hold what no test runs to a list of reasons: ``python -m contract_tests.support.uncovered COVERAGE.json``.

``uncovered.json`` names functions, not lines, so that it outlives other edits: in a function that it
names, lines may stay without a test, for the reason it gives. ``install_scripts/test.py`` asks this after
every whole run, with real GIMPs or without: what runs inside those is not measured. Every line is either
run or explained, also one that is known to run by chance (races, a busy machine). What another machine's
chance adds is named, and fails the run when it is more than ``BY_CHANCE`` lines.
"""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
REASONS = Path(__file__).with_suffix(".json")
MODULE = "module"
BY_CHANCE = 5
"""Lines: too few to hide a function of some weight that lost its tests."""


@dataclass(frozen=True)
class Missing:
    """A line that no test ran: ``scope`` is the function or class it stands in, ``module`` outside of all."""

    path: str
    line: int
    scope: str
    text: str

    def explained(self, reasons: dict[str, dict[str, str]]) -> bool:
        """Whether ``reasons`` name its function, or one that this function stands in."""
        return any(
            self.scope == name or self.scope.startswith(name + ".") for name in reasons.get(self.path, ())
        )


def scopes(source: str) -> dict[int, str]:
    """Return the innermost function or class of every line that stands in one, as dotted name."""
    found: dict[int, str] = {}

    def walk(node: ast.AST, scope: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = scope
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inside = f"{scope}.{child.name}".strip(".")
                found.update(dict.fromkeys(range(child.lineno, (child.end_lineno or 0) + 1), inside))
            walk(child, inside)

    walk(ast.parse(source), "")
    return found


def missing(coverage: dict[str, Any], root: Path = ROOT) -> list[Missing]:
    """Return the lines that did not run, of coverage.py's JSON report on the files below ``root``."""
    found = []
    for path, file in sorted(coverage["files"].items()):
        if file["missing_lines"]:
            source = (root / path).read_text(encoding="utf-8")
            names, lines = scopes(source), source.splitlines()
            found += [
                Missing(path, line, names.get(line, MODULE), lines[line - 1].strip())
                for line in file["missing_lines"]
            ]
    return found


def report(coverage: dict[str, Any], reasons: dict[str, dict[str, str]], root: Path = ROOT) -> bool:
    """Print what is neither run nor explained; return whether chance may be the reason."""
    every = missing(coverage, root)
    unexplained = [one for one in every if not one.explained(reasons)]
    for one in unexplained:
        print(f"not run, not explained  {one.path}:{one.line}  {one.scope}: {one.text}")
    of = f"{len(every)} of {coverage['totals']['num_statements']} lines not run"
    print(f"{of}, {len(unexplained)} of them not explained in {REASONS.name} (at most {BY_CHANCE})")
    return len(unexplained) <= BY_CHANCE


def main(arguments: list[str]) -> int:
    """Judge one report."""
    coverage = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    return 0 if report(coverage, json.loads(REASONS.read_text(encoding="utf-8"))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
