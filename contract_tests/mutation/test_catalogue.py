"""The catalogue fits the code as it is, so that what it proves is proven of today's tests."""

from __future__ import annotations

import ast
import json

import pytest

from . import __main__ as planted
from .catalogue import CATALOGUE
from .greenhouse import ROOT, Outcome
from .mutate import SURVIVORS, TARGETS, changes, mutants
from .plant import Plant, StalePlantError


@pytest.mark.parametrize("path", sorted({plant.path for plant in CATALOGUE}))
def test_every_lie_fits_its_file(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    for plant in CATALOGUE:
        if plant.path == path:
            plant.check(ROOT)
            changed = plant.changed(text)
            assert changed != text
            if path.endswith(".py"):
                ast.parse(changed)
            else:
                json.loads(changed)


def test_there_are_enough_of_every_kind() -> None:
    assert len(CATALOGUE) >= 60
    assert len({plant.lie for plant in CATALOGUE}) == len(CATALOGUE), "a lie has a name of its own"
    for start in ("plugin/precision_upscaler/contract/", "plugin/precision_upscaler/", "mock_server/"):
        assert sum(plant.path.startswith(start) for plant in CATALOGUE) >= 25


@pytest.mark.parametrize(("text", "times"), [("a", 0), ("x x", 2)])
def test_a_lie_that_does_not_fit_is_refused(text: str, times: int) -> None:
    with pytest.raises(StalePlantError, match=f"{times} times"):
        Plant("a lie", "file.py", "x", "y", ()).changed(text)


def test_a_lie_names_tests_that_exist() -> None:
    with pytest.raises(StalePlantError, match="there is no nowhere"):
        Plant("a lie", "README.md", "Precision Upscaler\n", "", ("nowhere.py",)).check(ROOT)


def test_a_choice_of_no_lie_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert planted.main(["--only", "no such lie"]) == 2
    told = capsys.readouterr()
    assert "No lie holds 'no such lie'" in told.err
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
def test_only_a_failed_test_catches_a_lie(code: int, failed: str, caught: bool) -> None:
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
