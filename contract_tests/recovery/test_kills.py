"""Death at any line: of a first run, of a resumed one, and of one that searches for a lost task."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.errors import StillRunning, UpscaleError
from precision_upscaler.jobs.context import JobEvent, StageEvent
from precision_upscaler.jobs.runner import Walk

from contract_tests.support.world import TASK_SECONDS, World

from .killer import Killed, Lines
from .verdict import Judge

CELLS = 16
"""Places to die in each story, evenly spread over the different lines it runs."""


def first_run(world: World) -> None:
    world.upscale()


def lost_answer(world: World) -> None:
    world.mock.play("drop_after_accept")
    world.upscale()


def refused_link(world: World) -> None:
    world.mock.play("expired_link")
    world.upscale()


def resumed(world: World) -> None:
    patient = world.settings
    world.settings = replace(patient, deadline_minutes=TASK_SECONDS / 60 / 2)
    try:
        with contextlib.suppress(StillRunning):
            world.upscale()
    finally:
        # whoever comes after a death has as much patience as ever
        world.settings = patient
    world.resume(world.journal.undelivered()[0].job_id)


STORIES: dict[str, tuple[Callable[[World], None], bool]] = {
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
        lines = Lines()
        with World(tmp_path_factory.mktemp("count"), wsgi=wsgi) as world, lines.watching():
            story(world)
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
    lines = Lines(kill_at=places[name][len(places[name]) * cell // CELLS])
    with World(tmp_path, wsgi=wsgi) as world:
        judge = Judge(f"{name}, killed at {cell}/{CELLS}", world)
        with lines.watching():
            try:
                story(world)
            except Killed as death:
                judge.hear(f"killed at {death}", None)
            except UpscaleError as ending:
                judge.hear("ended before its death", ending)
        judge.settle(world.result, lambda: world.mock.play("")).check()


WINDOW_CELLS = 12


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> range:
    """Return the numbers of all lines run from the record of the risk to the record of the id."""
    lines = Lines()
    found: list[int] = []
    plain = Walk._commit

    def commit(walk: Walk) -> None:
        found.append(lines.count)
        plain(walk)

    def heard(event: JobEvent) -> None:
        if isinstance(event, StageEvent) and event.stage == "waiting" and len(found) == 1:
            found.append(lines.count)

    with (
        pytest.MonkeyPatch.context() as patched,
        World(tmp_path_factory.mktemp("count"), wsgi=True) as world,
        lines.watching(),
    ):
        patched.setattr(Walk, "_commit", commit)
        world.on_event = heard
        world.upscale()
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
        lines = Lines(kill_at=at)
        folder = tmp_path / str(at)
        folder.mkdir()
        with World(folder, wsgi=True) as world:
            judge = Judge(f"killed at line {at} between risk and id", world)
            with lines.watching(), contextlib.suppress(Killed):
                world.upscale()
            assert lines.place, "it was not killed: the cell proves nothing"
            judge.hear(f"killed at {lines.place}", None)
            judge.settle(world.result, lambda: None).check()
