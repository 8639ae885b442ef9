"""Our mock and Prism answer every request but the listed ones with the same status; the list is exact."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.property.oracle import wrong_task_members
from contract_tests.support import counters
from contract_tests.support.failure import curl, explain
from contract_tests.support.service import targets

from .disagreements import DISAGREEMENTS
from .implementations import Decision, Implementation, OurMock, Prism
from .request_cases import BODY, JSON, KEY, REQUESTS, UNKNOWN, RequestCase

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def mock() -> Iterator[OurMock]:
    with targets.opened(limits=False) as target:
        yield OurMock(target)


def unlisted(mock: OurMock, other: Implementation) -> list[str]:
    """Return where ``other`` and the mock differ and it is not listed, or do not although it is.

    They differ when only one of them accepts a request, or when both refuse it with another HTTP status.
    """
    explained = {
        name: one.why for one in DISAGREEMENTS if one.implementation == other.name for name in one.names
    }
    found = [
        f"listed, and never asked: {name}" for name in explained.keys() - {case.name for case in REQUESTS}
    ]
    with ThreadPoolExecutor(other.at_once) as pool:
        decisions = list(pool.map(other.decide, REQUESTS))
    for case, theirs in zip(REQUESTS, decisions, strict=True):
        ours = mock.decide(case)
        if theirs.accepted is not ours.accepted:
            expected = case.name in explained
        else:
            expected = case.name not in explained and theirs.status in (ours.status, None)
        if not expected:
            wanted = "disagrees" if case.name in explained else "agrees"
            found.append(
                explain(
                    explained.get(
                        case.name, "every implementation of the document gives a request the same status"
                    ),
                    wanted=f"{other.name} {wanted} on {case.name!r}",
                    said=f"the mock said {ours.said}, {other.name} said {theirs.status} {theirs.said}",
                    request=curl(case.method, case.path, case.body, None),
                )
            )
    return found


def compare(mock: OurMock, other: Implementation) -> None:
    """Fail unless ``other`` and the mock disagree on exactly the requests that are listed for it."""
    counters.note("implementations compared", other.name)
    counters.add("decisions compared", len(REQUESTS))
    found = unlisted(mock, other)
    assert not found, "\n".join(found)


class Contrary:
    """Decides one request as nobody else does, and all others as the mock."""

    name = "contrary"
    at_once = 1

    def __init__(self, mock: OurMock, asked: str, status: int) -> None:
        self._mock = mock
        self._asked = asked
        self._status = status

    def decide(self, case: RequestCase) -> Decision:
        return Decision(self._status, "contrary") if case.name == self._asked else self._mock.decide(case)


@pytest.mark.parametrize(
    ("asked", "status"), [("list", 400), ("sharpen = 101", 200), ("sharpen = 101", 422), ("put a task", 404)]
)
def test_every_disagreement_is_noticed(mock: OurMock, asked: str, status: int) -> None:
    (found,) = unlisted(mock, Contrary(mock, asked, status))
    assert f"contrary agrees on {asked!r}" in found


OUTCOMES = {
    "CREATED": ("", 0.0),
    "IN_PROGRESS": ("stuck_in_progress", 60.0),
    "COMPLETED": ("", 1000.0),
    "COMPLETED, two links": ("two_results", 1000.0),
    "COMPLETED, no link": ("completed_empty", 1000.0),
    "FAILED": ("failed", 1000.0),
}
"""Every state a task can be seen in: the scenario that leads there, and after how many seconds."""


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_answer_about_a_task_has_the_documented_form(name: str) -> None:
    scenario, seconds = OUTCOMES[name]
    with targets.opened(limits=False) as target:
        mock = OurMock(target)
        headers = {**KEY, **JSON, **({"Prefer": f"scenario={scenario}"} if scenario else {})}
        created = mock.answer(RequestCase("create", "POST", headers=headers, body=BODY)).json()
        task_id = created["data"]["task_id"]
        target.advance(seconds)
        status = mock.answer(RequestCase("status", "GET", f"{CREATE_PATH}/{task_id}")).json()
        (listed,) = mock.answer(RequestCase("list", "GET")).json()["data"]
    assert status["data"]["status"] == name.partition(",")[0]
    assert listed == {"task_id": task_id, "status": status["data"]["status"]}
    assert [wrong_task_members(body) for body in (created, status)] == [set(), set()]
    assert wrong_task_members(listed, listed=True) == set()


@pytest.mark.parametrize("member", ["task_id", "status", "generated"])
def test_a_wrong_member_of_an_answer_is_found(member: str) -> None:
    data = {"task_id": UNKNOWN, "status": "CREATED", "generated": []}
    assert wrong_task_members({"data": data}) == set()
    assert wrong_task_members({"data": {**data, member: "DONE"}}) == {member}
    assert wrong_task_members({"data": {name: data[name] for name in data if name != member}}) == {member}


@pytest.mark.node
def test_prism(mock: OurMock) -> None:
    with Prism.started() as prism:
        compare(mock, prism)
