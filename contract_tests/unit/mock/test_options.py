from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from mock_server.cli import main, options_from_environment
from mock_server.config import OptionError, Options, kind_of
from mock_server.server import run as running
from mock_server.state.clock import ClockState
from mock_server.state.database import Database
from mock_server.state.settings import Settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": -1.0},
        {"speed": float("nan")},
        {"port": -1},
        {"links": 3},
        {"port": 70000},
        {"port": "8000"},
        {"port": True},
        {"speed": "fast"},
        {"speed": 1e9},
        {"strict": "no"},
        {"links": 0},
        {"progress": "polls:\u0663"},
        {"host": ""},
        {"host": "a b"},
        {"host": "a\0b"},
        {"state": "a\0b"},
        {"public_url": "nonsense"},
        {"public_url": "ftp://a.b"},
        {"public_url": "http://"},
        {"public_url": "http://a.b:99999"},
        {"public_url": "http://a.b/?x=1"},
        {"public_url": "http://a.b/#x"},
        {"public_url": "http://a b/"},
        {"public_url": "http://me@a.b/"},
        {"public_url": "//a.b"},
        {"api_key": "one"},
        {"api_key": ("",)},
        {"seed": 1 << 60},
        {"seed": 1.5},
        {"link_seconds": 1e300},
        {"request_log_size": 10**30},
        {"webhook_attempts": 0},
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


@pytest.mark.parametrize(
    "right",
    [
        {"public_url": "http://my_mock:8000"},
        {"public_url": "https://mock.example.org/behind/a/proxy/"},
        {"public_url": "http://[::1]:80"},
        {"host": "::1"},
        {"speed": 60},
        {"seconds": None},
    ],
    ids=str,
)
def test_an_option_that_can_be_is_taken(right: dict[str, Any]) -> None:
    assert Options(**right)


def test_the_environment_sets_every_kind_of_option(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
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
    assert options_from_environment() == Options()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert options_from_environment() == Options(
        speed=60,
        port=81,
        strict=True,
        limits=False,
        api_key=("one", "two"),
        seed=7,
        seconds=1.5,
        result_format="webp",
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("STRICT", "perhaps", "PRECISION_MOCK_STRICT|--strict"),
        ("PORT", "many", "--port"),
        ("PORT", "70000", "port must be"),
        ("QUEUE_SECOND", "3", "PRECISION_MOCK_QUEUE_SECOND"),
    ],
)
def test_an_unusable_variable_is_named(
    name: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PRECISION_MOCK_{name}", text)
    with pytest.raises(click.UsageError) as caught:
        options_from_environment()
    assert re.search(said, caught.value.format_message())


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
        "--state",
        "f",
    ]
    code, output, served = run(*arguments)
    assert (code, output) == (0, "")
    assert served == [Options(port=0, speed=60, limits=False, api_key=("a", "b"), seconds=3, state="f")]


def test_every_option_is_an_environment_variable_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {bool: "yes", int: "1", float: "2", str: "text", tuple: "a b"}
    for item in fields(Options):
        text = item.metadata["choices"][-1] if item.metadata["choices"] else values[kind_of(item.name)]
        special = {
            "limits": "no",
            "links": "2",
            "progress": "polls:2",
            "scenario": "failed",
            "public_url": "http://a.b",
        }
        text = special.get(item.name, text)
        environment = {f"PRECISION_MOCK_{item.name.upper()}": text}
        code, output, served = run(environment=environment)
        assert (code, output) == (0, ""), item.name
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            assert served == [options_from_environment()], item.name
        assert served != [Options()], item.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--processes", "2"], "No such option"),
        (["--port", "70000"], "port must be from 0 to 65535"),
        (["--public-url", "nonsense"], "public_url must be like"),
        (["--host", ""], "host must be"),
        (["--request-log-size", str(10**30)], "request_log_size must be"),
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


def a_folder(path: Path) -> None:
    path.mkdir()


def no_database(path: Path) -> None:
    path.write_bytes(b"no database" * 100)


def of_another_version(path: Path) -> None:
    Database(str(path), Settings(clock=ClockState(0, 0, 1), link_secret="", webhook_secret="")).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
        connection.commit()


@pytest.mark.parametrize("make_file", [a_folder, no_database, of_another_version, of_another_program])
def test_a_state_file_that_cannot_be_used_is_said_and_left_alone(
    tmp_path: Path, make_file: Callable[[Path], None]
) -> None:
    file = tmp_path / "state"
    make_file(file)
    before = None if file.is_dir() else file.read_bytes()
    result = CliRunner().invoke(main, ["--port", "0", "--state", str(file)])
    assert result.exit_code == 1
    assert f"cannot use the state file {file}: " in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["state"], "nothing is left beside it"
    assert before is None or file.read_bytes() == before


@pytest.mark.parametrize("path", ["/no/such/folder/x", "/dev/null/x"])
def test_a_state_file_where_none_can_be_is_said(path: str) -> None:
    result = CliRunner().invoke(main, ["--port", "0", "--state", path])
    assert (result.exit_code, f"cannot use the state file {path}: " in result.output) == (1, True)


def test_an_unknown_scenario_is_answered_with_the_list() -> None:
    result = CliRunner().invoke(main, ["--port", "0", "--scenario", "nope"])
    assert result.exit_code == 2
    assert "drop_after_accept" in result.output


def test_an_address_that_cannot_be_had_is_said() -> None:
    result = CliRunner().invoke(main, ["--host", "192.0.2.1", "--port", "1"])
    assert result.exit_code == 1
    assert "cannot listen on 192.0.2.1:1" in result.output
