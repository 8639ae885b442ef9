"""Our mock, openapi-core and Prism give every request but the listed ones one status; the list is exact."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest

from contract_tests.support import counters
from contract_tests.support.failure import curl, explain
from contract_tests.support.pictures import base64_png
from contract_tests.support.service import targets

from .asks import ASKS, JSON, KEY, Ask
from .disagreements import DISAGREEMENTS
from .judges import Judge, OpenapiCore, Opinion, OurMock, Prism

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def mock() -> Iterator[OurMock]:
    with targets.opened(limits=False) as target:
        yield OurMock(target)


@pytest.fixture(scope="module")
def openapi_core() -> OpenapiCore:
    return OpenapiCore()


def unlisted(mock: OurMock, judge: Judge) -> list[str]:
    """Return where ``judge`` and the mock differ and it is not listed, or do not although it is.

    A judge differs by taking what the mock refuses, and the other way round; where both refuse, by
    giving another HTTP status.
    """
    explained = {name: one.why for one in DISAGREEMENTS if one.judge == judge.name for name in one.names}
    found = [f"listed, and never asked: {name}" for name in explained.keys() - {ask.name for ask in ASKS}]
    with ThreadPoolExecutor(judge.at_once) as pool:
        opinions = list(pool.map(judge.opinion, ASKS))
    for ask, theirs in zip(ASKS, opinions, strict=True):
        ours = mock.opinion(ask)
        if theirs.takes and not ours.takes:
            expected = ask.name in explained
        else:
            expected = ask.name not in explained and theirs.status in (ours.status, None)
        if not expected:
            wanted = "disagrees" if ask.name in explained else "agrees"
            found.append(
                explain(
                    explained.get(ask.name, "every judge of the document gives a request the same status"),
                    wanted=f"{judge.name} {wanted} on {ask.name!r}",
                    said=f"the mock said {ours.said}, {judge.name} said {theirs.status} {theirs.said}",
                    request=curl(ask.method, ask.path, ask.body, None),
                )
            )
    return found


def compare(mock: OurMock, judge: Judge) -> None:
    """Fail unless ``judge`` and the mock disagree on exactly the requests that are listed for it."""
    counters.note("judges of requests", judge.name)
    counters.add("verdicts compared", len(ASKS))
    found = unlisted(mock, judge)
    assert not found, "\n".join(found)


class Contrary:
    """A judge who says of one request what nobody else does; of all others what the mock says."""

    name = "contrary"
    at_once = 1

    def __init__(self, mock: OurMock, asked: str, status: int) -> None:
        self._mock = mock
        self._asked = asked
        self._status = status

    def opinion(self, ask: Ask) -> Opinion:
        return Opinion(self._status, "contrary") if ask.name == self._asked else self._mock.opinion(ask)


@pytest.mark.parametrize(
    ("asked", "status"), [("list", 400), ("sharpen = 101", 200), ("sharpen = 101", 422), ("put a task", 404)]
)
def test_every_disagreement_is_noticed(mock: OurMock, asked: str, status: int) -> None:
    (found,) = unlisted(mock, Contrary(mock, asked, status))
    assert f"contrary agrees on {asked!r}" in found


def test_openapi_core(mock: OurMock, openapi_core: OpenapiCore) -> None:
    compare(mock, openapi_core)


def test_openapi_core_takes_every_answer_of_the_mock(mock: OurMock, openapi_core: OpenapiCore) -> None:
    for ask in ASKS:
        answer = mock.answer(ask)
        assert not openapi_core.objection(ask, answer), explain(
            "the document's schema of the answer",
            wanted="openapi-core finds nothing wrong with the mock's answer",
            said=openapi_core.objection(ask, answer),
            request=curl(ask.method, ask.path, ask.body),
            example=answer.text,
        )


FATES = {
    "CREATED": ("", 0.0),
    "IN_PROGRESS": ("stuck_in_progress", 60.0),
    "COMPLETED": ("", 1000.0),
    "COMPLETED, two links": ("two_results", 1000.0),
    "COMPLETED, no link": ("completed_empty", 1000.0),
    "FAILED": ("failed", 1000.0),
}
"""Every state a task can be seen in: the scenario that leads there, and after how many seconds."""


@pytest.mark.parametrize("name", FATES)
def test_openapi_core_takes_what_is_said_of_a_task(openapi_core: OpenapiCore, name: str) -> None:
    scenario, seconds = FATES[name]
    with targets.opened(limits=False) as target:
        mock = OurMock(target)
        headers = {**KEY, **JSON, **({"Prefer": f"scenario={scenario}"} if scenario else {})}
        create = Ask("create", "POST", headers=headers, body=json.dumps({"image": base64_png()}))
        created = mock.answer(create)
        task_id = created.json()["data"]["task_id"]
        target.advance(seconds)
        asks = (create, Ask("status", "GET", f"{create.path}/{task_id}"), Ask("list", "GET"))
        answers = (created, *map(mock.answer, asks[1:]))
    data = answers[1].json()["data"]
    assert data["status"] == name.partition(",")[0]
    assert answers[2].json()["data"] == [{"task_id": task_id, "status": data["status"]}]
    for ask, answer in zip(asks, answers, strict=True):
        assert answer.status_code == 200
        assert not openapi_core.objection(ask, answer), answer.text
    spoiled = httpx2.Response(200, json={"data": {**data, "status": "DONE"}})
    assert openapi_core.objection(asks[1], spoiled), "a judge that never objects judges nothing"


@pytest.mark.node
def test_prism(mock: OurMock) -> None:
    with Prism.started() as prism:
        compare(mock, prism)
