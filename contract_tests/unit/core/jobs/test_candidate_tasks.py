"""Which of several matching tasks a job may take, as a rule of its own."""

from __future__ import annotations

import pytest
from precision_upscaler.jobs.recovery import CandidateTask, choose

SURE = CandidateTask("sure", exact=True)
SHARED = CandidateTask("shared", exact=True, competing=1)
CROWDED = CandidateTask("crowded", exact=True, competing=2)
ODD = CandidateTask("odd", exact=False)
ODD_SHARED = CandidateTask("odd and shared", exact=False, competing=1)
ANOTHERS = CandidateTask("another's", exact=False, competing=1, others_size=True)
AWAITED = CandidateTask("awaited", exact=True, competing=1, awaited=True)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("candidates", "wanted"),
    [
        ([], None),
        ([CROWDED, SHARED, ODD, SURE, AWAITED, ANOTHERS], SURE),
        ([ODD, ANOTHERS, AWAITED], ODD),
        ([ANOTHERS], None),
        ([AWAITED], None),
    ],
    ids=str,
)
def test_what_is_certain_does_not_wait(
    candidates: list[CandidateTask], wanted: CandidateTask | None, last: bool
) -> None:
    assert choose(candidates, [0], last=last) is wanted


@pytest.mark.parametrize(
    ("candidates", "wanted"),
    [
        ([CROWDED, SHARED], SHARED),
        ([ODD_SHARED, CROWDED], CROWDED),
        ([ODD, SHARED], SHARED),
        ([ODD_SHARED], ODD_SHARED),
    ],
    ids=str,
)
def test_what_is_contested_is_taken_last_and_the_least_contested_first(
    candidates: list[CandidateTask], wanted: CandidateTask
) -> None:
    assert choose(candidates, last=False) is None
    assert choose(candidates, [wanted.competing], last=True) is wanted


def test_nothing_contested_is_taken_while_something_likelier_is_in_doubt() -> None:
    assert choose([CROWDED], [1], last=True) is None
    assert choose([SHARED], [0], last=True) is None
