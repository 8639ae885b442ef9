"""Many processes spend one monthly budget at the same time, while they are killed and everything else fails.

::

    python -m contract_tests.support.jobs.budget_stress --processes 16 --runs 1000

Every process starts runs of one to three tasks against one mock. Meanwhile processes are killed at random
moments, the mock plays faults, and the processes' clocks are set back and forward within 40 days, the
month before included. At the end the faults stop, every job is taken up again, and a user who sees the
account names the tasks that no search could tell. Then the mock's count of charges and the ledger's must be
the same, and within the budget.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.app import App, RunTask
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import UpscaleError
from precision_upscaler.jobs.budget import COUNT_PRACTICE_VARIABLE
from precision_upscaler.jobs.service import pruned, resume, upscale
from precision_upscaler.storage.journal import Job
from precision_upscaler.storage.settings import Settings
from precision_upscaler.storage.spending import EntryState, Purpose

from contract_tests.support.pictures import png
from mock_server import PrecisionMock

from .forked_workers import FastClock

PRICE = 0.10
"""What each task costs, in EUR, by the table."""
_SPEED = 200.0
_MIDDLE_OF_A_MONTH = datetime(2027, 1, 15, tzinfo=UTC).timestamp()
_DAY = 86400.0
_FARTHEST_BACK, _FARTHEST_AHEAD = -40 * _DAY, 3 * _DAY
_PAUSE = 0.05
_RUNS_BETWEEN_KILLS = 30.0
_FAULTS = (
    "drop_after_accept", "http_503_then_ok", "http_429", "no_credits_402", "plan_exhausted_429", "http_500",
    "invalid_key_401", "expired_link", "reset", "garbage", "failed", "html_error_page",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What a stress run came to; ``budget`` and what the ledger has are numbers of tasks."""

    processes: int
    runs: int
    kills: int
    clock_changes: int
    refused_runs: int
    budget: int
    charges_of_mock: int
    charged_in_ledger: int
    unknown_before_the_search: int
    told_by_the_user: int
    never_created: int
    seconds: int

    def verify(self) -> None:
        """Raise AssertionError if the budget did not hold or the ledger is wrong."""
        assert self.charges_of_mock <= self.budget, self
        assert self.charges_of_mock == self.charged_in_ledger, self


class _ChangingClock(FastClock):
    """A clock that the user sets to another day now and then; without that it is the month's middle."""

    def __init__(self, begun: float) -> None:
        super().__init__(_SPEED)
        self.offset = 0.0
        self._begun = begun

    def time(self) -> float:
        return _MIDDLE_OF_A_MONTH + self.monotonic() - self._begun + self.offset


def _app(folder: Path, url: str, budget: float, clock: FastClock) -> App:
    settings = Settings(monthly_budget=budget, requests_per_minute=6000, journal_days=0.0, poll_seconds=0.01)
    cancel = CancelToken()
    return App(folder, settings, url, log=folder / "log", cancel=cancel, random=random.random, clock=clock)


def _spend(folder: Path, url: str, budget: float, begun: float, number: int, runs: int) -> None:
    """Start runs until this process has begun ``runs``, those of its killed predecessors included."""
    os.fsync = os.fstat  # type: ignore[assignment]  # see no_disk_sync in conftest.py
    chance = random.Random()
    clock = _ChangingClock(begun)
    app = _app(folder, url, budget, clock)
    source = folder.parent / f"{number}.png"
    with (folder.parent / f"{number}.log").open("ab", buffering=0) as log:
        while log.tell() < runs:
            changed = chance.random() < 0.1
            if changed:
                clock.offset = chance.uniform(_FARTHEST_BACK, _FARTHEST_AHEAD)
            log.write(b"c" if changed else b".")
            width, height = chance.randint(160, 250), chance.randint(160, 250)
            tasks = [RunTask(Purpose("file", source.name), width, height, 2)] * chance.randint(1, 3)
            try:
                with app.run(tasks) as run_id:
                    for _ in tasks:
                        color = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
                        source.write_bytes(png(width, height, color))
                        _one(app, source, run_id)
            except UpscaleError as error:
                if error.code == "budget-exceeded":
                    with (folder.parent / f"{number}.refused").open("ab", buffering=0) as refused:
                        refused.write(b".")


