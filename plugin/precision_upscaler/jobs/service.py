"""One upscale from source file to checked result: begin it, join it, or take it up again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.errors import Cancelled, InvalidParameter, JobUnknown, TaskFailed, UpscaleError
from precision_upscaler.imaging.metadata import sent_digest
from precision_upscaler.messages import said
from precision_upscaler.protocol import Stage, StageName
from precision_upscaler.storage.journal import Job, JobSpec, Journal, State, intact_result
from precision_upscaler.storage.pruning import prune
from precision_upscaler.storage.settings import Settings
from precision_upscaler.urls import account

from .context import Result, StageEvent
from .runner import JobContext, Walk
from .source import check_room, check_source, check_upload

_LOCK_LOOK = 0.5


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
    context.emit(StageEvent(Stage.PREPARING, None, None, "no"))
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
            result = _walk(job, context, reused=job.state in (State.STORED, State.DELIVERED))
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
                    said("The job has ended as {state}: there is nothing to resume.", state=job.state.value),
                    charged=job.state.charged,
                    task_id=job.task_id,
                )
            return _walk(job, context, reused=False, adopt=adopt)
        _await_other(job, context)


def _adopt(job: Job, journal: Journal, task_id: str) -> None:
    if task_id in journal.task_ids():
        raise InvalidParameter(
            "That task belongs to another job.", parameter="adopt", charged=job.state.charged
        )
    job.update(State.CREATED, task_id=task_id, adopted=True)


def _walk(job: Job, context: JobContext, *, reused: bool, adopt: str | None = None) -> Result:
    try:
        if adopt is not None and job.state is State.COMMITTED:
            _adopt(job, context.journal, adopt)
        return Walk(job, context, reused=reused).run()
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
    """Wait until whoever works on ``job`` is done or dead; return where the job stands then.

    JobUnknown when it was removed although money was spent: it is not to be spent again unasked.
    """
    shown: State | None = None
    while True:
        with contextlib.suppress(JobUnknown):
            job.reload()
        if job.state is not shown:
            shown = job.state
            stage: StageName = Stage.SENDING if shown.unpaid else Stage.WAITING
            context.emit(StageEvent(stage, job.job_id, job.task_id, shown.charged))
        context.clock.sleep(_LOCK_LOOK, context.cancel.event)
        if context.cancel.is_set:
            raise Cancelled(job.state.charged)
        try:
            free = job.lock.acquire(wait=False)
        except FileNotFoundError:
            if job.state.charged == "no":
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
        prune(journal, settings.journal_days, settings.journal_megabytes)
