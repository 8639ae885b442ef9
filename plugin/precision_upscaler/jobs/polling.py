"""Wait for the end of a task."""

from __future__ import annotations

from dataclasses import dataclass

from precision_upscaler.api.models import Task, TaskStatus
from precision_upscaler.api.responses import ApiError, user_error
from precision_upscaler.api.retry import RetryDecision
from precision_upscaler.errors import StillRunning, TaskUnknown, UpscaleError
from precision_upscaler.messages import joined, translatable
from precision_upscaler.protocol import Stage
from precision_upscaler.storage.journal import Job
from precision_upscaler.storage.log import LOGGER

from .context import JobContext, Reporter

_LONGEST_AGE = 86400.0
_TICK = 1.0
_NOT_FOUND = 404


@dataclass(frozen=True)
class EndedTask:
    """A task that is COMPLETED or FAILED; ``seconds`` is how long it took, None when that is not known."""

    task: Task
    seconds: float | None


class Poller:
    """Polls tasks on behalf of one job."""

    def __init__(self, job: Job, context: JobContext, reporter: Reporter) -> None:
        self._job = job
        self._context = context
        self._reporter = reporter

    def wait_for_end(self, task_id: str, patience: float | None = None) -> EndedTask:
        """Poll until the task is COMPLETED or FAILED; StillRunning when the deadline comes first.

        ``patience`` limits the deadline to so many expected durations. A failed poll never fails the job;
        only an answer that no repetition will change, many times in a row, does.
        """
        context, expected = self._context, self._reporter.expected_seconds
        polling, retries, clock = context.polling, context.retries, context.clock
        begun = clock.monotonic()
        earlier = self._age()
        deadline = min(polling.deadline, patience * expected if patience else polling.deadline)
        attempt = failures = 0
        while True:
            waited = clock.monotonic() - begun
            self._reporter.progress(Stage.WAITING, earlier + waited, expected)
            try:
                task = context.client.status(task_id)
            except ApiError as failed:
                failures += 1
                LOGGER.info("job %s: status: %s", self._job.job_id, failed.what)
                hopeless = retries.decide(failed.failure) is RetryDecision.GIVE_UP
                if hopeless and failures > retries.others:
                    raise self._unreadable(failed, task_id) from failed
                # a Retry-After is honoured up to the deadline
                wish = failed.failure.retry_after
                pause = retries.pause(failures - 1, wish, context.random(), longest=deadline)
            else:
                failures = 0
                if task.status.terminal:
                    known = task.status is TaskStatus.COMPLETED and earlier < _TICK
                    return EndedTask(task, waited if known else None)
                # counted from this poll's start: the time of the call itself is no pause
                took = clock.monotonic() - begun - waited
                pause = polling.interval(attempt, earlier + waited, expected, context.random()) - took
                attempt += 1
            if waited >= deadline:
                raise StillRunning(
                    translatable(
                        "The task is not done after {minutes} minutes of waiting.", minutes=round(waited / 60)
                    ),
                    task_id=task_id,
                )
            self._wait(min(pause, deadline - waited), earlier + waited)

    def _age(self) -> float:
        """Return the seconds since the task was paid, as far as the wall clock can be believed."""
        paid = self._job.record.paid
        age = 0.0 if paid is None else self._context.clock.time() - paid
        return age if 0.0 <= age < _LONGEST_AGE else 0.0

    def _wait(self, pause: float, elapsed: float) -> None:
        """Wait, and report progress every second."""
        done = 0.0
        while done < pause:
            step = min(_TICK, pause - done)
            self._context.pause(step)
            done += step
            self._reporter.progress(Stage.WAITING, elapsed + done, self._reporter.expected_seconds)

    def _unreadable(self, failed: ApiError, task_id: str) -> UpscaleError:
        if failed.failure.status == _NOT_FOUND:
            return TaskUnknown("The service does not know the task.", task_id=task_id)
        error = user_error(failed, self._job.state.charged)
        error.advice = joined(
            error.advice, translatable("The task is not lost: choose Resume then, without a new charge.")
        )
        return error
