"""Find out whether a create whose answer was lost has made a task, by the list of tasks and by the picture.

A task is adopted only if no job of this computer knows it, if it was not on the list before the
create was sent, if its result, scaled down, shows the picture that was sent, and if no other job
that looks for its task has more right to it.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import Task, TaskStatus
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import RetryDecision, RetryPolicy
from precision_upscaler.errors import (
    CreateUnresolved,
    DownloadFailed,
    ResultHost,
    StillRunning,
    TaskUnknown,
)
from precision_upscaler.imaging.base import NotAPicture, Picture
from precision_upscaler.imaging.similarity import CannotCompare, Likeness, likeness, resembles
from precision_upscaler.imaging.streaming import Incoming
from precision_upscaler.storage.files import write_json
from precision_upscaler.storage.journal import Job, Journal, State
from precision_upscaler.storage.log import LOGGER

from .claims import choose
from .rivals import KNOWN, Rivals, known_tasks, same_shape

_CANDIDATE = "candidate"
_KNOCKS = 3
_PATIENCE = 4.0
_LOOKS = (0.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each look at the list: a task may appear on it late."""


class Searcher(Protocol):
    """What the search needs of the job's walk."""

    job: Job
    journal: Journal
    client: UpscalerClient
    retries: RetryPolicy

    def random(self) -> float:
        """Return a random number in [0, 1)."""

    def pause(self, seconds: float) -> None:
        """Wait; Cancelled when the user cancels."""

    def wait_for_end(self, task_id: str, patience: float | None = None) -> Task:
        """Poll ``task_id`` until it is COMPLETED or FAILED, or ``patience`` times the expected time."""

    def download(self, task: Task, target: Path) -> Incoming:
        """Fetch a finished task's picture into ``target``."""


def note_known_tasks(walk: Searcher) -> bool:
    """Write down which tasks exist before ours; False when this service has no list to read.

    It is also the free test of key, address and service before a large upload that costs money: a
    wrong key, and a service that cannot be reached or is not well, are raised as their named errors.
    """
    attempt = 0
    while True:
        try:
            tasks = walk.client.list()
        except ApiError as failed:
            failure = failed.failure
            too_long = walk.retries.asks_too_long(failure)
            if failure.hopeless or too_long or failure.status in (401, 402, 403):
                raise user_error(failed, "no") from failed
            if walk.retries.decide(failure) is RetryDecision.GIVE_UP:
                return False
            attempt += 1
            if attempt >= (walk.retries.others if failure.reached else _KNOCKS):
                if failure.status is not None and failure.status < 300:  # noqa: PLR2004 - HTTP's class
                    return False
                raise user_error(failed, "no") from failed
            walk.pause(walk.retries.pause(attempt - 1, failure.retry_after, walk.random()))
        else:
            write_json(walk.job.folder / KNOWN, sorted(task.task_id for task in tasks))
            return True


def find_created_task(walk: Searcher) -> None:
    """Find the task that the lost create made, and adopt it; CreateUnresolved when it cannot be told."""
    if "doubt" not in walk.job.record:
        # the run that sent it was killed: nobody else need wait for that one to hear of its task
        walk.job.update(doubt="The program ended before the answer came.")
    if (before := known_tasks(walk.job)) is None:
        raise CreateUnresolved(
            "The connection broke while the task was being created, and the list of tasks could not be "
            "read before it: whether one was created cannot be found out from here.",
        )
    search = _Search(walk, before)
    try:
        for pause in _LOOKS:
            # what the last look was asked to wait is kept to
            walk.pause(max(pause * walk.retries.base, walk.retries.pause(0, search.wish, 0.0)))
            if search.look(last=pause == _LOOKS[-1]):
                return
    finally:
        search.tidy()
    raise search.failure()


@dataclass(frozen=True)
class _Match:
    """A finished task that shows our picture; its file is kept until the search ends."""

    task_id: str
    picture: Picture
    likeness: Likeness


