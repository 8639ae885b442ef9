"""The table of layer swaps, judged row by row: all of it in GIMP 3.2, the version-dependent rows in 3.0."""

from __future__ import annotations

import pytest

from contract_tests.support import counters

from . import judge, table
from .running import Session
from .sessions import Sessions

_BY_ID = {one["id"]: one for one in table.ROWS}


def _parameters() -> list[object]:
    return [
        pytest.param(version, one["id"], id=f"{version}-{one['id']}")
        for version in ("3.0", "3.2")
        for one in table.rows_for(version)
    ]


def _table(request: pytest.FixtureRequest, version: str) -> Session:
    session: Session = request.getfixturevalue("table" + version.replace(".", ""))
    return session


def test_row_ids_name_one_row_each() -> None:
    assert len(_BY_ID) == len(table.ROWS) >= 60
    assert set(_BY_ID) >= table.VERSION_DEPENDENT


@pytest.mark.gimp3
@pytest.mark.slow
@pytest.mark.parametrize(("version", "row"), _parameters())
def test_a_row_of_the_table(request: pytest.FixtureRequest, version: str, row: str) -> None:
    session = _table(request, version)
    results = session.lines("results.jsonl")
    assert row in results, f"GIMP ended before this row:\n{session.end()}"
    problems = judge.problems(_BY_ID[row], results[row], session.folder)
    assert not problems, "\n".join(problems)


@pytest.mark.gimp3
@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.0", "3.2"])
def test_gimp_has_nothing_to_complain_about(request: pytest.FixtureRequest, version: str) -> None:
    session = _table(request, version)
    assert session.complete, session.end()
    counters.add(f"seconds of the table in GIMP {version}", round(session.seconds()))
    assert session.complaints() == []


@pytest.mark.gimp3
@pytest.mark.slow
def test_the_gimps_work_side_by_side(sessions: Sessions) -> None:
    spans = sessions.all_spans()
    if not spans:
        pytest.skip("there is no GIMP 3 here")
    begun, ended = zip(*spans, strict=True)
    assert max(begun) < min(ended)
    counters.add("seconds of the table in all GIMPs together", round(max(ended) - min(begun)))
