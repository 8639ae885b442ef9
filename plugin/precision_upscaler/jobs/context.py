"""What a running job tells whoever watches it: plain values that know their JSON form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from precision_upscaler.errors import Charged
from precision_upscaler.imaging.base import Format
from precision_upscaler.messages import parts_of

StageName = Literal["preparing", "sending", "waiting", "downloading", "checking"]


@dataclass(frozen=True)
class Stage:
    """The job has entered a stage."""

    stage: StageName
    job_id: str | None
    task_id: str | None
    charged: Charged
    expected_seconds: float | None = None

    def to_event(self) -> dict[str, Any]:
        """Return the worker protocol's form."""
        return {"event": "stage", **self.__dict__}


@dataclass(frozen=True)
class Progress:
    """How far the stage has come: bytes, but seconds while waiting."""

    stage: StageName
    done: float
    total: float | None

    def to_event(self) -> dict[str, Any]:
        """Return the worker protocol's form."""
        return {"event": "progress", **self.__dict__}


@dataclass(frozen=True)
class Warned:
    """Something the user should know although the job goes on."""

    code: str
    message: str

    def to_event(self) -> dict[str, Any]:
        """Return the worker protocol's form."""
        return {"event": "warning", **self.__dict__, "sentences": {"message": parts_of(self.message)}}


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

    def to_event(self) -> dict[str, Any]:
        """Return the worker protocol's form."""
        return {"event": "result", **self.__dict__, "path": str(self.path)}


Event = Stage | Progress | Warned
Emit = Callable[[Event], None]
