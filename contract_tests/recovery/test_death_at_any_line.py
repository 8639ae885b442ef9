"""Death at any line: of a first run, of a resumed one, and of one that searches for a lost task."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.errors import StillRunning, UpscaleError
from precision_upscaler.jobs.context import JobEvent, StageEvent
from precision_upscaler.jobs.runner import Runner

from contract_tests.support.jobs.job_environment import TASK_SECONDS, JobEnvironment
from contract_tests.support.jobs.line_tracer import Killed, LineTracer
from contract_tests.support.jobs.recovery_check import RecoveryCheck

CELLS = 16
"""Places to die in each story, evenly spread over the different lines it runs."""


def first_run(env: JobEnvironment) -> None:
    env.upscale()


def lost_answer(env: JobEnvironment) -> None:
    env.mock.play("drop_after_accept")
    env.upscale()


def refused_link(env: JobEnvironment) -> None:
    env.mock.play("expired_link")
    env.upscale()


def resumed(env: JobEnvironment) -> None:
    patient = env.settings
    env.settings = replace(patient, deadline_minutes=TASK_SECONDS / 60 / 2)
    try:
        with contextlib.suppress(StillRunning):
            env.upscale()
    finally:
        # whoever comes after a death has as much patience as ever
        env.settings = patient
    env.resume(env.journal.undelivered()[0].job_id)


STORIES: dict[str, tuple[Callable[[JobEnvironment], None], bool]] = {
    "first run": (first_run, True),
    "lost answer": (lost_answer, False),
    "expired link": (refused_link, True),
    "resumed": (resumed, True),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """Return, for each story, when each line of the core is run for the first time."""
    found = {}
    for name, (story, wsgi) in STORIES.items():
        lines = LineTracer()
        with JobEnvironment(tmp_path_factory.mktemp("count"), wsgi=wsgi) as env, lines.watching():
            story(env)
        found[name] = lines.first_times
    return found


# the dead leave their files open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("cell", range(CELLS))
@pytest.mark.parametrize("name", STORIES)
def test_death_at_any_line_costs_nobody_anything(
    name: str, cell: int, places: dict[str, list[int]], tmp_path: Path
) -> None:
    story, wsgi = STORIES[name]
    lines = LineTracer(kill_at=places[name][len(places[name]) * cell // CELLS])
    with JobEnvironment(tmp_path, wsgi=wsgi) as env:
        check = RecoveryCheck(f"{name}, killed at {cell}/{CELLS}", env)
        with lines.watching():
            try:
                story(env)
            except Killed as death:
                check.record(f"killed at {death}", None)
            except UpscaleError as ending:
                check.record("ended before its death", ending)
        check.finish(env.result, lambda: env.mock.play("")).verify()


WINDOW_CELLS = 12


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> range:
    """Return the numbers of all lines run from the record of the risk to the record of the id."""
    lines = LineTracer()
    found: list[int] = []
    plain = Runner._commit

    def commit(walk: Runner) -> None:
        found.append(lines.count)
        plain(walk)

    def reached(event: JobEvent) -> None:
        if isinstance(event, StageEvent) and event.stage == "waiting" and len(found) == 1:
            found.append(lines.count)

    with (
        pytest.MonkeyPatch.context() as patched,
        JobEnvironment(tmp_path_factory.mktemp("count"), wsgi=True) as env,
        lines.watching(),
    ):
        patched.setattr(Runner, "_commit", commit)
        env.on_event = reached
        env.upscale()
    begin, end = found
    return range(begin, end + 1)


# as above
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("cell", range(WINDOW_CELLS))
def test_death_at_every_line_between_the_risk_and_the_id_costs_nobody_anything(
    cell: int, window: range, tmp_path: Path
) -> None:
    """The service has the request, and nothing but the journal knows: here every line counts."""
    assert len(window) > 100
    for at in window[cell::WINDOW_CELLS]:
        lines = LineTracer(kill_at=at)
        folder = tmp_path / str(at)
        folder.mkdir()
        with JobEnvironment(folder, wsgi=True) as env:
            check = RecoveryCheck(f"killed at line {at} between risk and id", env)
            with lines.watching(), contextlib.suppress(Killed):
                env.upscale()
            assert lines.place, "it was not killed: the cell proves nothing"
            check.record(f"killed at {lines.place}", None)
            check.finish(env.result, lambda: None).verify()
