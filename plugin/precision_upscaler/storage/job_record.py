"""The record of a job (``job.json``): a typed, versioned value, and the one function that reads it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import PureWindowsPath
from typing import Any, TypeVar

from precision_upscaler.messages import translatable
from precision_upscaler.protocol import Charge, Charged

VERSION = 1

T = TypeVar("T")


class State(StrEnum):
    """Where a job stands; the order of the members is the order of a job's life."""

    PREPARED = "prepared"  # the source is stored
    SENDING = "sending"  # the request is being sent, but cannot be accepted yet
    COMMITTED = "committed"  # the request may have been accepted
    CREATED = "created"  # the task's id is known: it is paid for
    STORED = "stored"  # the whole result is stored
    DELIVERED = "delivered"  # the user has it
    FAILED = "failed"  # the service failed the task
    REFUSED = "refused"  # the service refused the request
    CANCELLED = "cancelled"  # the user stopped it before it cost anything

    @property
    def charged(self) -> Charged:
        """Whether a job in this state has cost money."""
        if self in (State.COMMITTED, State.FAILED):
            return Charge.UNKNOWN
        return Charge.YES if self in (State.CREATED, State.STORED, State.DELIVERED) else Charge.NO

    @property
    def undelivered(self) -> bool:
        """Whether money was or may have been spent on something the user does not have yet."""
        return self in (State.COMMITTED, State.CREATED, State.STORED)

    @property
    def unpaid(self) -> bool:
        """Whether the job can be thrown away or begun anew without loss."""
        return self in (State.PREPARED, State.SENDING)


class InvalidRecord(ValueError):
    """The record cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class PartialDownload:
    """What a partly downloaded file belongs to: the link without its token, its ETag and its length."""

    source: str
    etag: str | None = None
    total: int | None = None


@dataclass(frozen=True)
class JobRecord:
    """All that is remembered of a job. Times are unix seconds, sizes (width, height) in pixels.

    ``digest`` names the request (see ``UpscaleRequest.digest``), ``service`` the address it was sent to,
    ``origin`` what the front end wants to remember. ``source``, ``upload`` and ``result`` are names of
    files in the job's folder. ``doubt`` says why it is not known whether a task was created; ``adopted``
    that the task was found in the service's list. ``pace`` is the task's real duration over its estimate.
    ``others`` holds the members that this version does not know.
    """

    state: State
    created: float
    parameters: dict[str, Any]
    digest: str
    service: str
    source: str
    size: tuple[int, int]
    expected: tuple[int, int]
    origin: dict[str, Any] = field(default_factory=dict)
    upload: str | None = None
    task_id: str | None = None
    result: str | None = None
    result_bytes: int | None = None
    partial: PartialDownload | None = None
    doubt: str | None = None
    adopted: bool = False
    paid: float | None = None
    pace: float | None = None
    used: float | None = None
    delivered: float | None = None
    history: tuple[tuple[float, str], ...] = ()
    version: int = VERSION
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def touched(self) -> float:
        """The time of the last change of state or reuse."""
        return max(self.history[-1][0] if self.history else self.created, self.used or 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object."""
        value = asdict(self)
        return {**value.pop("others"), **value}


def read_record(value: Any) -> JobRecord:
    """Return the record in a JSON ``value``; InvalidRecord says what is wrong with it."""
    if not isinstance(value, dict):
        raise InvalidRecord(translatable("it is no JSON object"))
    if "version" in value and isinstance(value["version"], int) and value["version"] > VERSION:
        raise InvalidRecord(translatable("a newer version of the plug-in wrote it"))
    members = {}
    for known in fields(JobRecord):
        if known.name not in _READERS:
            continue
        if known.name in value:
            try:
                members[known.name] = _READERS[known.name](value[known.name])
            except (ValueError, TypeError, OverflowError):
                raise InvalidRecord(
                    translatable("its member {name} has a wrong value", name=known.name)
                ) from None
        elif known.default is MISSING and known.default_factory is MISSING:
            raise InvalidRecord(translatable("its member {name} is missing", name=known.name))
    others = {name: item for name, item in value.items() if name not in _READERS}
    return JobRecord(**members, others=others)


def _a(kind: type[T]) -> Callable[[Any], T]:
    def read(value: Any) -> T:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError
        return value

    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError
    return float(value)


def _pair(value: Any) -> tuple[int, int]:
    width, height = map(_a(int), _a(list)(value))
    if width < 1 or height < 1:
        raise ValueError
    return width, height


def _file_name(value: Any) -> str:
    # these files are deleted in time: a name must not lead out of the job's folder
    name = _a(str)(value)
    if name in ("", ".", "..") or PureWindowsPath(name).name != name:
        raise ValueError
    return name


def _or_none(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else read(value)


def _history(value: Any) -> tuple[tuple[float, str], ...]:
    return tuple((_number(time), _a(str)(state)) for time, state in _a(list)(value))


def _partial(value: Any) -> PartialDownload:
    stored = _a(dict)(value)
    return PartialDownload(
        _a(str)(stored["source"]) if "source" in stored else "",
        _or_none(_a(str))(stored.get("etag")),
        _or_none(_a(int))(stored.get("total")),
    )


_READERS: dict[str, Callable[[Any], Any]] = {
    "state": State,
    "created": _number,
    "parameters": _a(dict),
    "digest": _a(str),
    "service": _a(str),
    "source": _file_name,
    "size": _pair,
    "expected": _pair,
    "origin": _a(dict),
    "upload": _or_none(_file_name),
    "task_id": _or_none(_a(str)),
    "result": _or_none(_file_name),
    "result_bytes": _or_none(_a(int)),
    "partial": _or_none(_partial),
    "doubt": _or_none(_a(str)),
    "adopted": _a(bool),
    "paid": _or_none(_number),
    "pace": _or_none(_number),
    "used": _or_none(_number),
    "delivered": _or_none(_number),
    "history": _history,
    "version": _a(int),
}
