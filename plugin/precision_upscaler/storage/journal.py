"""What outlives a process: one folder per job with what was asked, the task id, the source and the result.

A job's record changes only by an atomic, synced replacement, and always *before* the step it
announces: whatever dies whenever, the record says at most too little progress, never too much money.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from precision_upscaler.clock import Clock
from precision_upscaler.errors import DiskFull, JobUnknown, JournalBroken, UpscaleError
from precision_upscaler.imaging.base import EXTENSIONS, Picture, inspect
from precision_upscaler.imaging.carrying import Chunk, carried, packed, unpacked
from precision_upscaler.imaging.metadata import file_blocks, pieces_to_send
from precision_upscaler.messages import said
from precision_upscaler.protocol import Charged

from .files import (
    FileLock,
    copy_durably,
    private_folder,
    read_json,
    sync_folder,
    write_atomically,
    write_durably,
    write_json,
)
from .log import LOGGER

_RECORD = "job.json"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_RESERVE = "reserve"
_CARRIED = "carried"
_RESERVE_BYTES = 64 << 10
_REMEMBERED = 1000
_READS = 20
_READ_AGAIN = 0.05


class State(StrEnum):
    """Where a job stands; the order of the members is the order of a job's life."""

    PREPARED = "prepared"  # the source is stored
    SENDING = "sending"  # the request is on its way, but cannot be accepted yet
    COMMITTED = "committed"  # the request may have been accepted
    CREATED = "created"  # the task's id is known: it is paid for
    STORED = "stored"  # the result is here, whole
    DELIVERED = "delivered"  # the user has it
    FAILED = "failed"  # the service failed the task
    REFUSED = "refused"  # the service refused the request
    CANCELLED = "cancelled"  # the user stopped it before it cost anything

    @property
    def charged(self) -> Charged:
        """Whether a job in this state has cost money."""
        if self in (State.COMMITTED, State.FAILED):
            return "unknown"
        return "yes" if self in (State.CREATED, State.STORED, State.DELIVERED) else "no"

    @property
    def undelivered(self) -> bool:
        """Whether money was or may have been spent on something the user does not have yet."""
        return self in (State.COMMITTED, State.CREATED, State.STORED)

    @property
    def unpaid(self) -> bool:
        """Whether the job can be thrown away or begun anew without loss."""
        return self in (State.PREPARED, State.SENDING)


@dataclass(frozen=True)
class JobSpec:
    """What a new job's record begins with."""

    parameters: dict[str, Any]
    digest: str
    service: str
    origin: dict[str, Any]


