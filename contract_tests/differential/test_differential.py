"""Our mock, openapi-core and Prism agree on every request but the listed ones, and the list is exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contract_tests import tally, targets
from contract_tests.differential.asks import ASKS
from contract_tests.differential.disagreements import DISAGREEMENTS
from contract_tests.differential.judges import Judge, OpenapiCore, OurMock, Prism
from contract_tests.failure import curl, explain

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
    for ask in ASKS:
        ours, said_ours = mock.takes(ask)
        theirs, said_theirs = judge.takes(ask)
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


@pytest.mark.node
def test_prism(mock: OurMock) -> None:
    with Prism.started() as prism:
        compare(mock, prism)
