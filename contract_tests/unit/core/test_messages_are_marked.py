"""Every message that a user of a front end can meet is marked for translation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from precision_upscaler import errors
from precision_upscaler.errors import CreateUnresolved, UpscaleError
from precision_upscaler.jobs.recovery import _reasons
from precision_upscaler.messages import parts_of, translatable
from precision_upscaler.protocol import Message

from contract_tests.support.jobs.faulty_proxy import FaultyProxy, Plan
from contract_tests.support.jobs.job_environment import JobEnvironment
from mock_server.scenarios.catalogue import CATALOGUE

CORE = Path(errors.__file__).parent
NOT_FOR_USERS = {"BadCommand", "Cancelled"}
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, UpscaleError) and name not in NOT_FOR_USERS
}
MARKS = ("translatable", "joined")
"""Functions whose result carries the messages it is made of."""
MODULES = sorted(path for path in CORE.rglob("*.py") if not {"cli", "contract", "frontend"} & set(path.parts))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def messages(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield every argument that becomes a message for people."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if name_of(node) in KINDS and node.args:
            yield node.args[0]
        if name_of(node) == "ApiError":
            yield node.args[1]
        if name_of(node) == "warn":
            yield node.args[1]
        yield from (word.value for word in node.keywords if word.arg == "advice")


def is_marked(message: ast.expr) -> bool:
    """Whether a message is a constant, is made by a function that marks it, or was made before."""
    if isinstance(message, ast.Constant):
        return isinstance(message.value, str)
    if isinstance(message, ast.Call):
        return name_of(message) in MARKS
    # a variable or attribute holds a message that was marked where it was made
    return isinstance(message, (ast.Name, ast.Attribute))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(CORE).as_posix())
def test_no_message_is_put_together_unmarked(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unmarked = [ast.unparse(message) for message in messages(tree) if not is_marked(message)]
    assert not unmarked


def test_the_walk_sees_what_it_looks_for() -> None:
    text = "raise NoKey(f'x {1}')\nraise ApiError(failure, 'a' + b)\nreport.warn('c', '%s' % d)\n"
    assert [is_marked(message) for message in messages(ast.parse(text))] == [False] * 3
    assert len(KINDS) > 30


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    """Return every constant text of the core: what the collector of the catalogs can find."""
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def unknown(text: str, known: frozenset[str]) -> list[str]:
    """Return the parts of a message that are no constant of the core."""
    found = []
    for part in parts_of(text):
        if part["text"] not in known:
            found.append(part["text"])
        for value in part["values"].values():
            if isinstance(value, dict):
                found += [item["text"] for item in value["parts"] if item["text"] not in known]
    return found


@pytest.mark.parametrize("scenario", [name for name, entry in CATALOGUE.items() if not entry.wire])
def test_what_a_scenario_says_is_made_of_known_messages(
    scenario: str, known: frozenset[str], tmp_path: Path
) -> None:
    with JobEnvironment(tmp_path, scenario=scenario, wsgi=True) as env:
        ending = env.attempt(env.upscale)
        if isinstance(ending, UpscaleError):
            assert not unknown(ending.what, known)
            assert not unknown(ending.advice, known)


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("outcome", ["", "failed", "stuck_created"])
def test_a_lost_create_is_described_by_known_messages(
    heard: bool, outcome: str, known: frozenset[str], tmp_path: Path
) -> None:
    with (
        JobEnvironment(tmp_path, scenario=outcome) as env,
        FaultyProxy(env.mock.url, Plan("create", "reset", reached=heard)) as proxy,
    ):
        env.base_url = proxy.url
        ending = env.attempt(env.upscale)
        if isinstance(ending, CreateUnresolved):
            assert not unknown(ending.what, known)
            assert not unknown(ending.advice, known)
        else:
            assert heard
            assert not outcome


def test_an_error_names_at_most_five_tasks_and_says_where_the_others_are(known: frozenset[str]) -> None:
    doubtful = {f"task-{number:02}": translatable("it is not done yet") for number in range(52)}
    text = _reasons(doubtful)
    assert text.count("task-") == 5
    assert "and 47 more, which the log lists" in text
    assert _reasons(dict(list(doubtful.items())[:5])).count("more") == 0

    def filled(part: Message) -> str:
        values = {
            name: filled(value["parts"][0]) if isinstance(value, dict) else value
            for name, value in part["values"].items()
        }
        return str(part["text"]).format(**values)

    assert filled(parts_of(text)[0]) == text
