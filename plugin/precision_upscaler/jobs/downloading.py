"""Download the result of a finished task, and go on where an earlier download stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from precision_upscaler.api.models import Task
from precision_upscaler.api.responses import ApiError
from precision_upscaler.api.retry import RetryDecision
from precision_upscaler.errors import DownloadFailed
from precision_upscaler.imaging.streaming import StreamingCheck
from precision_upscaler.protocol import Stage
from precision_upscaler.storage.job_record import PartialDownload
from precision_upscaler.storage.journal import Job
from precision_upscaler.storage.log import LOGGER

from .context import JobContext, Reporter

_RENEWALS = 5
_CAP_FLOOR = 32 << 20
_CAP_BYTES_PER_PIXEL = 8
_GAIN = 64 << 10


@dataclass(frozen=True)
class Downloader:
    """Downloads on behalf of one job, whose record says what a partial file belongs to."""

    job: Job
    context: JobContext
    reporter: Reporter

    def download(self, task: Task, target: Path) -> StreamingCheck:
        """Download a finished task's file into ``target``; renew its link when it has expired."""
        context = self.context
        attempt = renewals = 0
        gained = _size(target)
        deadline = context.clock.monotonic() + context.polling.deadline
        while True:
            try:
                return self._download_once(task.links[0] if task.links else "", target)
            except ApiError as failed:
                LOGGER.info("job %s: download: %s", self.job.job_id, failed.what)
                late = context.clock.monotonic() >= deadline
                if late or attempt >= context.retries.others or renewals >= _RENEWALS:
                    raise DownloadFailed(failed.what, status=failed.failure.status) from failed
                pause = context.retries.pause(attempt, failed.failure.retry_after, context.random())
                before, gained = gained, _size(target)
                # a slow connection that makes progress may take as many attempts as it needs
                attempt = 0 if gained >= before + _GAIN else attempt + 1
                if context.retries.decide(failed.failure) is RetryDecision.RENEW:
                    renewals += 1
                    pause = pause if renewals > 1 else 0.0
                context.pause(pause)
                task = self._renewed(task)

    def _renewed(self, task: Task) -> Task:
        """Read the task again for fresh links; return it unchanged when that fails for now."""
        try:
            fresh = self.context.client.status(task.task_id)
        except ApiError as failed:
            LOGGER.info("job %s: renewing: %s", self.job.job_id, failed.what)
            return task
        return fresh if fresh.links else task

    def _download_once(self, link: str, target: Path) -> StreamingCheck:
        partial = self.job.record.partial
        width, height = self.job.record.expected
        # one for each attempt: the next may begin the file anew
        check = StreamingCheck(target)

        def started(new: PartialDownload) -> None:
            if new != partial:
                self.job.update(partial=new)

        def progress(done: int, total: int | None) -> None:
            check.advance(done)
            self.reporter.progress(Stage.DOWNLOADING, done, total)

        try:
            self.context.client.download(
                link,
                target,
                cap=_CAP_FLOOR + _CAP_BYTES_PER_PIXEL * width * height,
                partial=partial,
                started=started,
                progress=progress,
            )
        except BaseException:
            check.stop()
            raise
        return check


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
