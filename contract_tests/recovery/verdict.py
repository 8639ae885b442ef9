"""What a cell of the matrix proves: how the user ended up, and what the service's charges say about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from precision_upscaler.errors import Cancelled, UpscaleError
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.imaging.similarity import ColorGrid, color_grid, similar
from precision_upscaler.jobs.context import Result
from precision_upscaler.storage.journal import State

from contract_tests.support import tally

if TYPE_CHECKING:
    from contract_tests.support.world import World

Ending = Result | UpscaleError | Cancelled | None
"""How an attempt ended; None is a killed process."""


@dataclass
class Verdict:
    """One cell's outcome."""

    name: str
    charges: int = 0
    delivered: bool = False
    story: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    double: bool = False
    lost: bool = False

    def check(self) -> None:
        """Count the cell and fail the test if money was lost, spent twice, or lied about."""
        tally.count("fault matrix: cells")
        tally.count("fault matrix: lost results", int(self.lost))
        tally.count("fault matrix: double charges", int(self.double))
        tally.count("fault matrix: wrong words about money", len(self.lies))
        story = "\n  ".join(self.story)
        assert not self.double, f"{self.name}: charged {self.charges} times\n  {story}"
        assert not self.lost, f"{self.name}: paid for and lost\n  {story}"
        assert not self.lies, f"{self.name}: {self.lies}\n  {story}"


class Judge:
    """Follows one user through one cell: attempts, healing, Resume, and what an honest user does then.

    ``hopeless`` is how the cell may end when all is well again but for the task itself, which the
    service failed or never ends: an error's code. Everywhere else a picture has to come of it.
    ``look``: whether the result has to show the source.
    """

    def __init__(self, name: str, world: World, *, look: bool = True, hopeless: str | None = None) -> None:
        self._look = look
        self._hopeless = hopeless
        self.verdict = Verdict(name)
        self._world = world

    def hear(self, what: str, ending: Ending) -> Ending:
        """Note how an attempt ended and hold its words about money to the service's own count."""
        charges = self._world.mock.charges
        words = ending.code if isinstance(ending, UpscaleError) else type(ending).__name__
        charged = getattr(ending, "charged", "-")
        self.verdict.story.append(f"{what}: {words}, says charged: {charged}; the service: {charges}")
        if not isinstance(ending, Result):
            if charged == "no" and charges:
                self.verdict.lies.append(f"{words} says nothing was charged")
            if charged == "yes" and not charges:
                self.verdict.lies.append(f"{words} says it was charged")
        else:
            self._look_at(ending)
        return ending

    def _look_at(self, result: Result) -> None:
        picture = verify(result.path)
        assert (picture.width, picture.height) == (result.width, result.height)
        if self._look and not shows(self._world.source, result.path):
            self.verdict.lies.append("the result shows another picture")
        self.verdict.delivered = True

    def settle(self, first: Ending, heal: Callable[[], None]) -> Verdict:
        """Heal the world, resume what the journal lists, run again what was not paid for; judge."""
        world, verdict = self._world, self.verdict
        heal()
        ending = first
        if not isinstance(first, Result):
            for job in world.journal.undelivered():
                ending = self.hear("resume", world.attempt(lambda job_id=job.job_id: world.resume(job_id)))
        unresolved = isinstance(ending, UpscaleError) and ending.code == "create-unresolved"
        if unresolved and not verdict.delivered and not world.mock.charges:
            # the user looks into the account: no charge there, so the job is forgotten
            for job in world.journal.undelivered():
                world.journal.remove(job)
            ending = None
        named = self._is_named(ending)
        if not verdict.delivered and not named and not world.journal.undelivered():
            ending = self.hear("again", world.attempt(world.upscale))
            named = self._is_named(ending)
        verdict.charges = world.mock.charges
        verdict.double = verdict.charges > 1
        verdict.lost = verdict.charges > 0 and not verdict.delivered and not named
        if self._hopeless and not named:
            verdict.lies.append(f"this should have ended as {self._hopeless}")
        if not verdict.charges and not verdict.delivered:
            verdict.lies.append("nothing was charged and nothing came of it")
        if verdict.delivered:
            assert any(job.state in (State.STORED, State.DELIVERED) for job in world.journal)
        return verdict

    def _is_named(self, ending: Ending) -> bool:
        return isinstance(ending, UpscaleError) and ending.code == self._hopeless


_LOOKED_AT: dict[bytes, ColorGrid] = {}


def shows(source: Path, result: Path) -> bool:
    """Return whether the result shows the source; each picture is looked at once, in slow pure Python."""
    found = []
    for path in (source, result):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in _LOOKED_AT:
            _LOOKED_AT[digest] = color_grid(path)
        found.append(_LOOKED_AT[digest])
    return similar(*found)
