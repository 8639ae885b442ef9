"""Every case of the one table, put to every subject that can be told it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests.support import counters
from contract_tests.support.cases import CASES, Case
from contract_tests.support.failure import curl, explain
from contract_tests.support.subjects import Subject, beyond_json, beyond_parameters
from contract_tests.support.subjects.command_line import CommandLine, beyond_typing
from contract_tests.support.subjects.contract import Contract
from contract_tests.support.subjects.gimp import SharedCheck, beyond_gimp
from contract_tests.support.subjects.mock import Mock
from contract_tests.support.subjects.request import Request

from .oracle import filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def ask(subject: Subject, case: Case) -> None:
    """Fail unless ``subject`` takes or refuses ``case`` as the table says, and for the right reason."""
    verdict = subject.judge(case)
    counters.add("cases asked")
    counters.note("subjects of the cases", subject.name)
    wanted = (case.valid and subject.name not in case.stricter) or subject.name in case.looser
    words = explain(
        f"{case.about or 'body'}: {case.rule}",
        wanted=f"{subject.name} {'takes' if wanted else 'refuses'} it ({case.name})"
        + (f"; {case.stricter[subject.name]}" if case.valid and not wanted else ""),
        said=f"it {'took' if verdict.accepted else 'refused'} it: {verdict.said}",
        request=curl("POST", body=case.text),
        example=case.text,
    )
    assert verdict.accepted is wanted, words
    if not wanted and case.about and verdict.named:
        assert case.about in verdict.named, words
    if not verdict.accepted and verdict.broken:
        assert case.keyword in verdict.broken, words
    if verdict.accepted and verdict.sent:
        assert {**filled({}), **verdict.sent} == filled(case.members), words


def about(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@about([case for case in CASES if not beyond_json(case)])
def test_contract(case: Case) -> None:
    ask(Contract(), case)


@about([case for case in CASES if not beyond_parameters(case)])
def test_request(case: Case) -> None:
    ask(Request(), case)


@about([case for case in CASES if not beyond_typing(case)])
def test_command_line(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(CommandLine(tmp_path, monkeypatch), case)


GIMP_CASES = [case for case in CASES if not beyond_gimp(case)]


@about(GIMP_CASES)
def test_gimp(case: Case) -> None:
    ask(SharedCheck(), case)


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with Mock.opened() as subject:
        yield subject


@about(list(CASES))
def test_mock(case: Case, mock: Mock) -> None:
    ask(mock, case)
