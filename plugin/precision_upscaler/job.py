"""One upscale from source file to checked result, resumable at every step.

A job is a walk over the states of its journal record; each step first writes down what it is about
to risk and then does it, so that the same walk, begun again by another process, loses nothing.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .answers import CallFailed, named_error
from .cancel import CancelToken
from .client import Partial, UpscalerClient
from .clock import Clock, SystemClock
from .contract import LIMITS
from .errors import (
    Cancelled,
    Charged,
    DiskFull,
    DownloadFailed,
    JobUnknown,
    NoPicture,
    ResultBroken,
    SourceFormat,
    SourceSize,
    SourceUnreadable,
    StillRunning,
    TaskFailed,
    TaskUnknown,
    UpscaleError,
)
from .events import Emit, Progress, Result, Stage, StageName, Warned
from .images import EXTENSIONS, NotAPicture, Picture, inspect, pixel_digest, verify
from .journal import Job, JobSpec, Journal, State, intact_result
from .log import LOGGER
from .policy import PollingPolicy, RetryPolicy, Verdict, expected_seconds
from .recovery import find_created_task, note_known_tasks
from .request import UpscaleRequest
from .settings import Settings
from .task import Task, TaskStatus

_LOCK_LOOK = 0.5
_RENEWALS = 5
_EMPTY_LOOKS = 3
_CAP_FLOOR = 32 << 20
_CAP_BYTES_PER_PIXEL = 8
_ROOM_BYTES_PER_PIXEL = 4
_ROOM_FLOOR = 16 << 20


@dataclass
class Surroundings:
    """All a job needs of the world: handed in, so that tests can hand in another one."""

    journal: Journal
    client: UpscalerClient
    settings: Settings
    emit: Emit
    cancel: CancelToken = field(default_factory=CancelToken)
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = lambda: 0.5
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    @property
    def polling(self) -> PollingPolicy:
        """The polling policy the settings ask for."""
        return PollingPolicy(
            first=self.settings.poll_seconds,
            around=max(5.0 * min(1.0, self.settings.poll_seconds), self.settings.poll_seconds),
            deadline=60 * self.settings.deadline_minutes,
        )


def check_source(path: Path, request: UpscaleRequest) -> Picture:
    """Return what ``path`` holds; refuse what the service would not take, before anything is sent."""
    try:
        picture = verify(path)
    except NotAPicture as problem:
        if path.stat().st_size == 0:
            raise SourceUnreadable(f"{path.name} is empty.") from problem
        try:
            inspect(path)
        except NotAPicture:
            raise SourceFormat(f"{path.name} cannot be sent: {problem}.") from problem
        raise SourceUnreadable(f"{path.name} is damaged: {problem}.") from problem
    except OSError as error:
        raise SourceUnreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    if problem_text := size_problem(picture.width, picture.height, request.scale_factor):
        raise SourceSize(
            problem_text, width=picture.width, height=picture.height, scale_factor=request.scale_factor
        )
    return picture


def size_problem(width: int, height: int, scale_factor: int) -> str | None:
    """Say what forbids enlarging ``width`` x ``height`` pixels ``scale_factor`` times, None if nothing does."""
    least, most, aspect = (
        LIMITS["minimum_input_side"],
        LIMITS["maximum_output_side"],
        LIMITS["maximum_aspect"],
    )
    if min(width, height) < least:
        return f"The picture is {width} x {height} pixels; the service takes at least {least} on each side."
    if max(width, height) > aspect * min(width, height):
        return f"The picture is {width} x {height} pixels; the service takes shapes from 1:{aspect} to {aspect}:1."
    if max(width, height) * scale_factor > most:
        fits = most // max(width, height)
        hint = (
            f"the largest factor for this picture is {fits}"
            if fits >= 2  # noqa: PLR2004 - the contract's smallest factor
            else f"the longer side may have at most {most // 2} pixels"
        )
        return (
            f"The result would be {width * scale_factor} x {height * scale_factor} pixels; the service makes "
            f"at most {most} on each side: {hint}."
        )
    return None


def upscale(
    source: Path,
    request: UpscaleRequest,
    around: Surroundings,
    *,
    origin: dict[str, Any] | None = None,
    reuse: bool = True,
    take_source: bool = False,
) -> Result:
    """Upscale ``source``; blocks until the result is stored in the journal.

    With ``reuse`` an identical job is joined: its stored result answers at no charge, and if it is
    still under way (here or in another process) its task is shared. Raises UpscaleError, or
    Cancelled with what was charged.
    """
    around.emit(Stage("preparing", None, None, "no"))
    picture = check_source(source, request)
    around.cancel.check()
    service = around.client.base_url
    digest = request.digest(pixel_digest(source), service)
    spec = JobSpec(request.to_json(), digest, service, origin or {})
    while True:
        with around.journal.lock():
            job = _join(around.journal, digest) if reuse else None
            if job is None:
                _check_room(around.journal.folder, picture, request)
                job = around.journal.create(picture, spec, take_source=take_source)
                job.lock.acquire(wait=True)
                source = job.source
                picture = Picture(source, picture.format, picture.width, picture.height)
            mine = job.lock.held or job.lock.acquire(wait=False)
        if mine:
            before = job.state
            try:
                result = _Walk(job, around, reused=before in (State.STORED, State.DELIVERED)).run()
            finally:
                job.lock.release()
            if take_source and source != job.source:
                with contextlib.suppress(OSError):
                    source.unlink()
            return result
        _await_other(job, around)


def resume(job_id: str, around: Surroundings) -> Result:
    """Go on with a job of the journal, wherever it stands; blocks until its result is stored."""
    while True:
        with around.journal.lock():
            job = around.journal.open(job_id)
            mine = job.lock.acquire(wait=False)
        if mine:
            try:
                job.reload()
                if job.state in (State.FAILED, State.REFUSED, State.CANCELLED):
                    raise JobUnknown(f"The job has ended as {job.state.value}: there is nothing to resume.")
                return _Walk(job, around, reused=False).run()
            finally:
                job.lock.release()
        _await_other(job, around)


def _join(journal: Journal, digest: str) -> Job | None:
    """Return the job that already stands for this request, if one does."""
    for job in journal.same(digest):
        if job.state in (State.STORED, State.DELIVERED):
            if intact_result(job) is not None:
                return job
        elif job.state.undelivered or (job.state.unpaid and job.source.exists()):
            return job
    return None


def _await_other(job: Job, around: Surroundings) -> None:
    """Wait until whoever works on ``job`` is done or dead."""
    shown: State | None = None
    while True:
        with contextlib.suppress(UpscaleError):
            job.reload()
        if job.state is not shown:
            shown = job.state
            stage: StageName = "sending" if shown.unpaid else "waiting"
            around.emit(Stage(stage, job.job_id, job.task_id, shown.charged))
        around.clock.sleep(_LOCK_LOOK, around.cancel.event)
        if around.cancel.is_set:
            raise Cancelled(job.state.charged)
        if not job.folder.exists():
            return
        if job.lock.acquire(wait=False):
            job.lock.release()
            return


def _check_room(folder: Path, picture: Picture, request: UpscaleRequest) -> None:
    """Refuse a job whose result would not fit on the disk, while that still costs nothing."""
    pixels = picture.width * picture.height * request.scale_factor**2
    need = picture.path.stat().st_size + _ROOM_BYTES_PER_PIXEL * pixels + _ROOM_FLOOR
    free = shutil.disk_usage(folder).free
    if free < need:
        raise DiskFull(
            f"The disk with the data folder has {free >> 20} MiB free; this job may need {need >> 20} MiB.",
            free=free,
            needed=need,
        )


class _Walk:
    """The walk of one job, under its lock, from wherever it stands to a stored result."""

    def __init__(self, job: Job, around: Surroundings, *, reused: bool) -> None:
        self.job = job
        self.around = around
        self.reused = reused
        width, height = job.record["expected"]
        self.expected_size = (int(width), int(height))
        self.expected_seconds = expected_seconds(width, height, around.journal.pace(job.record["service"]))

    def run(self) -> Result:
        """Walk to the end."""
        self.job.reload()
        try:
            while True:
                state = self.job.state
                self.around.cancel.hold(not state.unpaid)
                if state.unpaid:
                    self.send()
                elif state is State.COMMITTED:
                    self.resolve()
                elif state is State.CREATED:
                    self.fetch(self.wait())
                else:
                    return self.finish()
        except Cancelled:
            raise self._cancelled() from None
        except UpscaleError as error:
            LOGGER.info("job %s: %s: %s", self.job.job_id, error.code, error.what)
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("The disk is full.", charged=self.job.state.charged) from error
            raise

    def stage(self, name: StageName) -> None:
        """Tell the watcher and the log that a stage begins."""
        job = self.job
        LOGGER.info("job %s: %s (task %s)", job.job_id, name, job.task_id)
        self.around.emit(Stage(name, job.job_id, job.task_id, job.state.charged, self.expected_seconds))

    def pause(self, seconds: float) -> None:
        """Wait; Cancelled when the user cancels meanwhile."""
        self.around.clock.sleep(seconds, self.around.cancel.event)
        self.around.cancel.check()

    def _cancelled(self) -> Cancelled:
        state = self.job.state
        if state.unpaid:
            self.job.update(State.CANCELLED)
            self.job.drop_bulk()
        return Cancelled(state.charged)

    # creating the task -------------------------------------------------------------------------

    def send(self) -> None:
        """Create the task, at most once as far as money goes."""
        self.stage("sending")
        if not note_known_tasks(self):
            self.warn(
                "no-task-list",
                "The service's list of tasks could not be read: should the connection break at the wrong "
                "moment, it cannot be found out by itself whether the task was created.",
            )
        attempt = 0
        while True:
            self.around.cancel.check()
            self.job.update(State.SENDING)
            try:
                task = self.around.client.create(
                    UpscaleRequest(**self.job.record["parameters"]),
                    self.job.source,
                    progress=lambda done, total: self.around.emit(Progress("sending", done, total)),
                    commit=self._commit,
                )
            except CallFailed as failed:
                LOGGER.info("job %s: create: %s", self.job.job_id, failed.what)
                verdict = self.around.retries.verdict(failed.failure)
                if verdict is Verdict.RESOLVE:
                    self.job.update(State.COMMITTED, doubt=failed.what)
                    return
                # from here on it is certain that nothing was created
                self.job.update(State.SENDING)
                self.around.cancel.hold(False)
                if verdict is Verdict.GIVE_UP or attempt >= self.around.retries.creates:
                    self.job.update(State.REFUSED)
                    self.job.drop_bulk()
                    raise named_error(failed, "no") from failed
                self.pause(
                    self.around.retries.pause(attempt, failed.failure.retry_after, self.around.chance())
                )
                attempt += 1
            else:
                self.created(task.task_id)
                return

    def _commit(self) -> None:
        """Write down that the request may be accepted from now on."""
        self.around.cancel.hold(True)
        self.job.update(State.COMMITTED)

    def created(self, task_id: str) -> None:
        """Write down the id of the task that is paid for now."""
        self.job.update(State.CREATED, task_id=task_id, paid=self.around.clock.time())

    def resolve(self) -> None:
        """Find out whether an ambiguous create was accepted."""
        self.stage("waiting")
        self.created(find_created_task(self))

    # waiting -----------------------------------------------------------------------------------

    def wait(self) -> Task:
        """Poll until the task is COMPLETED; FAILED and the deadline are errors."""
        self.stage("waiting")
        around, polling = self.around, self.around.polling
        begun = around.clock.monotonic()
        # the wall clock may have jumped between two processes: believe only a sensible age
        earlier = min(max(around.clock.time() - float(self.job.record.get("paid") or 0), 0.0), 86400.0)
        attempt = failures = empty = 0
        while True:
            waited = around.clock.monotonic() - begun
            around.emit(Progress("waiting", earlier + waited, self.expected_seconds))
            try:
                task = self.read_task()
            except CallFailed as failed:
                failures += 1
                wish = failed.failure.retry_after
                LOGGER.info("job %s: status: %s", self.job.job_id, failed.what)
                if (
                    around.retries.verdict(failed.failure) is Verdict.GIVE_UP
                    and failures > around.retries.others
                ):
                    raise self._unreadable(failed) from failed
                pause = around.retries.pause(failures - 1, wish, around.chance())
            else:
                failures = 0
                if task.status is TaskStatus.FAILED:
                    self.job.update(State.FAILED)
                    self.job.drop_bulk()
                    raise TaskFailed("The service could not upscale the picture.", task_id=task.task_id)
                if task.status is TaskStatus.COMPLETED:
                    if task.links:
                        self._learn(earlier + waited)
                        return task
                    empty += 1
                    if empty > _EMPTY_LOOKS:
                        raise NoPicture(
                            "The service says the task is done, but offers no picture.", task_id=task.task_id
                        )
                pause = polling.interval(attempt, earlier + waited, self.expected_seconds, around.chance())
                attempt += 1
            if polling.expired(waited):
                raise StillRunning(
                    f"The task is not done after {waited / 60:.0f} minutes of waiting.",
                    task_id=self.job.task_id,
                )
            self._wait_visibly(pause, earlier + waited)

    def _wait_visibly(self, pause: float, elapsed: float) -> None:
        """Wait with a tick a second, so that watchers stay alive and a cancel is quick."""
        done = 0.0
        while done < pause:
            step = min(1.0, pause - done)
            self.pause(step)
            done += step
            self.around.emit(Progress("waiting", elapsed + done, self.expected_seconds))

    def _learn(self, seconds: float) -> None:
        plain = expected_seconds(*self.expected_size)
        if "pace" not in self.job.record:
            self.job.update(pace=round(max(seconds, 0.1) / plain, 4))

    def read_task(self) -> Task:
        """Read the job's task once."""
        assert self.job.task_id is not None
        return self.around.client.status(self.job.task_id)

    def _unreadable(self, failed: CallFailed) -> UpscaleError:
        if failed.failure.status == 404:  # noqa: PLR2004 - HTTP's number
            return TaskUnknown("The service does not know the task any more.", task_id=self.job.task_id)
        return named_error(failed, "yes")

    # the result --------------------------------------------------------------------------------

    def fetch(self, task: Task) -> None:
        """Download and check the picture; renew the link when it has expired."""
        self.stage("downloading")
        retries, around = self.around.retries, self.around
        attempt = renewals = broken = 0
        while True:
            try:
                self._download(task.links[0])
                picture = self._check()
            except CallFailed as failed:
                LOGGER.info("job %s: download: %s", self.job.job_id, failed.what)
                verdict = retries.verdict(failed.failure)
                if attempt >= retries.others or renewals >= _RENEWALS:
                    raise DownloadFailed(failed.what, status=failed.failure.status) from failed
                attempt += 1
                pause = retries.pause(attempt - 1, failed.failure.retry_after, around.chance())
                if verdict is Verdict.RENEW:
                    renewals += 1
                    pause = pause if renewals > 1 else 0.0
                self.pause(pause)
                task = self._renewed(task)
            except NotAPicture as problem:
                # a resumed download may have joined two different files: once more from the start
                self._drop_part()
                broken += 1
                if broken > 1:
                    raise ResultBroken(f"What the service sent is no whole picture: {problem}.") from problem
                self.pause(retries.pause(0, None, around.chance()))
            else:
                self._store(picture)
                return

    def _renewed(self, task: Task) -> Task:
        """Read the task again for fresh links; the old ones when that fails for now."""
        try:
            fresh = self.read_task()
        except CallFailed as failed:
            LOGGER.info("job %s: renewing: %s", self.job.job_id, failed.what)
            return task
        return fresh if fresh.links else task

    def _download(self, link: str) -> None:
        stored = self.job.record.get("partial")
        partial = Partial(**stored) if isinstance(stored, dict) else None
        width, height = self.expected_size

        def started(new: Partial) -> None:
            if new != partial:
                self.job.update(partial=asdict(new))

        self.around.client.download(
            link,
            self.job.part,
            cap=_CAP_FLOOR + _CAP_BYTES_PER_PIXEL * width * height,
            partial=partial,
            started=started,
            progress=lambda done, total: self.around.emit(Progress("downloading", done, total)),
        )

    def _drop_part(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.job.part.unlink()
        self.job.update(partial=None)

    def _check(self) -> Picture:
        self.stage("checking")
        return verify(self.job.part)

    def _store(self, picture: Picture) -> None:
        name = "result" + EXTENSIONS[picture.format]
        size = self.job.part.stat().st_size
        self.job.part.replace(self.job.folder / name)
        self.job.update(
            State.STORED,
            result=name,
            result_bytes=size,
            result_size=[picture.width, picture.height],
            partial=None,
        )

    def finish(self) -> Result:
        """Hand out the stored result, with a warning when it is not what was asked for."""
        picture = intact_result(self.job)
        if picture is None:
            if self.job.state is State.STORED:
                # somebody removed or cut the file: the task may still give it
                self.job.update(State.CREATED, result=None)
                return self.run()
            raise JobUnknown("The job's result has been delivered and is no longer kept.")
        if (problem := wrong_scale(self.job, picture)) is not None:
            self.warn("wrong-scale", problem)
        charged: Charged = "no" if self.reused else "yes"
        return Result(
            self.job.job_id,
            self.job.task_id,
            picture.path,
            picture.format,
            picture.width,
            picture.height,
            charged,
            self.reused,
        )

    def warn(self, code: str, message: str) -> None:
        """Tell the watcher and the log what the user should know."""
        LOGGER.warning("job %s: %s: %s", self.job.job_id, code, message)
        self.around.emit(Warned(code, message))


def wrong_scale(job: Job, picture: Picture) -> str | None:
    """Say how the result's size differs from what was asked for, None when it does not."""
    asked = tuple(job.record["expected"])
    got = (picture.width, picture.height)
    # a service that applies the EXIF rotation returns the sides exchanged
    if got in (asked, asked[::-1]):
        return None
    return (
        f"The service returned {got[0]} x {got[1]} pixels where {asked[0]} x {asked[1]} were asked for. "
        "The picture can be used all the same."
    )


@contextlib.contextmanager
def pruned(journal: Journal, settings: Settings) -> Iterator[None]:
    """Prune the journal once the block has ended; a failure to do so never hides the block's result."""
    yield
    with contextlib.suppress(OSError, UpscaleError), journal.lock():
        journal.prune(settings.journal_days, settings.journal_megabytes)
