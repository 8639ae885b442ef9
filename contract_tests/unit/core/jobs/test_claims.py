"""Which of several matching tasks a job may take, as a rule of its own."""

from __future__ import annotations

import pytest
from precision_upscaler.jobs.claims import Claim, choose

SURE = Claim("sure", exact=True)
SHARED = Claim("shared", exact=True, rivals=1)
CROWDED = Claim("crowded", exact=True, rivals=2)
ODD = Claim("odd", exact=False)
ODD_SHARED = Claim("odd and shared", exact=False, rivals=1)
ANOTHERS = Claim("another's", exact=False, rivals=1, anothers=True)
AWAITED = Claim("awaited", exact=True, rivals=1, awaited=True)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ([], None),
        ([CROWDED, SHARED, ODD, SURE, AWAITED, ANOTHERS], SURE),
        ([ODD, ANOTHERS, AWAITED], ODD),
        ([ANOTHERS], None),
        ([AWAITED], None),
    ],
    ids=str,
)
def test_what_is_certain_does_not_wait(claims: list[Claim], wanted: Claim | None, last: bool) -> None:
    assert choose(claims, [0], last=last) is wanted


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ([CROWDED, SHARED], SHARED),
        ([ODD_SHARED, CROWDED], CROWDED),
        ([ODD, SHARED], SHARED),
        ([ODD_SHARED], ODD_SHARED),
    ],
    ids=str,
)
def test_what_is_contested_is_taken_last_and_the_least_contested_first(
    claims: list[Claim], wanted: Claim
) -> None:
    assert choose(claims, last=False) is None
    assert choose(claims, [wanted.rivals], last=True) is wanted


def test_nothing_contested_is_taken_while_something_likelier_is_in_doubt() -> None:
    assert choose([CROWDED], [1], last=True) is None
    assert choose([SHARED], [0], last=True) is None
