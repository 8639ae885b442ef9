"""What a running job reports to whoever watches it: plain values that know their JSON form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from precision_upscaler.imaging.base import Format
from precision_upscaler.messages import parts_of
from precision_upscaler.protocol import Charged, Event, Message, StageName


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