class _Search:
    """Repeated looks at the list, each candidate examined once."""

    def __init__(self, walk: Searcher, before: set[str]) -> None:
        self._walk = walk
        self._before = before
        self._done: set[str] = set()
        self._doubtful: dict[str, str] = {}
        self._matches: dict[str, _Match] = {}
        self._rivals = Rivals(walk.job, walk.journal)
        self._answered = False
        self._advice: str | None = None
        self._numbers = itertools.count()
        self.wish = 0.0
        self.tidy()

    def look(self, *, last: bool) -> bool:
        """Read the list and examine what is new on it; True when a task of it was adopted as ours."""
        walk = self._walk
        try:
            tasks = walk.client.list()
        except ApiError as failed:
            LOGGER.info("job %s: looking for the task: %s", walk.job.job_id, failed.what)
            if failed.failure.status in (401, 402, 403):
                raise user_error(failed, "unknown") from failed
            self.wish = failed.failure.retry_after or 0.0
            return False
        self._answered = True
        self.wish = 0.0
        self._rivals.refresh()
        # what no other lost create can have made comes first: mostly it is ours, and the search is over
        for task_id in sorted(self._strangers(tasks), key=lambda name: (self._rivals.number(name), name)):
            if self._examine(task_id) and self._adopt(only_exact=True, last=False):
                return True
        return self._adopt(only_exact=False, last=last)

    def _strangers(self, tasks: list[Task]) -> set[str]:
        journal = self._walk.journal
        listed = {task.task_id for task in tasks}
        new = listed - (self._before - self._rivals.given_up(self._before, self._source))
        return new - journal.task_ids() - set(journal.former_task_ids()) - self._done

    def _source(self) -> Likeness:
        return self._rivals.source(self._walk.job)

    def _examine(self, task_id: str) -> bool:
        """Look at a task's picture; True when it is ours to all appearance."""
        walk = self._walk
        LOGGER.info("job %s: examining task %s", walk.job.job_id, task_id)
        self._doubtful.pop(task_id, None)
        # of our own making: an id is the service's word and no name of a file
        candidate = walk.job.folder / f"{_CANDIDATE}{next(self._numbers)}.part"
        try:
            task = walk.wait_for_end(task_id, _PATIENCE)
            self._done.add(task_id)
            if task.status is TaskStatus.FAILED:
                self._doubtful[task_id] = "it failed, so there is no picture to compare"
                return False
            walk.job.update(partial=None)
            picture = walk.download(task, candidate).picture()
            if not same_shape(walk.job, picture):
                return False
            match = _Match(task_id, picture, likeness(candidate))
            if not resembles(self._source(), match.likeness):
                return False
            self._matches[task_id] = match
        except CannotCompare as problem:
            self._doubtful[task_id] = str(problem)
        except StillRunning:
            self._doubtful[task_id] = "it is not done yet"
        except ResultHost as problem:
            self._doubtful[task_id] = problem.what.rstrip(".")
            self._advice = problem.advice
        except (DownloadFailed, TaskUnknown, NotAPicture) as problem:
            self._doubtful[task_id] = "its picture could not be fetched"
            LOGGER.info("job %s: task %s: %s", walk.job.job_id, task_id, problem)
        return task_id in self._matches

    def _adopt(self, *, only_exact: bool, last: bool) -> bool:
        """Adopt the match that is ours, if it can be told; True when one was."""
        walk = self._walk
        with walk.journal.lock():
            for task_id in walk.journal.task_ids() & set(self._matches):
                del self._matches[task_id]
            self._rivals.refresh()
            claims = [self._rivals.claim(m.task_id, m.picture, m.likeness) for m in self._matches.values()]
            doubtful = [self._rivals.number(task_id) for task_id in self._doubtful]
            chosen = choose(claims, doubtful, last=last)
            if chosen is None or (only_exact and not chosen.exact):
                return False
            self._matches[chosen.task_id].picture.path.replace(walk.job.part)
            whole = {"source": "", "etag": None, "total": walk.job.part.stat().st_size}
            walk.job.update(State.CREATED, task_id=chosen.task_id, adopted=True, partial=whole)
        return True

    def tidy(self) -> None:
        """Remove the pictures of candidates, also those of a search that was killed."""
        for path in self._walk.job.folder.glob(f"{_CANDIDATE}*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def failure(self) -> CreateUnresolved:
        """Return the error that tells exactly what is known."""
        known = "The connection broke while the task was being created."
        contested = dict.fromkeys(self._matches, "it may as well be that of another unfinished job")
        doubtful = {**self._doubtful, **contested}
        if doubtful:
            reasons = "; ".join(f"{name}: {why}" for name, why in doubtful.items())
            known += f" A task appeared that may be it, but this is not certain ({reasons})."
        elif self._answered and self._done:
            known += " Tasks appeared since, but none of them shows this picture."
        elif self._answered:
            known += " No new task appeared on the service's list: most likely none was created."
        else:
            known += " The service's list of tasks cannot be read at the moment."
        return CreateUnresolved(known, advice=self._advice, candidates=sorted(doubtful))
