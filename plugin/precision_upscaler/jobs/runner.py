"""The runner: takes one job, under its lock, from wherever it stands to a stored result.

Each step first writes down what it is about to risk and then does it. So the same job, taken up by
another process after a crash anywhere, loses nothing and pays nothing twice.
"""

from __future__ import annotations

import contextlib
import errno
from dataclasses import replace

from precision_upscaler.api.models import Task, TaskStatus, UpscaleRequest
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import RetryDecision
from precision_upscaler.contract.estimates import expected_seconds
from precision_upscaler.errors import (
    Cancelled,
    DiskFull,
    JobUnknown,
    JournalBroken,
    NoPicture,
    ResultBroken,
    TaskCancelled,
    TaskFailed,
    UpscaleError,
)
from precision_upscaler.imaging.base import EXTENSIONS, ImageFile, InvalidImage
from precision_upscaler.imaging.metadata import verify
from precision_upscaler.messages import translatable
from precision_upscaler.protocol import Charge, Stage
from precision_upscaler.storage.files import rename
from precision_upscaler.storage.job_record import PartialDownload, State
from precision_upscaler.storage.journal import Job, intact_result
from precision_upscaler.storage.log import LOGGER

from .context import JobContext, Reporter, Result
from .downloading import Downloader
from .polling import EndedTask, Poller
from .recovery import find_created_task, record_known_tasks

_EMPTY_RESULTS = 3
"""How often a task that is done without a picture is read again."""


