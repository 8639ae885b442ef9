"""The real procedure's arguments have the contract's bounds and hold nothing beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from installer import place

from contract_tests.support.cases import CASES, Case
from contract_tests.support.subjects import Verdict
from contract_tests.support.subjects.gimp import ask_gimp, beyond_gimp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gimp_sandbox.gimp import Gimp

# one argument at a time is asked of a GIMP
CASES_OF_ONE = [case for case in CASES if case.about and not beyond_gimp(case)]


@pytest.fixture(scope="module")
def told(
    gimp3: Gimp, plugin_gimp3: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], list[Verdict]]]:
    with gimp3.fresh_home() as home:
        place.install(plugin_gimp3, home / gimp3.settings / "plug-ins")
        yield ask_gimp(gimp3, home, tmp_path_factory.mktemp("arguments"), CASES_OF_ONE)


@pytest.mark.parametrize(
    ("name", "minimum", "maximum", "default"),
    [
        ("scale-factor", 2, 16, 2),
        ("sharpen", 0, 100, 7),
        ("smart-grain", 0, 100, 7),
        ("ultra-detail", 0, 100, 30),
    ],
)
def test_bounds(
    told: tuple[dict[str, Any], list[Verdict]], name: str, minimum: int, maximum: int, default: int
) -> None:
    assert told[0][name] == {
        "minimum": minimum,
        "maximum": maximum,
        "default_value": default,
        "type": "gint",
    }


def test_every_case(told: tuple[dict[str, Any], list[Verdict]]) -> None:
    wrong = [
        f"{case.name}: expected {'taken' if case.valid else 'refused'}, but {verdict.said}"
        for case, verdict in zip(CASES_OF_ONE, told[1], strict=True)
        if verdict.accepted is not case.valid
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_cases_of_both_kinds() -> None:
    kinds: dict[bool, list[Case]] = {True: [], False: []}
    for case in CASES_OF_ONE:
        kinds[case.valid].append(case)
    assert len(kinds[True]) > 30
    assert len(kinds[False]) > 20
