"""Our mock, openapi-core and Prism agree on every request but the listed ones, and the list is exact."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest

from contract_tests import tally, targets
from contract_tests.differential.asks import ASKS, JSON, KEY, Ask
from contract_tests.differential.disagreements import DISAGREEMENTS
from contract_tests.differential.judges import Judge, OpenapiCore, OurMock, Prism
from contract_tests.failure import curl, explain
from contract_tests.pictures import base64_png

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def mock() -> Iterator[OurMock]:
    with targets.opened(limits=False) as target:
        yield OurMock(target)


@pytest.fixture(scope="module")
def openapi_core() -> OpenapiCore:
    return OpenapiCore()


def compare(mock: OurMock, judge: Judge) -> None:
    """Fail unless ``judge`` and the mock disagree on exactly the requests that are listed for it."""
    tally.saw("judges of requests", judge.name)
    explained = {name: one.why for one in DISAGREEMENTS if one.judge == judge.name for name in one.names}
    found = []
    with ThreadPoolExecutor(judge.at_once) as pool:
        verdicts = list(pool.map(judge.takes, ASKS))
    for ask, (theirs, said_theirs) in zip(ASKS, verdicts, strict=True):
        ours, said_ours = mock.takes(ask)
        tally.count("verdicts compared")
        if (theirs and not ours) == (ask.name in explained) and ours <= theirs:
            continue
        found.append(
            explain(
                explained.get(ask.name, "every judge of the document takes and refuses the same requests"),
                wanted=f"{judge.name} {'disagrees' if ask.name in explained else 'agrees'} on {ask.name!r}",
                said=f"the mock said {said_ours}, {judge.name} said {said_theirs}",
                request=curl(ask.method, ask.path, ask.body, None),
            )
        )
    unknown = set(explained) - {ask.name for ask in ASKS}
    assert not unknown, f"listed, and never asked: {unknown}"
    assert not found, "\n".join(found)


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
