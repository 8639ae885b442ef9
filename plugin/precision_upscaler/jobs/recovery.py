"""Find out whether a create whose answer was lost has made a task, by the list of tasks and by the picture.

A task is adopted only if no job of this computer knows it, if it was not on the list before the
create was sent, if its result, scaled down, shows the picture that was sent, and if no other job
that looks for its task has more right to it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from precision_upscaler.api.models import Task, TaskStatus
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import RetryDecision
from precision_upscaler.errors import (
    CreateUnresolved,
    DownloadFailed,
    ResultHost,
    StillRunning,
    TaskUnknown,
)
from precision_upscaler.imaging.base import ImageFile, InvalidImage
from precision_upscaler.imaging.similarity import CannotCompare, ColorGrid, color_grid, similar
from precision_upscaler.messages import joined, translatable
from precision_upscaler.storage.files import read_json, rename, write_json
from precision_upscaler.storage.job_record import PartialDownload, State
from precision_upscaler.storage.journal import KNOWN_TASKS, Job, Journal
from precision_upscaler.storage.log import LOGGER
from precision_upscaler.urls import account

from .context import JobContext
from .downloading import Downloader
from .polling import Poller

_CANDIDATE = "candidate"
_ATTEMPTS_TO_CONNECT = 3
_PATIENCE = 4.0
_PAUSES = (0.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each reading of the list: a task may appear on it late."""
_NAMED_AT_MOST = 5
_ACCOUNT_ERRORS = (401, 402, 403)


def record_known_tasks(job: Job, context: JobContext) -> bool:
    """Write down which tasks exist before ours; False when this service has no list to read.

    It is also the free test of key, address and service before a large upload that costs money: a
    wrong key, and a service that cannot be reached or is not well, are raised as their named errors.
    """
    retries = context.retries
    attempt = 0
    while True:
        try:
            tasks = context.client.list()
        except ApiError as failed:
            failure = failed.failure
            if failure.hopeless or retries.asks_too_long(failure) or failure.status in _ACCOUNT_ERRORS:
                raise user_error(failed, "no") from failed
            if retries.decide(failure) is RetryDecision.GIVE_UP:
                return False
            attempt += 1
            if attempt >= (retries.others if failure.reached else _ATTEMPTS_TO_CONNECT):
                if failure.status is not None and failure.status < 300:  # noqa: PLR2004 - HTTP's class
                    return False
                raise user_error(failed, "no") from failed
            context.retry_pause(attempt - 1, failure.retry_after)
        else:
            write_json(job.folder / KNOWN_TASKS, sorted(task.task_id for task in tasks))
            return True


def find_created_task(job: Job, context: JobContext, poller: Poller, downloader: Downloader) -> None:
    """Find the task that the lost create made, and adopt it; CreateUnresolved when it cannot be told."""
    if job.record.doubt is None:
        # the run that sent it was killed: no other job need wait for it to learn of its task
        job.update(doubt="The program ended before the answer came.")
    if (before := known_tasks(job)) is None:
        raise CreateUnresolved(
            "The connection broke while the task was being created, and the list of tasks could not be "
            "read before it: whether one was created cannot be found out from here.",
        )
    search = _Search(job, context, poller, downloader, before)
    try:
        for pause in _PAUSES:
            # a Retry-After of the last reading is honoured
            asked = context.retries.pause(0, search.retry_after, 0.0)
            context.pause(max(pause * context.retries.base, asked))
            if search.read_list(last=pause == _PAUSES[-1]):
                return
    finally:
        search.remove_candidates()
    raise search.failure()


def known_tasks(job: Job) -> set[str] | None:
    """Return the tasks there were before the job's create, None when they could not be read."""
    try:
        before = read_json(job.folder / KNOWN_TASKS)
    except (OSError, ValueError):
        return None
    return set(before) if isinstance(before, list) else None


def same_shape(job: Job, picture: ImageFile) -> bool:
    """Whether ``picture`` can be the job's result: another size may be a mistake, another shape cannot."""
    width, height = job.record.expected
    difference = abs(picture.width * height - picture.height * width)
    return difference <= 2 * max(width, height) + width * height // 50


def _asked_for(job: Job, picture: ImageFile) -> bool:
    # a service that applies the EXIF rotation returns the sides exchanged
    return sorted(job.record.expected) == sorted((picture.width, picture.height))


# which task is whose ---------------------------------------------------------------------------


@dataclass(frozen=True)
class CandidateTask:
    """A task that shows our picture, and what speaks against its being ours.

    ``exact``: it has the size we asked for. ``competing``: how many other jobs that do not know their
    task may have made it just as well. ``others_size``: one of them asked for exactly its size, and we
    did not. ``awaited``: one of them is running and may still receive the answer that it is its own.
    """

    task_id: str
    exact: bool
    competing: int = 0
    others_size: bool = False
    awaited: bool = False


