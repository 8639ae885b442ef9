"""The walk of one job, under its lock, from wherever it stands to a stored result.

Each step first writes down what it is about to risk and then does it, so that the same walk, begun
again by another process after a crash anywhere, loses nothing and pays nothing twice.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.download import Partial
from precision_upscaler.api.models import Task, TaskStatus, UpscaleRequest
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import PollingPolicy, RetryDecision, RetryPolicy
from precision_upscaler.cancel import CancelToken
from precision_upscaler.clock import Clock, SystemClock
from precision_upscaler.contract.estimates import expected_seconds
from precision_upscaler.errors import (
    Cancelled,
    DiskFull,
    DownloadFailed,
    JobUnknown,
    JournalBroken,
    NoPicture,
    ResultBroken,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    UpscaleError,
)
from precision_upscaler.imaging.base import EXTENSIONS, NotAPicture, Picture, verify
from precision_upscaler.imaging.streaming import Incoming
from precision_upscaler.messages import joined, said
from precision_upscaler.protocol import StageName
from precision_upscaler.storage.journal import Job, Journal, State, intact_result
from precision_upscaler.storage.log import LOGGER
from precision_upscaler.storage.settings import Settings

from .context import Emit, ProgressEvent, Result, StageEvent, WarningEvent
from .recovery import find_created_task, note_known_tasks

_RENEWALS = 5
_EMPTY_LOOKS = 3
_CAP_FLOOR = 32 << 20
_CAP_BYTES_PER_PIXEL = 8
_LONGEST_AGE = 86400.0
_GAIN = 64 << 10
_TICK = 1.0
_QUIET = 0.1


@dataclass
class JobContext:
    """All a job needs of the world: handed in, so that tests can hand in another one."""

    journal: Journal
    client: UpscalerClient
    settings: Settings
    emit: Emit
    cancel: CancelToken = field(default_factory=CancelToken)
    clock: Clock = field(default_factory=SystemClock)
    random: Callable[[], float] = lambda: 0.5
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def polling(self) -> PollingPolicy:
        """The polling policy that the settings ask for."""
        shortest = self.settings.poll_seconds
        return PollingPolicy(
            first=shortest,
            steady=max(PollingPolicy.steady * min(1.0, shortest), shortest),
            deadline=60 * self.settings.deadline_minutes,
        )


class Walk:
    """Walks one job; its lock must be held."""

    def __init__(self, job: Job, context: JobContext, *, reused: bool) -> None:
        self.job = job
        self.journal = context.journal
        self.client = context.client
        self.retries = context.retries
        self.random = context.random
        self._context = context
        self._clock = context.clock
        self._reused = reused
        self._progress_at = 0.0
        width, height = job.record["expected"]
        self._expected_size = (int(width), int(height))
        self._expected = expected_seconds(width, height, context.journal.pace(job.record["service"]))

    def run(self) -> Result:
        """Walk to the end: a result, UpscaleError, or Cancelled with what was charged."""
        self.job.reload()
        try:
            while True:
                if (result := self._step()) is not None:
                    return result
        except Cancelled:
            raise self._cancelled() from None
        except UpscaleError as error:
            LOGGER.info("job %s: %s: %s", self.job.job_id, error.code, error.what)
            error.job_id = self.job.job_id
            if error.charged == "no":
                # whoever raised it may not have known what had been paid for before
                error.charged = self.job.state.charged
            if self.job.state.unpaid:
                with contextlib.suppress(UpscaleError):
                    self.job.update(State.REFUSED)
                self.job.drop_bulk()
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("The disk is full.", charged=self.job.state.charged) from error
            raise JournalBroken(
                said("The journal cannot be used: {problem}.", problem=error.strerror),
                charged=self.job.state.charged,
            ) from error

    def _step(self) -> Result | None:
        """Do what the job's state asks for; the result when that was the last step."""
        state = self.job.state
        # from here on a front end that dies stops what is free, and leaves what is paid for to finish
        self._context.cancel.hold(not state.unpaid)
        if state.unpaid:
            self._send()
        elif state is State.COMMITTED:
            self._resolve()
        elif state is State.CREATED:
            self._fetch()
        else:
            return self._finish()
        return None

    # what watchers and the search for a lost task use ------------------------------------------

    def pause(self, seconds: float) -> None:
        """Wait; Cancelled when the user cancels meanwhile."""
        self._context.cancel.check()
        self._clock.sleep(seconds, self._context.cancel.event)
        self._context.cancel.check()

    def _stage(self, name: StageName) -> None:
        job = self.job
        LOGGER.info("job %s: %s (task %s)", job.job_id, name, job.task_id)
        self._context.emit(StageEvent(name, job.job_id, job.task_id, job.state.charged, self._expected))

    def _progress(self, stage: StageName, done: float, total: float | None) -> None:
        """Tell the watcher, but not more often than anybody can see."""
        now = self._clock.monotonic()
        if done == total or now - self._progress_at >= _QUIET:
            self._progress_at = now
            self._context.emit(ProgressEvent(stage, done, total))

    def _warn(self, code: str, message: str) -> None:
        LOGGER.warning("job %s: %s: %s", self.job.job_id, code, message)
        self._context.emit(WarningEvent(code, message))

    def _cancelled(self) -> Cancelled:
        state = self.job.state
        if state.unpaid:
            self.job.update(State.CANCELLED)
            self.job.drop_bulk()
        return Cancelled(state.charged)

    # creating the task -------------------------------------------------------------------------

    def _send(self) -> None:
        """Create the task, at most once as far as money goes."""
        self._stage("sending")
        if not note_known_tasks(self):
            self._warn(
                "no-task-list",
                "The service's list of tasks could not be read. Should the connection break at the wrong "
                "moment, it cannot be found out whether the task was created.",
            )
        attempt = 0
        while True:
            self._context.cancel.check()
            self.job.update(State.SENDING)
            try:
                task = self.client.create(
                    UpscaleRequest(**self.job.record["parameters"]),
                    self.job.upload,
                    progress=lambda done, total: self._progress("sending", done, total),
                    commit=self._commit,
                )
            except ApiError as failed:
                LOGGER.info("job %s: create: %s", self.job.job_id, failed.what)
                verdict = self.retries.decide(failed.failure)
                if verdict is RetryDecision.RESOLVE:
                    self.job.update(State.COMMITTED, doubt=failed.what)
                    return
                # from here on it is certain that nothing was created
                self.job.update(State.SENDING)
                self._context.cancel.hold(False)
                if verdict is RetryDecision.GIVE_UP or attempt >= self.retries.creates:
                    raise user_error(failed, "no") from failed
                self.pause(self.retries.pause(attempt, failed.failure.retry_after, self.random()))
                attempt += 1
            else:
                # the log is the last place left should the journal fail now
                LOGGER.info("job %s: created task %s", self.job.job_id, task.task_id)
                self.job.update(State.CREATED, task_id=task.task_id, paid=self._clock.time())
                return

    def _commit(self) -> None:
        """Write down that the request may be accepted from now on."""
        self._context.cancel.hold(True)
        self.job.update(State.COMMITTED)

    def _resolve(self) -> None:
        """Find out whether an ambiguous create was accepted; the search stores what it adopts."""
        self._stage("waiting")
        find_created_task(self)
        self._warn(
            "adopted",
            "The answer to the paid request was lost; its task was found again by its picture. "
            "Nothing was charged twice.",
        )

    # waiting -----------------------------------------------------------------------------------

    def wait_for_end(self, task_id: str, patience: float | None = None) -> Task:
        """Poll until the task is COMPLETED or FAILED; StillRunning when the deadline comes first.

        ``patience`` shortens the deadline to so many expected durations.

        A poll that fails never fails the job; only an answer that no repetition will change, many
        times in a row, does.
        """
        polling, clock = self._context.polling, self._clock
        begun = clock.monotonic()
        earlier = self._age()
        deadline = min(polling.deadline, patience * self._expected if patience else polling.deadline)
        attempt = failures = 0
        while True:
            waited = clock.monotonic() - begun
            self._progress("waiting", earlier + waited, self._expected)
            try:
                task = self.client.status(task_id)
            except ApiError as failed:
                failures += 1
                LOGGER.info("job %s: status: %s", self.job.job_id, failed.what)
                if (
                    self.retries.decide(failed.failure) is RetryDecision.GIVE_UP
                    and failures > self.retries.others
                ):
                    raise self._unreadable(failed, task_id) from failed
                # a wish to be left alone is granted to the last second of the deadline
                wish = failed.failure.retry_after
                pause = self.retries.pause(failures - 1, wish, self.random(), longest=deadline)
            else:
                failures = 0
                if task.status.terminal:
                    if task.status is TaskStatus.COMPLETED and earlier < _TICK:
                        self._learn(task_id, waited)
                    return task
                # counted from this poll's start: the way to the service and back is no pause
                took = clock.monotonic() - begun - waited
                pause = polling.interval(attempt, earlier + waited, self._expected, self.random()) - took
                attempt += 1
            if waited >= deadline:
                raise StillRunning(
                    said(
                        "The task is not done after {minutes} minutes of waiting.", minutes=round(waited / 60)
                    ),
                    task_id=task_id,
                )
            self._wait_visibly(min(pause, deadline - waited), earlier + waited)

    def _age(self) -> float:
        """Return the seconds since the task was paid, as far as the wall clock can be believed."""
        paid = self.job.record.get("paid")
        age = self._clock.time() - paid if isinstance(paid, (int, float)) else 0.0
        return age if 0.0 <= age < _LONGEST_AGE else 0.0

    def _wait_visibly(self, pause: float, elapsed: float) -> None:
        """Wait with a tick a second, so that watchers stay alive."""
        done = 0.0
        while done < pause:
            step = min(_TICK, pause - done)
            self.pause(step)
            done += step
            self._progress("waiting", elapsed + done, self._expected)

    def _learn(self, task_id: str, seconds: float) -> None:
        """Note how long our own task took; nobody knows when a stranger's, or an adopted one, was made."""
        if task_id == self.job.task_id and "paid" in self.job.record and "pace" not in self.job.record:
            self.job.update(pace=round(max(seconds, 0.1) / expected_seconds(*self._expected_size), 4))

    def _unreadable(self, failed: ApiError, task_id: str) -> UpscaleError:
        if failed.failure.status == 404:  # noqa: PLR2004 - HTTP's number
            return TaskUnknown("The service does not know the task.", task_id=task_id)
        error = user_error(failed, self.job.state.charged)
        error.advice = joined(
            error.advice, said("The task is not lost: choose Resume then, without a new charge.")
        )
        return error

    # the result --------------------------------------------------------------------------------

    def _fetch(self) -> None:
        """Wait for the task's end and bring its picture into the journal."""
        if (picture := self._fetched_already()) is None:
            self._stage("waiting")
            task = self._wait_for_links()
            picture = self._download_whole(task)
        self._store(picture)

    def _fetched_already(self) -> Picture | None:
        """Return the picture when the part file is known to be whole (a crash came after its last byte)."""
        stored = self.job.record.get("partial")
        try:
            if isinstance(stored, dict) and self.job.part.stat().st_size == stored.get("total"):
                self._stage("checking")
                return verify(self.job.part)
        except (OSError, NotAPicture):
            pass
        return None

    def _wait_for_links(self) -> Task:
        task_id = self.job.task_id
        assert task_id is not None
        for look in range(_EMPTY_LOOKS + 1):
            if look:
                self.pause(self.retries.pause(look, None, self.random()))
            task = self.wait_for_end(task_id)
            if task.status is TaskStatus.FAILED:
                self.job.update(State.FAILED)
                self.job.drop_bulk()
                raise TaskFailed("The service could not upscale the picture.", task_id=task_id)
            if task.links:
                return task
        raise NoPicture("The service says the task is done, but offers no picture.", task_id=task_id)

    def _download_whole(self, task: Task) -> Picture:
        """Download a whole picture to the part file; once more from the start if it is none."""
        try:
            return self._downloaded(task)
        except NotAPicture as problem:
            # a resumed download may have joined two different files
            LOGGER.info("job %s: the download is no whole picture: %s", self.job.job_id, problem)
            self._drop_part()
            self.pause(self.retries.pause(0, None, self.random()))
            try:
                return self._downloaded(task)
            except NotAPicture as again:
                self._drop_part()
                raise ResultBroken(
                    said("What the service sent is no whole picture: {problem}.", problem=again)
                ) from again

    def _downloaded(self, task: Task) -> Picture:
        self._stage("downloading")
        incoming = self.download(task, self.job.part)
        self._stage("checking")
        return incoming.picture()

    def download(self, task: Task, target: Path) -> Incoming:
        """Fetch a finished task's file into ``target``; renew its link when it has expired."""
        attempt = renewals = 0
        gained = _size(target)
        deadline = self._clock.monotonic() + self._context.polling.deadline
        while True:
            try:
                return self._download_once(task.links[0] if task.links else "", target)
            except ApiError as failed:
                LOGGER.info("job %s: download: %s", self.job.job_id, failed.what)
                late = self._clock.monotonic() >= deadline
                if late or attempt >= self.retries.others or renewals >= _RENEWALS:
                    raise DownloadFailed(failed.what, status=failed.failure.status) from failed
                pause = self.retries.pause(attempt, failed.failure.retry_after, self.random())
                before, gained = gained, _size(target)
                # a slow connection that gets somewhere may take as many attempts as it needs
                attempt = 0 if gained >= before + _GAIN else attempt + 1
                if self.retries.decide(failed.failure) is RetryDecision.RENEW:
                    renewals += 1
                    pause = pause if renewals > 1 else 0.0
                self.pause(pause)
                task = self._renewed(task)

    def _renewed(self, task: Task) -> Task:
        """Read the task again for fresh links; the old ones when that fails for now."""
        try:
            fresh = self.client.status(task.task_id)
        except ApiError as failed:
            LOGGER.info("job %s: renewing: %s", self.job.job_id, failed.what)
            return task
        return fresh if fresh.links else task

    def _download_once(self, link: str, target: Path) -> Incoming:
        stored = self.job.record.get("partial")
        partial = Partial(**stored) if isinstance(stored, dict) else None
        width, height = self._expected_size
        # one for each attempt: the next may begin the file anew
        incoming = Incoming(target)

        def started(new: Partial) -> None:
            if new != partial:
                self.job.update(partial=asdict(new))

        def progress(done: int, total: int | None) -> None:
            incoming.reach(done)
            self._progress("downloading", done, total)

        try:
            self.client.download(
                link,
                target,
                cap=_CAP_FLOOR + _CAP_BYTES_PER_PIXEL * width * height,
                partial=partial,
                started=started,
                progress=progress,
            )
        except BaseException:
            incoming.drop()
            raise
        return incoming

    def _drop_part(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.job.part.unlink()
        self.job.update(partial=None)

    def _store(self, picture: Picture) -> None:
        name = "result" + EXTENSIONS[picture.format]
        size = self.job.part.stat().st_size
        # recorded before the file gets its name: a crash between the two finds the whole part again
        self.job.update(partial={**(self.job.record.get("partial") or {"source": ""}), "total": size})
        self.job.part.replace(self.job.folder / name)
        self.job.update(State.STORED, result=name, result_bytes=size, partial=None)

    def _finish(self) -> Result | None:
        """Hand out the stored result, with a warning when it is not what was asked for.

        None when its file is gone and the task has to be asked for it again.
        """
        picture = intact_result(self.job)
        if picture is None:
            if self.job.state is State.DELIVERED:
                raise JobUnknown("The job's result has been delivered and is no longer kept.", charged="yes")
            self.job.update(State.CREATED, result=None)
            return None
        if self.job.state is State.DELIVERED:
            self.job.note_use()
        if problem := wrong_scale(self._expected_size, picture):
            self._warn("wrong-scale", problem)
        return Result(
            self.job.job_id,
            self.job.task_id,
            picture.path,
            picture.format,
            picture.width,
            picture.height,
            "no" if self._reused else "yes",
            self._reused,
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def wrong_scale(asked: tuple[int, int], picture: Picture) -> str | None:
    """Say how the result's size differs from what was asked for, None when it does not."""
    got = (picture.width, picture.height)
    # a service that applies the EXIF rotation returns the sides exchanged
    if got in (asked, asked[::-1]):
        return None
    return said(
        "The service returned {width} x {height} pixels where {asked_width} x {asked_height} were asked for. "
        "The picture can be used all the same.",
        width=got[0],
        height=got[1],
        asked_width=asked[0],
        asked_height=asked[1],
    )
