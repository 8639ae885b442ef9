"""What a job needs (its context), and what it reports while it runs (events with their JSON form)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.retry import PollingPolicy, RetryPolicy
from precision_upscaler.cancel import CancelToken
from precision_upscaler.clock import Clock, SystemClock
from precision_upscaler.imaging.base import Format
from precision_upscaler.messages import parts_of
from precision_upscaler.protocol import Charged, Event, Message, StageName
from precision_upscaler.storage.journal import Job, Journal
from precision_upscaler.storage.log import LOGGER
from precision_upscaler.storage.settings import Settings

_QUIET_SECONDS = 0.1


@dataclass(frozen=True)
class StageEvent:
    """The job has entered a stage."""

    stage: StageName
    job_id: str | None
    task_id: str | None
    charged: Charged
    expected_seconds: float | None = None

    def to_event(self) -> Message:
        """Return the worker protocol's form."""
        return {"event": Event.STAGE, **self.__dict__}


@dataclass(frozen=True)
class ProgressEvent:
    """The progress inside a stage: bytes, but seconds while waiting."""

    stage: StageName
    done: float
    total: float | None

    def to_event(self) -> Message:
        """Return the worker protocol's form."""
        return {"event": Event.PROGRESS, **self.__dict__}


@dataclass(frozen=True)
class WarningEvent:
    """Something the user should know although the job goes on."""

    code: str
    message: str

    def to_event(self) -> Message:
        """Return the worker protocol's form."""
        return {"event": Event.WARNING, **self.__dict__, "sentences": {"message": parts_of(self.message)}}


@dataclass(frozen=True)
class Result:
    """The picture, whole and checked, in the journal until it is delivered."""

    job_id: str
    task_id: str | None
    path: Path
    format: Format
    width: int
    height: int
    charged: Charged
    reused: bool

    def to_event(self) -> Message:
        """Return the worker protocol's form."""
        return {"event": Event.RESULT, **self.__dict__, "path": str(self.path)}


JobEvent = StageEvent | ProgressEvent | WarningEvent
Emit = Callable[[JobEvent], None]


@dataclass(frozen=True)
class JobContext:
    """All a job needs from outside: handed in, so that tests can hand in something else.

    ``random`` returns numbers in [0, 1).
    """

    journal: Journal
    client: UpscalerClient
    settings: Settings
    emit: Emit
    cancel: CancelToken = field(default_factory=CancelToken)
    clock: Clock = field(default_factory=SystemClock)
    random: Callable[[], float] = lambda: 0.5
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    reserve: Callable[[Job], None] = lambda _job: None
    """Reserve a job's price before it is sent; BudgetExceeded when it must not be."""

    @property
    def polling(self) -> PollingPolicy:
        """The polling policy that the settings ask for."""
        shortest = self.settings.poll_seconds
        return PollingPolicy(
            first=shortest,
            steady=max(PollingPolicy.steady * min(1.0, shortest), shortest),
            deadline=60 * self.settings.deadline_minutes,
        )

    def pause(self, seconds: float) -> None:
        """Wait; Cancelled when the user cancels meanwhile."""
        self.cancel.check()
        self.clock.sleep(seconds, self.cancel.event)
        self.cancel.check()

    def retry_pause(self, attempt: int, retry_after: float | None = None) -> None:
        """Wait before repetition ``attempt`` (0 is the first) of a call."""
        self.pause(self.retries.pause(attempt, retry_after, self.random()))


class Reporter:
    """Reports one job's events to ``emit``, and writes them to the log."""

    def __init__(self, job: Job, context: JobContext, expected_seconds: float) -> None:
        self.expected_seconds = expected_seconds
        self._job = job
        self._emit = context.emit
        self._clock = context.clock
        self._progress_at = 0.0

    def stage(self, name: StageName) -> None:
        """Report that the job has entered a stage."""
        job = self._job
        LOGGER.info("job %s: %s (task %s)", job.job_id, name, job.task_id)
        self._emit(StageEvent(name, job.job_id, job.task_id, job.state.charged, self.expected_seconds))

    def progress(self, stage: StageName, done: float, total: float | None) -> None:
        """Report progress, at most every tenth of a second and at the end."""
        now = self._clock.monotonic()
        if done == total or now - self._progress_at >= _QUIET_SECONDS:
            self._progress_at = now
            self._emit(ProgressEvent(stage, done, total))

    def warn(self, code: str, message: str) -> None:
        """Report something the user should know although the job goes on."""
        LOGGER.warning("job %s: %s: %s", self._job.job_id, code, message)
        self._emit(WarningEvent(code, message))
