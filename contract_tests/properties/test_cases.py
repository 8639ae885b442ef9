"""Every case of the one table, put to every subject."""

from __future__ import annotations

import pytest

from contract_tests import tally
from contract_tests.cases import CASES, Case
from contract_tests.failure import curl, explain
from contract_tests.properties.oracle import filled
from contract_tests.subjects import Inexpressible, Subject
from contract_tests.subjects.contract import Contract
from contract_tests.subjects.request import Request

SUBJECTS: list[Subject] = [Contract(), Request()]


def ask(subject: Subject, case: Case) -> None:
    """Fail unless ``subject`` takes or refuses ``case`` as the table says, for the right reason."""
    try:
        verdict = subject.judge(case)
    except Inexpressible:
        return
    tally.count("cases asked")
    tally.saw("subjects", subject.name)
    wanted = case.valid and subject.name not in case.stricter
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
    if wanted and subject.name != "contract" and case.raw is None:
        documented = filled(case.members)
        assert {**filled({}), **verdict.sent} == documented, words


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: str(subject.name))
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_case(case: Case, subject: Subject) -> None:
    ask(subject, case)
