"""Death at any line: of a first run, of a resumed one, and of one that searches for a lost task."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.errors import StillRunning, UpscaleError

from contract_tests.fault_matrix.killer import Killed, Lines
from contract_tests.fault_matrix.verdict import Judge
from contract_tests.world import World

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
    world.settings = replace(patient, deadline_minutes=0.5)
    with contextlib.suppress(StillRunning):
        world.upscale()
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
