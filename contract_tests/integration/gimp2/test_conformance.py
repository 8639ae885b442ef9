"""The stubs answer every probe as the real GIMP 2.10.34 did, and the real one still answers as recorded."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.gimpfu_stubs import Session

HERE = Path(__file__).parent
STUBS = HERE.parents[1] / "gimpfu_stubs"
RECORD = STUBS / "conformance/record-2.10.34.json"
LEAST_PROBES = 80


def _recorded() -> dict[str, Any]:
    return json.loads(RECORD.read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # our own file


@pytest.fixture(scope="module")
def stub_answers() -> dict[str, Any]:
    """Ask the stubs all probes."""
    package = "contract_tests.gimpfu_stubs.conformance"
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]
    with Session() as session:
        os.environ["PROBE_FOLDER"] = str(session.folder)
        session.load_plugin(STUBS / "conformance/probe_plugin.py")
        run = importlib.import_module(f"{package}.run")
        record = run.write(str(session.folder / "record.json"))
    return record["answers"]  # type: ignore[no-any-return]  # as above


def _differences(one: dict[str, Any], two: dict[str, Any], names: tuple[str, str]) -> list[str]:
    from contract_tests.gimpfu_stubs.conformance.kit import agree

    found = []
    for probe in sorted(set(one) | set(two)):
        if probe not in one or probe not in two or not agree(one[probe], two[probe]):
            lines = [
                f"{name}: {json.dumps(answers.get(probe))}"
                for name, answers in zip(names, (one, two), strict=True)
            ]
            found.append("\n  ".join([probe, *lines]))
    return found


def test_the_record_is_from_the_real_one_and_large_enough() -> None:
    record = _recorded()
    assert record["gimp"] == "2.10.34"
    assert len(record["answers"]) >= LEAST_PROBES
    assert not [name for name, answer in record["answers"].items() if "answer" not in answer]


@pytest.mark.parametrize("probe", sorted(_recorded()["answers"]))
def test_the_stubs_answer_as_recorded(stub_answers: dict[str, Any], probe: str) -> None:
    recorded = {probe: _recorded()["answers"][probe]}
    assert not _differences(recorded, {probe: stub_answers.get(probe)}, ("real", "stubs"))


def test_no_probe_is_missing_in_the_record(stub_answers: dict[str, Any]) -> None:
    assert set(stub_answers) == set(_recorded()["answers"])


@pytest.fixture
def make_real(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Return ``make_real_gimp``; where there is no real GIMP, say what the stubs were held to instead."""
    try:
        return request.getfixturevalue("make_real_gimp")  # type: ignore[no-any-return]  # the fixture's own type
    except pytest.skip.Exception as why:
        pytest.skip(f"{why.msg}; the stubs were held to the committed record of {_recorded()['gimp']}")


@pytest.mark.gimp2
@pytest.mark.slow
def test_the_real_one_still_answers_as_recorded(make_real: Callable[..., Any]) -> None:
    real = make_real(STUBS / "conformance/probe_plugin.py")
    path = real.folder / "record.json"
    log = real.run(
        f"from contract_tests.gimpfu_stubs.conformance import run; run.write_isolated({str(path)!r})"
    )
    assert path.exists(), log[-2000:]
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["gimp"] == _recorded()["gimp"]
    differences = _differences(_recorded()["answers"], found["answers"], ("recorded", "real"))
    assert not differences, f"write {path} over {RECORD} when the new answers are right:\n" + "\n".join(
        differences
    )
