"""One upscale from source file to checked result: check the source, then start, join or resume its job."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.contract import limits
from precision_upscaler.errors import (
    Cancelled,
    DiskFull,
    InvalidParameter,
    JobUnknown,
    SourceFormat,
    SourceSize,
    SourceUnreadable,
    TaskFailed,
    UpscaleError,
)
from precision_upscaler.imaging.base import ImageFile, InvalidImage, inspect
from precision_upscaler.imaging.metadata import sent_digest, verify
from precision_upscaler.messages import translatable
from precision_upscaler.protocol import Charge, Stage
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job, JobSpec, Journal, intact_result
from precision_upscaler.storage.settings import Settings
from precision_upscaler.urls import account

from .context import JobContext, Result, StageEvent
from .runner import Runner

_LOCK_POLL_SECONDS = 0.5
_ROOM_BYTES_PER_PIXEL = 4
_ROOM_FLOOR = 16 << 20


def upscale(
    source: Path,
    request: UpscaleRequest,
    context: JobContext,
    *,
    origin: dict[str, Any] | None = None,
    reuse: bool = True,
    take_source: bool = False,
    upload: Path | None = None,
) -> Result:
    """Upscale ``source``; blocks until the result is stored in the journal.

    ``upload`` is a copy of the source in a smaller format, to be sent in its place; the source stays
    what results and repeated requests are compared with.

    With ``reuse`` an identical job is joined: its stored result answers at no charge, and if it is
    still under way (here or in another process) its task is shared. Raises UpscaleError, or
    Cancelled with what was charged.
    """
    context.emit(StageEvent(Stage.PREPARING, None, None, Charge.NO))
    pixels = hashlib.sha256()
    picture = check_source(source, request, pixels)
    sent = None if upload is None else check_upload(upload, picture)
    context.cancel.check()
    service = context.client.base_url
    digest = request.digest(sent_digest(picture, pixels.hexdigest()), account(service))
    spec = JobSpec(dict(request.parameters), digest, service, origin or {})
    while True:
        with context.journal.lock():
            job = _join(context.journal, digest) if reuse else None
            if job is None:
                check_room(context.journal.folder, picture, request)
                job = context.journal.create(picture, spec, take_source=take_source, upload=sent)
            mine = job.lock.acquire(wait=False)
        if mine:
            result = _run(job, context, reused=job.state in (State.STORED, State.DELIVERED))
            for file in (source, upload) if take_source else ():
                with contextlib.suppress(OSError):
                    if file is not None:
                        file.unlink()
            return result
        if _await_other(job, context) is State.FAILED:
            # it was this request that failed; sending it again is for the user to decide
            raise TaskFailed("The service could not upscale the picture.", task_id=job.task_id)


def resume(job_id: str, context: JobContext, *, adopt: str | None = None) -> Result:
    """Go on with a job of the journal, wherever it stands; blocks until its result is stored.

    ``adopt`` is a task the user says is this job's; it counts only while the job does not know its own.
    """
    while True:
        with context.journal.lock():
            job = context.journal.open(job_id)
            mine = job.lock.acquire(wait=False)
        if mine:
            if job.state in (State.FAILED, State.REFUSED, State.CANCELLED):
                job.lock.release()
                raise JobUnknown(
                    translatable(
                        "The job has ended as {state}: there is nothing to resume.", state=job.state.value
                    ),
                    charged=job.state.charged,
                    task_id=job.task_id,
                )
            return _run(job, context, reused=False, adopt=adopt)
        _await_other(job, context)


def _adopt(job: Job, journal: Journal, task_id: str) -> None:
    if task_id in journal.task_ids():
        raise InvalidParameter(
            "That task belongs to another job.", parameter="adopt", charged=job.state.charged
        )
    job.update(State.CREATED, task_id=task_id, adopted=True)


def _run(job: Job, context: JobContext, *, reused: bool, adopt: str | None = None) -> Result:
    try:
        if adopt is not None and job.state is State.COMMITTED:
            _adopt(job, context.journal, adopt)
        return Runner(job, context, reused=reused).run()
    finally:
        job.lock.release()


def _join(journal: Journal, digest: str) -> Job | None:
    """Return the job that already stands for this request, if one does."""
    for job in journal.same(digest):
        if job.state is State.DELIVERED:
            if intact_result(job) is not None:
                return job
        elif job.state.undelivered or (job.state.unpaid and job.source.exists()):
            # a stored result whose file is gone is fetched again: it is paid for
            return job
    return None


def _await_other(job: Job, context: JobContext) -> State:
    """Wait until the process that works on ``job`` is done or dead; return where the job stands then.

    JobUnknown when it was removed although money was spent: it is not to be spent again unasked.
    """
    shown: State | None = None
    while True:
        with contextlib.suppress(JobUnknown):
            job.reload()
        if job.state is not shown:
            shown = job.state
            stage = Stage.SENDING if shown.unpaid else Stage.WAITING
            context.emit(StageEvent(stage, job.job_id, job.task_id, shown.charged))
        context.clock.sleep(_LOCK_POLL_SECONDS, context.cancel.event)
        if context.cancel.is_set:
            raise Cancelled(job.state.charged)
        try:
            free = job.lock.acquire(wait=False)
        except FileNotFoundError:
            if job.state.charged == Charge.NO:
                return job.state
            raise JobUnknown(
                "The same upscale was under way, but its job has been removed from the journal.",
                charged=job.state.charged,
                task_id=job.task_id,
            ) from None
        if free:
            job.lock.release()
            with contextlib.suppress(JobUnknown):
                job.reload()
            return job.state


@contextlib.contextmanager
def pruned(journal: Journal, settings: Settings) -> Iterator[None]:
    """Prune the journal once the block has ended; a failure to do so never hides the block's result."""
    yield
    with contextlib.suppress(OSError, UpscaleError), journal.lock():
        journal.prune(settings.journal_days, settings.journal_megabytes)


