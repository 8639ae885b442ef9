"""Whole lives of a journal, invented by hypothesis: runs, deaths, faults, resumes, deliveries, pruning."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from precision_upscaler.errors import Cancelled, UpscaleError
from precision_upscaler.jobs.context import Result
from precision_upscaler.storage.job_record import JobRecord, State

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.jobs.line_tracer import Killed, LineTracer
from contract_tests.support.pictures import png

PICTURES = {"sky": (160, 200, (40, 90, 200)), "meadow": (200, 160, (60, 160, 40))}
FACTORS = (2, 3)
SCENARIOS = (
    "drop_after_accept", "http_503_then_ok", "http_429", "expired_link", "completed_empty*2",
    "unknown_status", "invalid_key_401", "no_credits_402", "http_500", "two_results",
)  # fmt: skip


class Lives(RuleBasedStateMachine):
    """One user who wants four upscales (two pictures, two factors) and has no luck."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.wanted: set[tuple[str, int]] = set()
        self.had: set[tuple[str, int]] = set()
        # wants whose delivered result was pruned may be paid for again, if the user wants them again
        self.again = 0

    @initialize()
    def begin(self) -> None:
        self.env = JobEnvironment(self.folder, wsgi=True)
        self.env.__enter__()
        for name, (width, height, colour) in PICTURES.items():
            (self.folder / f"{name}.png").write_bytes(png(width, height, colour))

    def teardown(self) -> None:
        if not hasattr(self, "env"):
            return
        try:
            self.in_the_end()
        finally:
            self.env.__exit__()
            shutil.rmtree(self.folder)

    def live(self, action: Any, kill_at: int | None) -> Result | UpscaleError | Cancelled | None:
        lines = LineTracer(kill_at)
        if kill_at is None:
            return self.env.attempt(action)
        with lines.watching():
            try:
                return self.env.attempt(action)
            except Killed:
                return None

    @rule(
        picture=st.sampled_from(sorted(PICTURES)),
        factor=st.sampled_from(FACTORS),
        scenario=st.sampled_from(("", *SCENARIOS)),
        kill_at=st.one_of(st.none(), st.integers(1, 4000)),
        deliver=st.booleans(),
    )
    def upscale(self, picture: str, factor: int, scenario: str, kill_at: int | None, deliver: bool) -> None:
        self.wanted.add((picture, factor))
        self.env.mock.play(scenario)
        source = self.folder / f"{picture}.png"
        ending = self.live(lambda: self.env.upscale(source, scale_factor=factor), kill_at)
        self.env.mock.play("")
        self.take(ending, deliver=deliver)

    @precondition(lambda self: self.env.journal.undelivered())
    @rule(which=st.integers(0, 9), kill_at=st.one_of(st.none(), st.integers(1, 3000)), deliver=st.booleans())
    def resume(self, which: int, kill_at: int | None, deliver: bool) -> None:
        waiting = self.env.journal.undelivered()
        job_id = waiting[which % len(waiting)].job_id
        self.take(self.live(lambda: self.env.resume(job_id), kill_at), deliver=deliver)

    def take(self, ending: object, *, deliver: bool) -> None:
        if isinstance(ending, UpscaleError):
            assert ending.code != "unexpected"
        if isinstance(ending, Result):
            job = self.env.journal.open(ending.job_id)
            source = str(job.record.expected)
            assert (ending.width, ending.height) == job.record.expected, source
            if deliver:
                job.deliver()
                self.had.add(self.want_of(job.record))

    @staticmethod
    def want_of(record: JobRecord) -> tuple[str, int]:
        (name,) = [name for name, (width, height, _) in PICTURES.items() if record.size == (width, height)]
        return name, int(record.parameters["scale_factor"])

    @rule(hours=st.integers(0, 100))
    def time_goes_by(self, hours: int) -> None:
        self.env.clock.sleep(hours * 3600.0)

    @rule(days=st.sampled_from((0.0, 1.0, 30.0)), megabytes=st.sampled_from((0.0, 2048.0)))
    def prune(self, days: float, megabytes: float) -> None:
        journal = self.env.journal
        before = {job.job_id for job in journal if job.state is State.DELIVERED}
        undelivered = {job.job_id for job in journal.undelivered()}
        journal.prune(days, megabytes)
        after = {job.job_id for job in journal}
        assert undelivered <= after, "what was paid for and not delivered is never pruned"
        self.again += len(before - after)

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        if hasattr(self, "env"):
            assert self.env.mock.charges <= len(self.wanted) + self.again

    @invariant()
    def every_paid_task_is_known_or_being_looked_for(self) -> None:
        if not hasattr(self, "env"):
            return
        jobs = list(self.env.journal)
        known = sum(job.task_id is not None for job in jobs) + self.again
        open_questions = sum(job.state is State.COMMITTED for job in jobs)
        assert self.env.mock.charges <= known + open_questions

    def in_the_end(self) -> None:
        """All is well again: every want that was paid for ends as a picture."""
        self.env.mock.play("")
        for job in self.env.journal.undelivered():
            self.take(self.env.attempt(lambda job_id=job.job_id: self.env.resume(job_id)), deliver=True)
        for job in self.env.journal.undelivered():
            # nothing was created: the account shows no charge for it
            assert job.state is State.COMMITTED
            known = sum(other.task_id is not None for other in self.env.journal) + self.again
            assert self.env.mock.charges <= known, "a paid task was not found again"
            self.env.journal.remove(job)
        charges = self.env.mock.charges
        for picture, factor in sorted(self.wanted - self.had):
            source = self.folder / f"{picture}.png"
            ending = self.env.attempt(lambda: self.env.upscale(source, scale_factor=factor))  # noqa: B023 - called at once
            assert isinstance(ending, Result), ending
            self.take(ending, deliver=True)
        assert self.had == self.wanted
        assert self.env.mock.charges <= len(self.wanted) + self.again
        assert self.env.mock.charges >= charges


Lives.TestCase.settings = settings(
    max_examples=15, stateful_step_count=12, suppress_health_check=[HealthCheck.too_slow]
)
# the dead leave their files open
TestLives = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")(Lives.TestCase)