def choose(
    candidates: Iterable[CandidateTask], doubtful: Iterable[int] = (), *, last: bool
) -> CandidateTask | None:
    """Return the candidate to adopt, None while it is better to wait or to ask the user.

    A task that no other job can have made is adopted at once. One that others may have made too is
    adopted in the ``last`` reading only, the one with the fewest competing jobs first: the job that could
    have made the fewest tasks must not find its only one taken. ``doubtful`` holds the number of competing
    jobs of each task that could not be examined: while one of those is more likely ours, nothing that is
    less likely is taken.
    """
    possible = [item for item in candidates if not item.others_size and not item.awaited]
    best = min(possible, key=lambda item: (not item.exact, item.competing, item.task_id), default=None)
    if best is None or best.competing == 0:
        return best
    if not last or any(competing < best.competing for competing in doubtful):
        return None
    return best


class CompetingJobs:
    """The journal's other jobs that lost the answer to their create, and the tasks each may have made."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self._job = job
        self._journal = journal
        self._sources: dict[str, ColorGrid] = {}
        self._others: list[tuple[Job, set[str]]] = []
        self.refresh()

    def refresh(self) -> None:
        """Read again which other jobs do not know their task; to be called before each decision."""
        own = account(self._job.record.service)
        self._others = [
            (job, known_tasks(job) or set())
            for job in self._journal
            if job.state is State.COMMITTED
            and job.job_id != self._job.job_id
            and account(job.record.service) == own
        ]

    def number(self, task_id: str) -> int:
        """Return how many others may have made the task, as far as the time of its making tells."""
        return len(self._of(task_id))

    def candidate(self, task_id: str, picture: ImageFile, shown: ColorGrid) -> CandidateTask:
        """Return a task whose picture is ``shown`` with what the other jobs mean for it."""
        competing = [job for job in self._of(task_id) if self._may_show(job, picture, shown)]
        exact = _asked_for(self._job, picture)
        return CandidateTask(
            task_id,
            exact,
            len(competing),
            others_size=not exact and any(_asked_for(job, picture) for job in competing),
            # a job without a doubt that is at work still waits for its answer
            awaited=any(job.record.doubt is None and job.is_running() for job in competing),
        )

    def given_up(self, before: set[str], ours: Callable[[], ColorGrid]) -> set[str]:
        """Return which of the tasks ``before`` our create another job of our picture has left to us.

        That job lost its answer too, and adopted a task made after ours was sent, for its own was
        not on the list yet: so one of those before may be free for us in exchange.
        """
        free: set[str] = set()
        for job in self._journal:
            if job.record.adopted and job.record.size == self._job.record.size:
                known = known_tasks(job)
                if known is not None and job.task_id not in before and self._shows(job, ours):
                    free |= before - known
        return free

    def source(self, job: Job) -> ColorGrid:
        """Return the likeness of a job's source; CannotCompare or InvalidImage when there is none."""
        if job.job_id not in self._sources:
            self._sources[job.job_id] = color_grid(job.source)
        return self._sources[job.job_id]

    def _of(self, task_id: str) -> list[Job]:
        return [job for job, known in self._others if task_id not in known]

    def _may_show(self, job: Job, picture: ImageFile, shown: ColorGrid) -> bool:
        if not same_shape(job, picture):
            return False
        try:
            return similar(self.source(job), shown)
        except (CannotCompare, InvalidImage, OSError):
            return True

    @staticmethod
    def _shows(job: Job, ours: Callable[[], ColorGrid]) -> bool:
        try:
            return job.result is not None and similar(ours(), color_grid(job.result))
        except (CannotCompare, InvalidImage, OSError):
            return False


# the search -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Match:
    """A finished task that shows our picture; its file is kept until the search ends."""

    task_id: str
    picture: ImageFile
    likeness: ColorGrid