class Runner:
    """Runs one job; its lock must be held."""

    def __init__(self, job: Job, context: JobContext, *, reused: bool) -> None:
        self._job = job
        self._context = context
        self._reused = reused
        pace = context.journal.pace(job.record.service)
        self._report = Reporter(job, context, expected_seconds(*job.record.expected, pace))
        self._poller = Poller(job, context, self._report)
        self._downloader = Downloader(job, context, self._report)

    def run(self) -> Result:
        """Run to the end: a result, UpscaleError, or Cancelled with what was charged."""
        job = self._job
        job.reload()
        try:
            while True:
                if (result := self._step()) is not None:
                    return result
        except Cancelled:
            raise self._cancelled() from None
        except UpscaleError as error:
            LOGGER.info("job %s: %s: %s", job.job_id, error.code, error.what)
            error.job_id = job.job_id
            if error.charged == Charge.NO:
                # the code that raised it may not have known what had been paid for before
                error.charged = job.state.charged
            if job.state.unpaid:
                with contextlib.suppress(UpscaleError):
                    job.update(State.REFUSED)
                job.drop_bulk()
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("The disk is full.", charged=job.state.charged) from error
            raise JournalBroken(
                translatable("The journal cannot be used: {problem}.", problem=error.strerror),
                charged=job.state.charged,
            ) from error

    def _step(self) -> Result | None:
        """Do what the job's state asks for; the result when that was the last step."""
        state = self._job.state
        # from here on, if the front end exits, unpaid work is cancelled and paid work is finished
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

    def _cancelled(self) -> Cancelled:
        state = self._job.state
        if state.unpaid:
            self._job.update(State.CANCELLED)
            self._job.drop_bulk()
        return Cancelled(state.charged)

    # creating the task -------------------------------------------------------------------------

    def _send(self) -> None:
        """Create the task, at most once as far as money goes."""
        job, context = self._job, self._context
        context.reserve(job)
        self._report.stage(Stage.SENDING)
        if not record_known_tasks(job, context):
            self._report.warn(
                "no-task-list",
                translatable(
                    "The service's list of tasks could not be read. Should the connection break at the wrong "
                    "moment, it cannot be found out whether the task was created."
                ),
            )
        attempt = 0
        while True:
            context.cancel.check()
            job.update(State.SENDING)
            try:
                task = context.client.create(
                    UpscaleRequest(**job.record.parameters),
                    job.upload,
                    progress=lambda done, total: self._report.progress(Stage.SENDING, done, total),
                    commit=self._commit,
                )
            except ApiError as failed:
                LOGGER.info("job %s: create: %s", job.job_id, failed.what)
                decision = context.retries.decide(failed.failure)
                if decision is RetryDecision.RESOLVE:
                    job.update(State.COMMITTED, doubt=failed.what)
                    return
                # from here on it is certain that nothing was created
                job.update(State.SENDING)
                context.cancel.hold(False)
                if decision is RetryDecision.GIVE_UP or attempt >= context.retries.creates:
                    raise user_error(failed, Charge.NO) from failed
                context.retry_pause(attempt, failed.failure.retry_after)
                attempt += 1
            else:
                # the log is the last place left if the journal cannot be written now
                LOGGER.info("job %s: created task %s", job.job_id, task.task_id)
                job.update(State.CREATED, task_id=task.task_id, paid=context.clock.time())
                return

    def _commit(self) -> None:
        """Write down that the request may be accepted from now on."""
        self._context.cancel.hold(True)
        self._job.update(State.COMMITTED)

    def _resolve(self) -> None:
        """Find out whether an ambiguous create was accepted; the search stores what it adopts."""
        self._report.stage(Stage.WAITING)
        find_created_task(self._job, self._context, self._poller, self._downloader)
        self._report.warn(
            "adopted",
            translatable(
                "The answer to the paid request was lost; its task was found again by its picture. "
                "Nothing was charged twice."
            ),
        )

    # the result --------------------------------------------------------------------------------

    def _fetch(self) -> None:
        """Wait for the task's end and bring its picture into the journal."""
        if (picture := self._downloaded_before()) is None:
            self._report.stage(Stage.WAITING)
            picture = self._download_whole(self._wait_for_links())
        self._store(picture)

    def _downloaded_before(self) -> ImageFile | None:
        """Return the picture when the part file is known to be whole (a crash came after its last byte)."""
        partial = self._job.record.partial
        try:
            if partial is not None and self._job.part.stat().st_size == partial.total:
                self._report.stage(Stage.CHECKING)
                return verify(self._job.part)
        except (OSError, InvalidImage):
            pass
        return None

    def _wait_for_links(self) -> Task:
        task_id = self._job.task_id
        assert task_id is not None
        for attempt in range(_EMPTY_RESULTS + 1):
            if attempt:
                self._context.retry_pause(attempt)
            ended = self._poller.wait_for_end(task_id)
            self._note_pace(ended)
            if ended.task.status in (TaskStatus.FAILED, TaskStatus.CANCELLED):
                self._job.update(State.FAILED)
                self._job.drop_bulk()
                if ended.task.status is TaskStatus.CANCELLED:
                    raise TaskCancelled("The task was cancelled at the service.", task_id=task_id)
                raise TaskFailed("The service could not upscale the picture.", task_id=task_id)
            if ended.task.links:
                return ended.task
        raise NoPicture("The service says the task is done, but offers no picture.", task_id=task_id)

    def _note_pace(self, ended: EndedTask) -> None:
        """Write down how long our own task took; for an adopted one nobody knows when it was made."""
        record = self._job.record
        if ended.seconds is not None and record.paid is not None and record.pace is None:
            estimate = expected_seconds(*record.expected)
            self._job.update(pace=round(max(ended.seconds, 0.1) / estimate, 4))

    def _download_whole(self, task: Task) -> ImageFile:
        """Download a whole picture to the part file; once more from the start if it is invalid."""
        try:
            return self._download(task)
        except InvalidImage as problem:
            # a resumed download may have joined two different files
            LOGGER.info("job %s: the download is no whole picture: %s", self._job.job_id, problem)
            self._drop_part()
            self._context.retry_pause(0)
            try:
                return self._download(task)
            except InvalidImage as again:
                self._drop_part()
                raise ResultBroken(
                    translatable(
                        "What the service sent is no whole picture: {problem}.", problem=again.args[0]
                    )
                ) from again

    def _download(self, task: Task) -> ImageFile:
        self._report.stage(Stage.DOWNLOADING)
        check = self._downloader.download(task, self._job.part)
        self._report.stage(Stage.CHECKING)
        return check.result()

    def _drop_part(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._job.part.unlink()
        self._job.update(partial=None)

    def _store(self, picture: ImageFile) -> None:
        job = self._job
        name = "result" + EXTENSIONS[picture.format]
        size = job.part.stat().st_size
        # recorded before the file gets its name: a crash between the two finds the whole part again
        job.update(partial=replace(job.record.partial or PartialDownload(""), total=size))
        rename(job.part, job.folder / name)
        job.update(State.STORED, result=name, result_bytes=size, partial=None)

    def _finish(self) -> Result | None:
        """Hand out the stored result, with a warning when it is not what was asked for.

        None when its file is gone and the task has to be asked for it again.
        """
        job = self._job
        picture = intact_result(job)
        if picture is None:
            if job.state is State.DELIVERED:
                raise JobUnknown(
                    "The job's result has been delivered and is no longer kept.", charged=Charge.YES
                )
            job.update(State.CREATED, result=None)
            return None
        if job.state is State.DELIVERED:
            job.note_use()
        if problem := wrong_scale(job.record.expected, picture):
            self._report.warn("wrong-scale", problem)
        return Result(
            job.job_id,
            job.task_id,
            picture.path,
            picture.format,
            picture.width,
            picture.height,
            Charge.NO if self._reused else Charge.YES,
            self._reused,
        )


def wrong_scale(asked: tuple[int, int], picture: ImageFile) -> str | None:
    """Say how the result's size differs from what was asked for, None when it does not."""
    got = (picture.width, picture.height)
    # a service that applies the EXIF rotation returns the sides exchanged
    if got in (asked, asked[::-1]):
        return None
    return translatable(
        "The service returned {width} x {height} pixels where {asked_width} x {asked_height} were asked for. "
        "The picture can be used all the same.",
        width=got[0],
        height=got[1],
        asked_width=asked[0],
        asked_height=asked[1],
    )
