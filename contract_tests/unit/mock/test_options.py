from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli import main
from mock_server.config import OptionError, Options, environment_name, from_environment, kind_of
from mock_server.server import run as running


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": -1.0},
        {"speed": float("nan")},
        {"port": -1},
        {"links": 3},
        {"processes": 0},
        {"processes": 2},
        {"progress": "polls"},
        {"progress": "polls:0"},
        {"progress": "polls:x"},
        {"progress": "soon"},
        {"progress": "time:3"},
        {"error_shape": "round"},
        {"seconds": -2.0},
        {"max_tasks": 0},
    ],
    ids=str,
)
def test_an_option_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Options(**wrong)


def test_progress_is_read() -> None:
    assert Options().polls is None
    assert Options(progress="immediate").polls is None
    assert Options(progress="polls:3").polls == 3


def test_the_environment_sets_every_kind_of_option() -> None:
    found = from_environment(
        {
            "PRECISION_MOCK_SPEED": "60",
            "PRECISION_MOCK_PORT": "81",
            "PRECISION_MOCK_STRICT": "yes",
            "PRECISION_MOCK_LIMITS": "0",
            "PRECISION_MOCK_API_KEY": "one two",
            "PRECISION_MOCK_SEED": "7",
            "PRECISION_MOCK_SECONDS": "1.5",
            "PRECISION_MOCK_RESULT_FORMAT": "webp",
            "OTHER": "x",
        }
    )
    assert found == Options(
        speed=60,
        port=81,
        strict=True,
        limits=False,
        api_key=("one", "two"),
        seed=7,
        seconds=1.5,
        result_format="webp",
    )
    assert from_environment({}) == Options()


@pytest.mark.parametrize(("name", "text"), [("STRICT", "perhaps"), ("PORT", "many"), ("SPEED", "")])
def test_an_unusable_variable_is_named(name: str, text: str) -> None:
    with pytest.raises(OptionError, match=f"PRECISION_MOCK_{name}"):
        from_environment({f"PRECISION_MOCK_{name}": text})


def run(*arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str, list[Options]]:
    served: list[Options] = []
    original = running.serve
    running.serve = lambda options, say: served.append(options)  # noqa: ARG005 - the name is its
    try:
        result = CliRunner().invoke(main, arguments, env=environment or {}, prog_name="precision-mock")
    finally:
        running.serve = original
    return result.exit_code, result.output, served


def test_every_option_is_on_the_command_line_and_in_its_help() -> None:
    code, output, served = run("--help")
    assert (code, served) == (0, [])
    for item in fields(Options):
        assert "--" + item.name.replace("_", "-") in output
    assert "PRECISION_MOCK_QUEUE_SECONDS" in output
    assert output.index("Server:") < output.index("Time:") < output.index("Bounds:") < output.index("Help:")


def test_the_command_line_gives_options() -> None:
    arguments = [
        "--port",
        "0",
        "--speed",
        "60",
        "--no-limits",
        "--api-key",
        "a",
        "--api-key",
        "b",
        "--seconds",
        "3",
        "--processes",
        "2",
        "--state",
        "f",
    ]
    code, output, served = run(*arguments)
    assert (code, output) == (0, "")
    assert served == [
        Options(port=0, speed=60, limits=False, api_key=("a", "b"), seconds=3, processes=2, state="f")
    ]


def test_every_option_is_an_environment_variable_of_the_command() -> None:
    values = {bool: "yes", int: "1", float: "2", str: "text", tuple: "a b"}
    for item in fields(Options):
        text = item.metadata["choices"][-1] if item.metadata["choices"] else values[kind_of(item.name)]
        text = {"progress": "polls:2", "scenario": "failed"}.get(item.name, text)
        environment = {environment_name(item.name): text, "PRECISION_MOCK_STATE": "text"}
        code, output, served = run(environment=environment)
        assert (code, output) == (0, ""), item.name
        assert served == [from_environment(environment)], item.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--processes", "2"], "more than one needs state=FILE"),
        (["--port", "x"], "not a valid integer"),
        (["--error-shape", "x"], "is not one of"),
        (["--nope"], "No such option"),
    ],
)
def test_a_wrong_command_line_is_explained(arguments: list[str], said: str) -> None:
    code, output, _ = run(*arguments)
    assert code == 2
    assert said in output


def test_a_question_mark_lists_the_scenarios() -> None:
    code, output, served = run("--scenario", "?")
    assert (code, served) == (0, [])
    assert "drop_after_accept" in output


def test_a_state_file_that_is_none_is_said(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_bytes(b"no database" * 100)
    result = CliRunner().invoke(main, ["--port", "0", "--state", str(file)])
    assert result.exit_code == 1
    assert f"cannot use the state file {file}" in result.output


def test_an_unknown_scenario_is_answered_with_the_list() -> None:
    result = CliRunner().invoke(main, ["--port", "0", "--scenario", "nope"])
    assert result.exit_code == 2
    assert "drop_after_accept" in result.output


def test_an_address_that_cannot_be_had_is_said() -> None:
    result = CliRunner().invoke(main, ["--host", "192.0.2.1", "--port", "1"])
    assert result.exit_code == 1
    assert "cannot listen on 192.0.2.1:1" in result.output