class _Search:
    """Repeated readings of the list; each candidate is examined once."""

    def __init__(
        self, job: Job, context: JobContext, poller: Poller, downloader: Downloader, before: set[str]
    ) -> None:
        self._job = job
        self._context = context
        self._poller = poller
        self._downloader = downloader
        self._before = before
        self._done: set[str] = set()
        self._doubtful: dict[str, str] = {}
        self._matches: dict[str, _Match] = {}
        self._competing = CompetingJobs(job, context.journal)
        self._answered = False
        self._advice: str | None = None
        self._numbers = itertools.count()
        self.retry_after = 0.0
        self.remove_candidates()

    def read_list(self, *, last: bool) -> bool:
        """Read the list and examine what is new on it; True when a task of it was adopted as ours."""
        try:
            tasks = self._context.client.list()
        except ApiError as failed:
            LOGGER.info("job %s: looking for the task: %s", self._job.job_id, failed.what)
            if failed.failure.status in _ACCOUNT_ERRORS:
                raise user_error(failed, "unknown") from failed
            self.retry_after = failed.failure.retry_after or 0.0
            return False
        self._answered = True
        self.retry_after = 0.0
        self._competing.refresh()
        # what no other lost create can have made comes first: mostly it is ours, and the search is over
        for task_id in sorted(self._new_tasks(tasks), key=lambda name: (self._competing.number(name), name)):
            if self._examine(task_id) and self._adopt(only_exact=True, last=False):
                return True
        return self._adopt(only_exact=False, last=last)

    def _new_tasks(self, tasks: list[Task]) -> set[str]:
        journal = self._context.journal
        listed = {task.task_id for task in tasks}
        new = listed - (self._before - self._competing.given_up(self._before, self._source))
        return new - journal.task_ids() - set(journal.former_task_ids()) - self._done

    def _source(self) -> ColorGrid:
        return self._competing.source(self._job)

    def _examine(self, task_id: str) -> bool:
        """Look at a task's picture; True when it is ours to all appearance."""
        LOGGER.info("job %s: examining task %s", self._job.job_id, task_id)
        self._doubtful.pop(task_id, None)
        # of our own making: an id is the service's word and no name of a file
        candidate = self._job.folder / f"{_CANDIDATE}{next(self._numbers)}.part"
        try:
            task = self._poller.wait_for_end(task_id, _PATIENCE).task
            self._done.add(task_id)
            if task.status is not TaskStatus.COMPLETED:
                self._doubtful[task_id] = translatable("it failed, so there is no picture to compare")
                return False
            self._job.update(partial=None)
            picture = self._downloader.download(task, candidate).result()
            if not same_shape(self._job, picture):
                return False
            match = _Match(task_id, picture, color_grid(candidate))
            if not similar(self._source(), match.likeness):
                return False
            self._matches[task_id] = match
        except CannotCompare as problem:
            self._doubtful[task_id] = problem.args[0]
        except StillRunning:
            self._doubtful[task_id] = translatable("it is not done yet")
        except ResultHost as problem:
            self._doubtful[task_id] = problem.what.rstrip(".")
            self._advice = problem.advice
        except (DownloadFailed, TaskUnknown, InvalidImage) as problem:
            self._doubtful[task_id] = translatable("its picture could not be fetched")
            LOGGER.info("job %s: task %s: %s", self._job.job_id, task_id, problem)
        return task_id in self._matches

    def _adopt(self, *, only_exact: bool, last: bool) -> bool:
        """Adopt the match that is ours, if it can be told; True when one was."""
        with self._context.journal.lock():
            for task_id in self._context.journal.task_ids() & set(self._matches):
                del self._matches[task_id]
            self._competing.refresh()
            candidates = [
                self._competing.candidate(m.task_id, m.picture, m.likeness) for m in self._matches.values()
            ]
            doubtful = [self._competing.number(task_id) for task_id in self._doubtful]
            chosen = choose(candidates, doubtful, last=last)
            if chosen is None or (only_exact and not chosen.exact):
                return False
            rename(self._matches[chosen.task_id].picture.path, self._job.part)
            whole = PartialDownload("", None, self._job.part.stat().st_size)
            self._job.update(State.CREATED, task_id=chosen.task_id, adopted=True, partial=whole)
        return True

    def remove_candidates(self) -> None:
        """Remove the pictures of candidates, also those of a search that was killed."""
        for path in self._job.folder.glob(f"{_CANDIDATE}*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def failure(self) -> CreateUnresolved:
        """Return the error that says exactly what is known."""
        contested = dict.fromkeys(
            self._matches, translatable("it may as well be that of another unfinished job")
        )
        doubtful = {**self._doubtful, **contested}
        if doubtful:
            found = translatable(
                "A task appeared that may be it, but this is not certain ({reasons}).",
                reasons=_reasons(doubtful),
            )
        elif self._answered and self._done:
            found = translatable("Tasks appeared since, but none of them shows this picture.")
        elif self._answered:
            found = translatable("No new task appeared on the service's list: most likely none was created.")
        else:
            found = translatable("The service's list of tasks cannot be read at the moment.")
        known = joined(translatable("The connection broke while the task was being created."), found)
        return CreateUnresolved(known, advice=self._advice, candidates=sorted(doubtful))


def _reasons(doubtful: Mapping[str, str]) -> str:
    """Return a list of at most five tasks with their reasons, and how many more there are."""
    names = sorted(doubtful)
    shown = [
        translatable("{name}: {reason}", name=name, reason=doubtful[name]) for name in names[:_NAMED_AT_MOST]
    ]
    if more := len(names) - len(shown):
        shown.append(translatable("and {count} more, which the log lists", count=more))
        LOGGER.info("tasks in doubt: %s", ", ".join(f"{name} ({doubtful[name]})" for name in names))
    listed = shown.pop()
    while shown:
        listed = translatable("{first}; {rest}", first=shown.pop(), rest=listed)
    return listed