class Job:
    """One job's folder. Read :attr:`record` freely; change it with :meth:`update` only."""

    def __init__(self, folder: Path, record: dict[str, Any], clock: Clock) -> None:
        self.folder = folder
        self.record = record
        self.lock = FileLock(folder / "lock")
        self._clock = clock

    @property
    def job_id(self) -> str:
        """The job's name, which is its folder's."""
        return self.folder.name

    @property
    def state(self) -> State:
        """Where the job stands."""
        return State(self.record["state"])

    @property
    def task_id(self) -> str | None:
        """The service's name for the task, None while there is none."""
        value = self.record.get("task_id")
        return value if isinstance(value, str) else None

    @property
    def source(self) -> Path:
        """The stored source picture (gone once the result is delivered)."""
        return self.folder / str(self.record["source"])

    @property
    def upload(self) -> Path:
        """The file to send: the source, or a smaller copy of it that a front end made for sending."""
        name = self.record.get("upload")
        copy = self.folder / name if isinstance(name, str) else None
        return copy if copy is not None and copy.exists() else self.source

    @property
    def result(self) -> Path | None:
        """The stored result, None while there is none."""
        name = self.record.get("result")
        return self.folder / name if isinstance(name, str) else None

    @property
    def part(self) -> Path:
        """Where a download grows."""
        return self.folder / "result.part"

    @property
    def carried(self) -> list[Chunk]:
        """What the source held that is not sent, but belongs into the result."""
        try:
            return unpacked((self.folder / _CARRIED).read_bytes())
        except OSError:
            return []

    def reload(self) -> None:
        """Read the record again: another process may have changed it."""
        self.record = _read_record(self.folder, self._clock)

    def update(self, state: State | None = None, **changes: Any) -> None:
        """Change the record, durably, before returning.

        When the disk is full the job's reserve is given up for it: an id that was paid for must find
        room. What cannot be written is raised with what it cost and the task's id.
        """
        record = {**self.record, **changes}
        if state is not None and state != self.state:
            record["state"] = state.value
            record["history"] = [*record.get("history", ()), [round(self._clock.time(), 3), state.value]]
        try:
            self._write(record)
        except OSError as error:
            raise self._not_written(error, record) from error
        self.record = record

    def _write(self, record: dict[str, Any]) -> None:
        try:
            write_json(self.folder / _RECORD, record)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            with contextlib.suppress(OSError):
                (self.folder / _RESERVE).unlink()
            write_json(self.folder / _RECORD, record)

    def _not_written(self, error: OSError, record: dict[str, Any]) -> UpscaleError:
        """Return the error for a record that could not be written; the new record knows what it cost."""
        state = State(record["state"])
        # a request that could not be recorded as committed is not completed either
        charged = self.state.charged if state is State.COMMITTED else state.charged
        task_id = record.get("task_id")
        if error.errno in _NO_ROOM:
            full = "The disk is full: the journal cannot be written."
            return DiskFull(full, charged=charged, task_id=task_id)
        what = said("The journal cannot be written: {problem}.", problem=error.strerror)
        return JournalBroken(what, charged=charged, task_id=task_id)

    def deliver(self) -> None:
        """Note that the user has the picture; the source is no longer needed, the result kept for reuse."""
        self.reload()
        if self.state is State.STORED:
            self.update(State.DELIVERED, delivered=self._clock.time())
        self.drop_bulk()

    @property
    def touched(self) -> float:
        """The unix time of the last change of state or reuse."""
        history = self.record.get("history") or [[self.record["created"], ""]]
        return max(float(history[-1][0]), float(self.record.get("used", 0.0)))

    def note_use(self) -> None:
        """Note that the delivered result is handed out once more, so that it is not pruned meanwhile."""
        with contextlib.suppress(UpscaleError):  # a full disk must not keep anybody from the picture
            self.update(used=self._clock.time())

    def drop_bulk(self) -> None:
        """Delete what only an unfinished job needs."""
        # an adopted task's job keeps what it knew: another job may have to find its own by it
        known = [] if self.record.get("adopted") else [self.folder / "known.json"]
        for path in (self.upload, self.source, self.part, self.folder / _RESERVE, *known):
            with contextlib.suppress(OSError):
                path.unlink()

    def size(self) -> int:
        """Return the bytes of all files."""
        total = 0
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                total += entry.stat().st_size
        return total

    def summary(self) -> dict[str, Any]:
        """Return what Resume shows, as the worker protocol's ``jobs`` item."""
        result = self.result
        return {
            "job_id": self.job_id,
            "state": self.state.value,
            "created": self.record["created"],
            "task_id": self.task_id,
            "charged": self.state.charged,
            "origin": self.record.get("origin", {}),
            "parameters": self.record.get("parameters", {}),
            "source": str(self.source),
            "result": str(result) if result is not None else None,
            "width": self.record["expected"][0],
            "height": self.record["expected"][1],
            "running": self.is_running(),
        }

    def is_running(self) -> bool:
        """Whether somebody works on the job at this moment."""
        probe = FileLock(self.folder / "lock")
        if probe.acquire(wait=False):
            probe.release()
            return False
        return True


def _read_record(folder: Path, clock: Clock) -> dict[str, Any]:
    """Return a job's record; JobUnknown when there is none or it is damaged.

    A record that is there and cannot be read may have been paid for: that is JournalBroken, after a
    moment of patience, because Windows refuses to read what is just being replaced.
    """
    for again in range(_READS):
        try:
            return _checked(read_json(folder / _RECORD))
        except (ValueError, KeyError, TypeError, NotADirectoryError):
            break
        except OSError as error:
            LOGGER.info("job %s: its record cannot be read: %s", folder.name, error.strerror)
            if again == _READS - 1:
                raise JournalBroken(
                    said(
                        "The record of the job {name} cannot be read: {problem}.",
                        name=folder.name,
                        problem=error.strerror,
                    ),
                    charged="unknown",
                ) from error
            clock.sleep(_READ_AGAIN)
    raise JobUnknown(
        said("The job {name} is not in the journal, or its record is damaged.", name=folder.name)
    )


def _checked(record: Any) -> dict[str, Any]:
    """Return ``record`` if it has what everybody relies on; ValueError, KeyError or TypeError if not."""
    State(record["state"])
    record["created"], record["source"], record["expected"]
    return dict(record)


