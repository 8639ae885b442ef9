"""Find out whether a create whose answer was lost has made a task, by the list of tasks and by the picture.

A task is adopted only if no job of this computer knows it, if it was not on the list before the
create was sent, and if its result, scaled down, shows the picture that was sent.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Protocol

from .answers import CallFailed, named_error
from .client import UpscalerClient
from .errors import CreateUnresolved, DownloadFailed, StillRunning, TaskUnknown
from .files import read_json, write_json
from .images import NotAPicture, Picture, verify
from .journal import Job, Journal, State
from .log import LOGGER
from .pixels import CannotCompare, Likeness, likeness, resembles
from .policy import RetryPolicy, Verdict
from .task import Task, TaskStatus

_KNOWN = "known.json"
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

    def chance(self) -> float:
        """Return a random number in [0, 1)."""

    def pause(self, seconds: float) -> None:
        """Wait; Cancelled when the user cancels."""

    def wait_for_end(self, task_id: str, patience: float | None = None) -> Task:
        """Poll ``task_id`` until it is COMPLETED or FAILED, or ``patience`` times the expected time."""

    def download(self, task: Task, target: Path) -> None:
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
        except CallFailed as failed:
            failure = failed.failure
            if failure.hopeless or failure.status in (401, 402, 403):
                raise named_error(failed, "no") from failed
            if walk.retries.verdict(failure) is Verdict.GIVE_UP:
                return False
            attempt += 1
            if attempt >= (walk.retries.others if failure.reached else _KNOCKS):
                if failure.status is not None and failure.status < 300:  # noqa: PLR2004 - HTTP's class
                    return False
                raise named_error(failed, "no") from failed
            walk.pause(walk.retries.pause(attempt - 1, failure.retry_after, walk.chance()))
        else:
            write_json(walk.job.folder / _KNOWN, sorted(task.task_id for task in tasks))
            return True


def find_created_task(walk: Searcher) -> str:
    """Return the id of the task that the lost create made; CreateUnresolved when it cannot be told."""
    try:
        before = read_json(walk.job.folder / _KNOWN)
    except ValueError:
        before = None
    if not isinstance(before, list):
        raise CreateUnresolved(
            "The connection broke while the task was being created, and the list of tasks could not be "
            "read before it: whether one was created cannot be found out from here.",
        )
    seen = _Search(walk, set(before))
    for pause in _LOOKS:
        walk.pause(pause * walk.retries.base)
        if (found := seen.look()) is not None:
            return found
    raise seen.failure()


class _Search:
    """Repeated looks at the list, each candidate examined once."""

    def __init__(self, walk: Searcher, before: set[str]) -> None:
        self._walk = walk
        self._before = before
        self._done: set[str] = set()
        self._doubtful: dict[str, str] = {}
        self._answered = False
        self._source: Likeness | None = None

    def look(self) -> str | None:
        """Read the list and examine what is new on it; the id of the task that is ours, or None."""
        walk = self._walk
        try:
            tasks = walk.client.list()
        except CallFailed as failed:
            LOGGER.info("job %s: looking for the task: %s", walk.job.job_id, failed.what)
            if failed.failure.status in (401, 402, 403):
                raise named_error(failed, "unknown") from failed
            return None
        self._answered = True
        strangers = {task.task_id for task in tasks} - self._before - walk.journal.task_ids() - self._done
        for task_id in sorted(strangers):
            if self._is_ours(task_id):
                return task_id
        return None

    def _is_ours(self, task_id: str) -> bool:
        walk = self._walk
        LOGGER.info("job %s: examining task %s", walk.job.job_id, task_id)
        candidate = walk.job.folder / "candidate.part"
        try:
            task = walk.wait_for_end(task_id, _PATIENCE)
            self._done.add(task_id)
            if task.status is TaskStatus.FAILED:
                self._doubtful[task_id] = "it failed, so there is no picture to compare"
                return False
            walk.job.update(partial=None)
            walk.download(task, candidate)
            if not self._matches(verify(candidate)):
                return False
            with walk.journal.lock():
                if task_id in walk.journal.task_ids():
                    return False
                candidate.replace(walk.job.part)
                whole = {"source": "", "etag": None, "total": walk.job.part.stat().st_size}
                walk.job.update(State.CREATED, task_id=task_id, adopted=True, partial=whole)
        except CannotCompare as problem:
            self._doubtful[task_id] = str(problem)
        except StillRunning:
            self._doubtful[task_id] = "it is not done yet"
        except (DownloadFailed, TaskUnknown, NotAPicture) as problem:
            self._doubtful[task_id] = "its picture could not be fetched"
            LOGGER.info("job %s: task %s: %s", walk.job.job_id, task_id, problem)
        else:
            return True
        finally:
            with contextlib.suppress(OSError):
                candidate.unlink()
        return False

    def _matches(self, result: Picture) -> bool:
        if self._source is None:
            self._source = likeness(self._walk.job.source)
        width, height = self._walk.job.record["expected"]
        # another size may be the service's mistake, another shape cannot be this picture
        if abs(result.width * height - result.height * width) > 2 * max(width, height) + width * height // 50:
            return False
        return resembles(self._source, likeness(result.path))

    def failure(self) -> CreateUnresolved:
        """Return the error that tells exactly what is known."""
        known = "The connection broke while the task was being created."
        if self._doubtful:
            reasons = "; ".join(f"{name}: {why}" for name, why in self._doubtful.items())
            known += f" A task appeared that may be it, but this is not certain ({reasons})."
        elif self._answered and self._done:
            known += " Tasks appeared since, but none of them shows this picture."
        elif self._answered:
            known += " No new task appeared on the service's list: most likely none was created."
        else:
            known += " The service's list of tasks cannot be read at the moment."
        return CreateUnresolved(known, candidates=sorted(self._doubtful))