# what may be sent ------------------------------------------------------------------------------


def check_source(path: Path, request: UpscaleRequest, pixels: hashlib._Hash | None = None) -> ImageFile:
    """Return what ``path`` holds; refuse what the service would not take, before anything is sent.

    ``pixels`` is fed what tells these pixels from others, see :func:`.images.verify`.
    """
    picture = _whole_picture(path, pixels)
    if trouble := size_problem(picture.width, picture.height, request.scale_factor):
        raise SourceSize(
            trouble, width=picture.width, height=picture.height, scale_factor=request.scale_factor
        )
    return picture


def check_upload(path: Path, source: ImageFile) -> ImageFile:
    """Return what ``path`` holds; SourceUnreadable unless it is a whole picture of the source's size."""
    picture = _whole_picture(path)
    if (picture.width, picture.height) != (source.width, source.height):
        raise SourceUnreadable(
            translatable(
                "{name} is {width} x {height} pixels, and the picture it stands for {own_width} x "
                "{own_height}.",
                name=path.name,
                width=picture.width,
                height=picture.height,
                own_width=source.width,
                own_height=source.height,
            )
        )
    return picture


def _whole_picture(path: Path, pixels: hashlib._Hash | None = None) -> ImageFile:
    try:
        return verify(path, pixels)
    except InvalidImage as problem:
        raise _unusable(path, problem) from problem
    except OSError as error:
        raise SourceUnreadable(
            translatable("{name} cannot be read: {problem}.", name=path.name, problem=error.strerror)
        ) from error


def _unusable(path: Path, problem: InvalidImage) -> SourceFormat | SourceUnreadable:
    if path.stat().st_size == 0:
        return SourceUnreadable(translatable("{name} is empty.", name=path.name))
    try:
        inspect(path)
    except InvalidImage:
        return SourceFormat(
            translatable("{name} cannot be sent: {problem}.", name=path.name, problem=problem)
        )
    return SourceUnreadable(translatable("{name} is damaged: {problem}.", name=path.name, problem=problem))


def size_problem(width: int, height: int, scale_factor: int) -> str | None:
    """Say what forbids enlarging ``width`` x ``height`` pixels ``scale_factor`` times, None if nothing."""
    refusal = limits.refusal(width, height, scale_factor)
    if refusal is None:
        return None
    values = refusal.values
    if refusal.code in ("empty", "too-small"):
        return translatable(
            "The picture is {width} x {height} pixels; the service takes at least {least} on each side.",
            width=width,
            height=height,
            least=values["minimum_side"],
        )
    if refusal.code == "aspect":
        return translatable(
            "The picture is {width} x {height} pixels; the service takes shapes from 1:{aspect} to "
            "{aspect}:1.",
            width=width,
            height=height,
            aspect=values["maximum_aspect"],
        )
    if refusal.code == "too-large":
        hint = translatable("the largest factor for this picture is {factor}", factor=values["factors"][-1])
    else:
        hint = translatable(
            "even with factor {factor} the longer side may have at most {pixels} pixels",
            factor=values["smallest_factor"],
            pixels=values["largest_input_side"],
        )
    return translatable(
        "The result would be {width} x {height} pixels; the service makes at most {most} on each side: "
        "{hint}.",
        width=values["result_width"],
        height=values["result_height"],
        most=values["maximum_output_side"],
        hint=hint,
    )


def check_room(folder: Path, picture: ImageFile, request: UpscaleRequest) -> None:
    """Refuse a job whose result would not fit on the disk of ``folder``, while that still costs nothing."""
    pixels = picture.width * picture.height * request.scale_factor**2
    need = picture.path.stat().st_size + _ROOM_BYTES_PER_PIXEL * pixels + _ROOM_FLOOR
    free = shutil.disk_usage(folder).free
    if free < need:
        raise DiskFull(
            translatable(
                "The disk with the data folder has {free} MiB free; this job may need {need} MiB.",
                free=free >> 20,
                need=need >> 20,
            ),
            free=free,
            needed=need,
        )
