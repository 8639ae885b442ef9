"""Change one operator or number at a time in the modules that decide; a test must notice each change.

``python -m contract_tests.mutation.mutate`` runs all modules of :data:`TARGETS`, ``--only TEXT`` those
whose path holds TEXT, ``--list`` shows the changes. It ends with 0 when every change that nobody noticed
is explained in ``survivors.json``, and every explanation is still needed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .__main__ import SandboxPool
from .sandbox import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORE = "plugin/precision_upscaler/"
_MOCK = "contract_tests/unit/mock/"
_PROPERTIES = "contract_tests/property/"
_CONTRACT_TESTS = ("contract_tests/unit/contract", _PROPERTIES + "test_contract_document.py")
TARGETS: dict[str, tuple[str, ...]] = {
    _CORE + "contract/limits.py": _CONTRACT_TESTS,
    _CORE + "api/models.py": (
        _PROPERTIES + "test_client_requests.py",
        _PROPERTIES + "test_cases.py",
        _PROPERTIES + "test_client_decisions.py",
        _PROPERTIES + "test_client_answers.py",
        "contract_tests/unit/core/api/test_models.py",
    ),
    _CORE + "api/retry.py": (
        _PROPERTIES + "test_client_codes.py",
        _PROPERTIES + "test_client_decisions.py",
        "contract_tests/unit/core/api/test_retry.py",
    ),
    _CORE + "frontend/placement.py": (
        "contract_tests/unit/frontend/test_placement_examples.py",
        "contract_tests/unit/frontend/test_placement.py",
    ),
    "mock_server/state/clock.py": (_MOCK + "state/test_clock.py",),
    "mock_server/state/task_model.py": (
        _MOCK + "state/test_task_model.py",
        _PROPERTIES + "test_mock_states.py",
    ),
    "mock_server/state/rate_limits.py": (_MOCK + "state/test_rate_limits.py",),
}
"""The modules that decide and do no I/O, each with the tests that must notice a change."""
SURVIVORS = Path(__file__).parent / "survivors.json"

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


Change = Callable[[Any], object]


@dataclass(frozen=True)
class Mutant:
    """One change: ``what`` names it without line numbers, so that an explanation outlives other edits."""

    path: str
    what: str
    line: int
    text: str


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse(source)
    for what, place, change in changes(source, tree):
        changed = copy.deepcopy(tree)
        change(next(node for node in ast.walk(changed) if _same_place(node, place)))
        yield Mutant(path, what, place.lineno, ast.unparse(changed))


def changes(source: str, tree: ast.Module) -> Iterator[tuple[str, ast.expr | ast.stmt, Change]]:
    """Yield the name of every change, its place in ``tree``, and what to do to a copy of that place."""
    seen: dict[str, int] = {}
    for place, scope in _places(tree):
        for words, change in _changes(place):
            what = f"{scope}: {words} in `{_line(source, place)}`"
            seen[what] = seen.get(what, 0) + 1
            yield what if seen[what] == 1 else f"{what} ({seen[what]})", place, change


def _places(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    # what a decorator is given decides nothing: frozen=True, slots=True
    decorators = {
        id(part)
        for node in ast.walk(tree)
        for decorator in getattr(node, "decorator_list", ())
        for part in ast.walk(decorator)
    }

    def walk(node: ast.AST, scope: str) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
        for child in ast.iter_child_nodes(node):
            inside = scope
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inside = f"{scope}.{child.name}".strip(".")
            if isinstance(child, (ast.expr, ast.stmt)) and id(child) not in decorators:
                yield child, inside or "module"
            yield from walk(child, inside)

    yield from walk(tree, "")


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
        for index, operator in enumerate(node.ops):
            new = _COMPARED[type(operator)]
            yield f"{type(operator).__name__} becomes {new.__name__}", _set_operator(index, new)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} becomes {other.__name__}", lambda twin: setattr(twin, "op", other())
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED and not _formats(node):
        new_operator = _COMPUTED[type(node.op)]
        words = f"{type(node.op).__name__} becomes {new_operator.__name__}"
        yield words, lambda twin: setattr(twin, "op", new_operator())
    elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} becomes {value}", lambda twin: setattr(twin, "value", value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not is dropped", _drop_not
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "None is returned", lambda twin: setattr(twin, "value", ast.Constant(None))


def _formats(node: ast.BinOp) -> bool:
    """Whether it is no arithmetic but words: an operation on a text or a type."""
    if isinstance(node.op, ast.BitOr) and any(
        isinstance(side, ast.Constant) and side.value is None for side in (node.left, node.right)
    ):
        return True
    return any(isinstance(side, (ast.JoinedStr,)) or _is_text(side) for side in (node.left, node.right))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _set_operator(index: int, new: type[ast.cmpop]) -> Change:
    def change(twin: ast.Compare) -> None:
        twin.ops[index] = new()

    return change


def _drop_not(twin: ast.UnaryOp) -> None:
    # a double negation keeps the shape of the tree and undoes the first
    twin.operand = ast.UnaryOp(ast.Not(), twin.operand)


def _same_place(node: ast.AST, place: ast.expr | ast.stmt) -> bool:
    return type(node) is type(place) and (
        (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        == (place.lineno, place.col_offset, place.end_lineno, place.end_col_offset)
    )


def _line(source: str, place: ast.expr | ast.stmt) -> str:
    return " ".join(source.splitlines()[place.lineno - 1].split())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m contract_tests.mutation.mutate", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only modules whose path holds TEXT")
    parser.add_argument("--list", action="store_true", help="show the changes and end")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    options = parser.parse_args(arguments)
    paths = [path for path in TARGETS if options.only in path]
    every = [one for path in paths for one in mutants(path, (ROOT / path).read_text(encoding="utf-8"))]
    if options.list:
        print("\n".join(f"{one.path}:{one.line}  {one.what}" for one in every))
        return 0
    explained: dict[str, dict[str, str]] = json.loads(SURVIVORS.read_text(encoding="utf-8"))
    known = {(path, what) for path, each in explained.items() if path in paths for what in each}
    started = time.monotonic()
    survived = set()
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as name,
        SandboxPool(Path(name)) as sandboxes,
        ThreadPoolExecutor(options.workers) as pool,
    ):

        def noticed(one: Mutant) -> bool:
            sandbox = sandboxes.sandbox()
            with sandbox.changed(one.path, one.text):
                return sandbox.run(TARGETS[one.path]).noticed

        for path in paths:
            sound = pool.submit(lambda path=path: sandboxes.sandbox().run(TARGETS[path])).result()
            if sound.code != 0:
                print(f"The tests of {path} fail without any change: {sound.failed}", file=sys.stderr)
                return 2
        for one, was_noticed in zip(every, pool.map(noticed, every), strict=True):
            if not was_noticed:
                survived.add((one.path, one.what))
                word = "explained" if (one.path, one.what) in known else "SURVIVED"
                print(f"{word}  {one.path}:{one.line}  {one.what}", flush=True)
    unexplained, needless = survived - known, known - survived
    for path, what in sorted(needless):
        print(f"NEEDLESS explanation  {path}  {what}")
    print(
        f"{len(every) - len(survived)} of {len(every)} changes noticed, {len(survived)} survived, "
        f"{len(unexplained)} of them unexplained, in {time.monotonic() - started:.0f} s"
    )
    return 1 if unexplained or needless else 0


if __name__ == "__main__":
    sys.exit(main())