def _one(app: App, source: Path, run_id: str | None) -> None:
    with app.job_context(lambda _: None, run_id=run_id) as context, pruned(app.journal, app.settings):
        result = upscale(source, UpscaleRequest(), context)
        app.journal.open(result.job_id).deliver()


def _resolve(app: App, mock: PrecisionMock) -> int:
    """Take up every job, then name the tasks of the account that no search could tell; their number."""
    for job in app.journal.undelivered():
        _take_up(app, job)
    app.spending.reconcile()
    known = {entry.task_id for entry in app.spending.ledger.entries()}
    missing = [task for task in _tasks_of(mock) if task not in known]
    unresolved = app.journal.undelivered()
    for task, job in zip(missing, unresolved, strict=False):
        _take_up(app, job, adopt=task)
    return len(missing)


def _take_up(app: App, job: Job, adopt: str | None = None) -> None:
    with contextlib.suppress(UpscaleError), app.job_context(lambda _: None, job_id=job.job_id) as context:
        resume(job.job_id, context, adopt=adopt)


def _tasks_of(mock: PrecisionMock) -> list[str]:
    return [record.task_id for record in mock.app.service.tasks.tasks()]


def stress(folder: Path, *, processes: int, runs: int, budget: int, seed: int = 1) -> Figures:
    """Let ``processes`` start ``runs`` runs each with a budget for ``budget`` tasks; return the figures."""
    chance = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    data = folder / "data"
    data.mkdir()
    for number in range(processes):
        (folder / f"{number}.log").touch()
    begun = time.monotonic()
    kills, next_kill = 0, 0.0
    with PrecisionMock(speed=_SPEED, seconds=5.0) as mock, patch.dict(os.environ):
        os.environ.update({"FREEPIK_API_KEY": mock.key, COUNT_PRACTICE_VARIABLE: "1"})

        # a ledger without an entry cannot know that a clock is behind
        source = folder / "first.png"
        source.write_bytes(png(160, 160))
        _one(_app(data, mock.url, budget * PRICE, _ChangingClock(begun * _SPEED)), source, None)

        def start(number: int) -> multiprocessing.process.BaseProcess:
            process = context.Process(
                target=_spend,
                args=(data, mock.url, budget * PRICE, begun * _SPEED, number, runs),
                daemon=True,
            )
            process.start()
            return process

        alive = {number: start(number) for number in range(processes)}
        pause = threading.Event()
        while alive:
            pause.wait(_PAUSE)
            mock.play(chance.choice(_FAULTS) if chance.random() < 0.3 else "")
            begun_runs = sum((folder / f"{number}.log").stat().st_size for number in range(processes))
            while next_kill < begun_runs:
                next_kill += chance.expovariate(1 / _RUNS_BETWEEN_KILLS)
                number = chance.choice(list(alive))
                kills += alive[number].is_alive()
                alive[number].kill()
            for number, process in list(alive.items()):
                if not process.is_alive():
                    process.join()
                    del alive[number]
                    if (folder / f"{number}.log").stat().st_size < runs:
                        alive[number] = start(number)
        mock.play("")
        app = _app(data, mock.url, budget * PRICE, _ChangingClock(begun * _SPEED))
        app.spending.reconcile()
        unknown = Counter(entry.state for entry in app.spending.ledger.entries())[EntryState.UNKNOWN]
        told = _resolve(app, mock)
        states = Counter(entry.state for entry in app.spending.ledger.entries())
        return Figures(
            processes,
            runs,
            kills,
            sum(path.read_bytes().count(b"c") for path in folder.glob("*.log")),
            sum(path.stat().st_size for path in folder.glob("*.refused")),
            budget,
            mock.charges,
            states[EntryState.CHARGED],
            unknown,
            told,
            states[EntryState.UNKNOWN],
            round(time.monotonic() - begun),
        )


def main() -> int:
    """Run the stress and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--budget", type=int, default=1000, help="How many tasks the budget is enough for.")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = stress(
            Path(folder), processes=given.processes, runs=given.runs, budget=given.budget, seed=given.seed
        )
    print(json.dumps(asdict(figures), indent=1))
    figures.verify()
    return 0


if __name__ == "__main__":
    sys.exit(main())
