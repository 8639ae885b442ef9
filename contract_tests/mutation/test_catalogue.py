"""The catalogue fits the code as it is, so that what it proves is proven of today's tests."""

from __future__ import annotations

import ast
import json

import pytest

from . import __main__ as program
from .catalogue import CATALOGUE
from .mutate import SURVIVORS, TARGETS, changes, mutants
from .sandbox import ROOT, Outcome
from .wrong_subject import StaleSubjectError, WrongSubject


@pytest.mark.parametrize("path", sorted({subject.path for subject in CATALOGUE}))
def test_every_wrong_subject_fits_its_file(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    for subject in CATALOGUE:
        if subject.path == path:
            subject.check(ROOT)
            changed = subject.changed(text)
            assert changed != text
            if path.endswith(".py"):
                ast.parse(changed)
            else:
                json.loads(changed)


def test_there_are_enough_of_every_kind() -> None:
    assert len(CATALOGUE) >= 60
    assert len({subject.fault for subject in CATALOGUE}) == len(CATALOGUE), (
        "each fault has its own description"
    )
    least = {"plugin/precision_upscaler/contract/": 12, "plugin/precision_upscaler/": 60, "mock_server/": 25}
    for start, number in least.items():
        assert sum(subject.path.startswith(start) for subject in CATALOGUE) >= number


@pytest.mark.parametrize(("text", "times"), [("a", 0), ("x x", 2)])
def test_a_wrong_subject_that_does_not_fit_is_refused(text: str, times: int) -> None:
    with pytest.raises(StaleSubjectError, match=f"{times} times"):
        WrongSubject("a fault", "file.py", "x", "y", ()).changed(text)


def test_a_wrong_subject_names_tests_that_exist() -> None:
    with pytest.raises(StaleSubjectError, match="there is no nowhere"):
        WrongSubject("a fault", "README.md", "Precision Upscaler\n", "", ("nowhere.py",)).check(ROOT)


def test_a_choice_of_no_wrong_subject_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--only", "no such fault"]) == 2
    told = capsys.readouterr()
    assert "No description and no file contains 'no such fault'" in told.err
    assert "caught" not in told.out


@pytest.mark.parametrize(
    ("code", "failed", "caught"),
    [
        (1, "contract_tests/a/test_b.py::test_c", True),
        (0, "", False),
        (1, "(no end in time)", True),
        (4, "ImportError while loading conftest", False),
        (2, "contract_tests/a/test_b.py", False),
    ],
)
def test_only_a_failed_test_catches_a_fault(code: int, failed: str, caught: bool) -> None:
    assert Outcome(code, failed, 1.0, "").caught is caught


def test_mutants_change_one_thing_each() -> None:
    source = "def f(a, b):\n    if not a < 2 and b:\n        return a + 1 | None\n    return True\n"
    found = {one.what: one.text for one in mutants("m.py", source)}
    assert "f: Lt becomes LtE in `if not a < 2 and b:`" in found
    assert "f: And becomes Or in `if not a < 2 and b:`" in found
    assert "f: 2 becomes 3 in `if not a < 2 and b:`" in found
    assert "f: not is dropped in `if not a < 2 and b:`" in found
    assert "f: True becomes False in `return True`" in found
    plain = ast.unparse(ast.parse(source))
    assert all(text != plain for text in found.values())
    assert len(set(found.values())) == len(found)


def test_every_explained_survivor_is_a_mutant_of_today() -> None:
    for path, explained in json.loads(SURVIVORS.read_text(encoding="utf-8")).items():
        source = (ROOT / path).read_text(encoding="utf-8")
        known = {what for what, _, _ in changes(source, ast.parse(source))}
        assert set(explained) <= known, path
        assert all(explained.values())
    assert set(json.loads(SURVIVORS.read_text(encoding="utf-8"))) <= set(TARGETS)


@pytest.mark.parametrize("path", TARGETS)
def test_every_module_to_be_changed_exists_with_its_tests(path: str) -> None:
    assert [name for name in (path, *TARGETS[path]) if not (ROOT / name).exists()] == []