class Journal:
    """All jobs of the user, under ``folder``."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        try:
            self.folder = private_folder(folder)
        except OSError as error:
            raise JournalBroken(
                said("The journal's folder cannot be made: {problem}.", problem=error.strerror)
            ) from error
        self.clock = clock
        self._lock_path = folder / "lock"
        self._former = folder / "former-tasks.json"

    def lock(self) -> FileLock:
        """Return a new lock that excludes every other look-and-create of this journal."""
        return FileLock(self._lock_path)

    def create(
        self, picture: Picture, spec: JobSpec, *, take_source: bool, upload: Picture | None = None
    ) -> Job:
        """Store a new job, prepared; DiskFull (nothing charged) when there is no room for it.

        Its source holds what is sent of the picture, or would be if there were no ``upload`` to send in
        its place; with ``take_source`` the files may be moved for it.
        """
        now = self.clock.time()
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + "-" + secrets.token_hex(4)
        scale = int(spec.parameters["scale_factor"])
        record = {
            "version": 1,
            "state": State.PREPARED.value,
            "created": now,
            "parameters": spec.parameters,
            "digest": spec.digest,
            "service": spec.service,
            "origin": spec.origin,
            "source": "source" + EXTENSIONS[picture.format],
            "upload": None if upload is None else "upload" + EXTENSIONS[upload.format],
            "size": [picture.width, picture.height],
            "expected": [picture.width * scale, picture.height * scale],
            "task_id": None,
            "result": None,
            "history": [[round(now, 3), State.PREPARED.value]],
        }
        building = self.folder / f".new-{name}"
        try:
            private_folder(building)
            write_atomically(building / _RESERVE, secrets.token_bytes(_RESERVE_BYTES))
            if chunks := carried(picture):
                write_atomically(building / _CARRIED, packed(chunks))
            _store_pixels(picture, building / str(record["source"]), take=take_source)
            if upload is not None:
                _store_pixels(upload, building / str(record["upload"]), take=take_source)
            write_json(building / _RECORD, record)
            building.rename(self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            if error.errno in _NO_ROOM:
                raise DiskFull("There is no room to keep the picture while it is worked on.") from error
            raise JournalBroken(
                said("The journal cannot be written: {problem}.", problem=error.strerror)
            ) from error
        return Job(self.folder / name, record, self.clock)

    def open(self, job_id: str) -> Job:
        """Return the job called ``job_id``; JobUnknown when there is none."""
        if not job_id or not set(job_id) <= set("0123456789abcdef-"):
            raise JobUnknown(said("{name} is no name of a job.", name=repr(job_id)))
        folder = self.folder / job_id
        return Job(folder, _read_record(folder, self.clock), self.clock)

    def __iter__(self) -> Iterator[Job]:
        """Yield every readable job, the oldest first."""
        for folder in sorted(self.folder.iterdir()):
            if folder.name[0].isdigit() and folder.is_dir():
                with contextlib.suppress(JobUnknown):
                    yield Job(folder, _read_record(folder, self.clock), self.clock)

    def undelivered(self) -> list[Job]:
        """Return the jobs on which money was or may have been spent and whose result nobody has yet."""
        return [job for job in self if job.state.undelivered]

    def same(self, digest: str) -> list[Job]:
        """Return the jobs that asked for exactly this, the newest first."""
        return [job for job in self if job.record.get("digest") == digest][::-1]

    def task_ids(self) -> set[str]:
        """Return the ids of all tasks any job of this journal knows to be its own."""
        return {job.task_id for job in self if job.task_id is not None}

    def former_task_ids(self) -> list[str]:
        """Return the ids of the tasks of jobs that were removed, as far as they are remembered."""
        try:
            stored = read_json(self._former)
        except (OSError, ValueError):
            return []
        return [item for item in stored if isinstance(item, str)] if isinstance(stored, list) else []

    def pace(self, service: str) -> float:
        """Return the usual ratio of real to estimated durations at ``service``, 1.0 without experience."""
        ratios = sorted(
            float(job.record["pace"])
            for job in list(self)[-20:]
            if job.record.get("service") == service and isinstance(job.record.get("pace"), (int, float))
        )
        return ratios[len(ratios) // 2] if ratios else 1.0

    def remove(self, job: Job) -> None:
        """Delete a job: out of sight in one step, then its files."""
        if job.task_id is not None:
            # or it would be a stranger's task to whoever looks for a lost one
            with contextlib.suppress(OSError):
                write_json(self._former, [*self.former_task_ids(), job.task_id][-_REMEMBERED:])
        gone = self.folder / f".gone-{job.job_id}"
        job.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _store_pixels(picture: Picture, target: Path, *, take: bool) -> None:
    """Write what may be sent of ``picture`` to ``target``, which may move the file when that is all of it."""
    pieces = pieces_to_send(picture)
    if pieces is None:
        copy_durably(picture.path, target, take=take)
    else:
        write_durably(target, file_blocks(picture.path, pieces))


def intact_result(job: Job) -> Picture | None:
    """Return the job's stored result if its file is there with the recorded length, else None."""
    path = job.result
    if path is None:
        return None
    try:
        if path.stat().st_size != job.record.get("result_bytes"):
            return None
        return inspect(path)
    except (OSError, ValueError):
        return None
