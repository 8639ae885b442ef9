"""What a cell of the fault matrix proves: what the user got, and what the service charged for it."""

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
from precision_upscaler.storage.job_record import State

from contract_tests.support import counters

if TYPE_CHECKING:
    from contract_tests.support.jobs.job_environment import JobEnvironment

Ending = Result | UpscaleError | Cancelled | None
"""How an attempt ended; None is a killed process."""


@dataclass
class RecoveryOutcome:
    """The outcome of one cell: ``false_claims`` are wrong statements about money or the result."""

    name: str
    charges: int = 0
    delivered: bool = False
    steps: list[str] = field(default_factory=list)
    false_claims: list[str] = field(default_factory=list)
    double: bool = False
    lost: bool = False

    def verify(self) -> None:
        """Count the cell; fail the test if money was lost, spent twice, or reported wrongly."""
        counters.add("fault matrix: cells")
        counters.add("fault matrix: lost results", int(self.lost))
        counters.add("fault matrix: double charges", int(self.double))
        counters.add("fault matrix: false statements about money", len(self.false_claims))
        steps = "\n  ".join(self.steps)
        assert not self.double, f"{self.name}: charged {self.charges} times\n  {steps}"
        assert not self.lost, f"{self.name}: paid for and lost\n  {steps}"
        assert not self.false_claims, f"{self.name}: {self.false_claims}\n  {steps}"


class RecoveryCheck:
    """Follow one user through one cell: attempts, the end of the fault, Resume, and a new upscale if needed.

    ``final_error`` is the code of the error with which the cell ends because the task itself has failed
    or never ends. Every other cell has to end with a result.
    ``compare``: whether the result has to resemble the source.
    """

    def __init__(
        self, name: str, env: JobEnvironment, *, compare: bool = True, final_error: str | None = None
    ) -> None:
        self._compare = compare
        self._final_error = final_error
        self.outcome = RecoveryOutcome(name)
        self._env = env

    def record(self, what: str, ending: Ending) -> Ending:
        """Note how an attempt ended; compare what it says about money with the service's own count."""
        charges = self._env.mock.charges
        words = ending.code if isinstance(ending, UpscaleError) else type(ending).__name__
        charged = getattr(ending, "charged", "-")
        self.outcome.steps.append(f"{what}: {words}, says charged: {charged}; the service: {charges}")
        if not isinstance(ending, Result):
            if charged == "no" and charges:
                self.outcome.false_claims.append(f"{words} says nothing was charged")
            if charged == "yes" and not charges:
                self.outcome.false_claims.append(f"{words} says it was charged")
        else:
            self._check_result(ending)
        return ending

    def _check_result(self, result: Result) -> None:
        picture = verify(result.path)
        assert (picture.width, picture.height) == (result.width, result.height)
        if self._compare and not shows(self._env.source, result.path):
            self.outcome.false_claims.append("the result does not resemble the source")
        self.outcome.delivered = True

    def finish(self, first: Ending, heal: Callable[[], None]) -> RecoveryOutcome:
        """End the fault, resume the listed jobs, run again what was not paid for; return the outcome."""
        env, outcome = self._env, self.outcome
        heal()
        ending = first
        if not isinstance(first, Result):
            for job in env.journal.undelivered():
                ending = self.record("resume", env.attempt(lambda job_id=job.job_id: env.resume(job_id)))
        unresolved = isinstance(ending, UpscaleError) and ending.code == "create-unresolved"
        if unresolved and not outcome.delivered and not env.mock.charges:
            # the user looks into the account: no charge there, so the job is forgotten
            for job in env.journal.undelivered():
                env.journal.remove(job)
            ending = None
        named = self._is_named(ending)
        if not outcome.delivered and not named and not env.journal.undelivered():
            ending = self.record("again", env.attempt(env.upscale))
            named = self._is_named(ending)
        outcome.charges = env.mock.charges
        outcome.double = outcome.charges > 1
        outcome.lost = outcome.charges > 0 and not outcome.delivered and not named
        if self._final_error and not named:
            outcome.false_claims.append(f"this should have ended as {self._final_error}")
        if not outcome.charges and not outcome.delivered:
            outcome.false_claims.append("nothing was charged and nothing came of it")
        if outcome.delivered:
            assert any(job.state in (State.STORED, State.DELIVERED) for job in env.journal)
        return outcome

    def _is_named(self, ending: Ending) -> bool:
        return isinstance(ending, UpscaleError) and ending.code == self._final_error


_READ: dict[bytes, ColorGrid] = {}


def shows(source: Path, result: Path) -> bool:
    """Return whether the result shows the source; each image is read once, because pure Python is slow."""
    found = []
    for path in (source, result):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in _READ:
            _READ[digest] = color_grid(path)
        found.append(_READ[digest])
    return similar(*found)
