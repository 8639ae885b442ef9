"""The journal of jobs: one folder for each, with its record, its source and its result.

A job's record changes only by an atomic, synced replacement, and always *before* the step it announces.
After a crash it may understate the progress, but never the money that was spent.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from precision_upscaler.clock import Clock
from precision_upscaler.errors import (
    DiskFull,
    JobBusy,
    JobUnknown,
    JournalBroken,
    RecordDamaged,
    UpscaleError,
)
from precision_upscaler.imaging.base import EXTENSIONS, Chunk, ImageFile, file_blocks, inspect
from precision_upscaler.imaging.metadata import extract, pack, strip, unpack
from precision_upscaler.messages import translatable
from precision_upscaler.protocol import Charge, Message

from .files import (
    FileLock,
    copy_durably,
    private_folder,
    read_json,
    rename,
    sync_folder,
    write_atomically,
    write_durably,
    write_json,
)
from .job_record import InvalidRecord, JobRecord, State, read_record
from .log import LOGGER

_RECORD = "job.json"
KNOWN_TASKS = "known.json"
"""Where a job keeps the ids of the tasks that were there before its create."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_RESERVE = "reserve"
_CARRIED = "carried"
_RESERVE_BYTES = 64 << 10
_REMEMBERED = 1000
_READS = 20
_READ_AGAIN = 0.05
_TASK_ID = re.compile(rb'"task_id":\s*"([^"\\]+)"')
_UNPAID_DAYS = 1.0
_DAY = 86400.0
_GRACE = 600.0
"""Seconds in which a front end loads a delivered result, and another run sees how its job ended."""


@dataclass(frozen=True)
class JobSpec:
    """What a new job's record begins with."""

    parameters: dict[str, Any]
    digest: str
    service: str
    origin: dict[str, Any]


class Job:
    """One job's folder. Read :attr:`record` freely; change it with :meth:`update` only."""

    def __init__(
        self, folder: Path, record: JobRecord, clock: Clock, on_state: Callable[[Job], None] = lambda _: None
    ) -> None:
        self.folder = folder
        self.record = record
        self._on_state = on_state
        self.lock = FileLock(folder / "lock")
        self._clock = clock

    @property
    def job_id(self) -> str:
        """The job's name, which is its folder's."""
        return self.folder.name

    @property
    def state(self) -> State:
        """Where the job stands."""
        return self.record.state

    @property
    def task_id(self) -> str | None:
        """The service's name for the task, None while there is none."""
        return self.record.task_id

    @property
    def source(self) -> Path:
        """The stored source picture (gone once the result is delivered)."""
        return self.folder / self.record.source

    @property
    def upload(self) -> Path:
        """The file to send: the source, or a smaller copy of it that a front end made for sending."""
        copy = self.folder / self.record.upload if self.record.upload else None
        return copy if copy is not None and copy.exists() else self.source

    @property
    def result(self) -> Path | None:
        """The stored result, None while there is none."""
        return self.folder / self.record.result if self.record.result else None

    @property
    def part(self) -> Path:
        """Where a download grows."""
        return self.folder / "result.part"

    @property
    def carried(self) -> list[Chunk]:
        """What the source held that is not sent, but belongs into the result."""
        try:
            return unpack((self.folder / _CARRIED).read_bytes())
        except OSError:
            return []

    def reload(self) -> None:
        """Read the record again: another process may have changed it."""
        self.record = _opened(self.folder, self._clock)

    def update(self, state: State | None = None, **changes: Any) -> None:
        """Change the record, durably, before returning.

        When the disk is full the job's reserve is given up for it: an id that was paid for must find
        room. What cannot be written is raised with what it cost and the task's id.
        """
        record = replace(self.record, **changes)
        if state is not None and state is not self.state:
            step = (round(self._clock.time(), 3), state.value)
            record = replace(record, state=state, history=(*record.history, step))
        try:
            self._write(record)
        except OSError as error:
            raise self._not_written(error, record) from error
        changed = record.state is not self.record.state
        self.record = record
        # while the request is being sent nothing may wait for another process's lock
        if changed and record.state is not State.COMMITTED:
            self._on_state(self)

    def _write(self, record: JobRecord) -> None:
        try:
            write_json(self.folder / _RECORD, record.to_json())
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            with contextlib.suppress(OSError):
                (self.folder / _RESERVE).unlink()
            write_json(self.folder / _RECORD, record.to_json())

    def _not_written(self, error: OSError, record: JobRecord) -> UpscaleError:
        """Return the error for a record that could not be written; the new record knows what it cost."""
        # a request that could not be recorded as committed is not completed either
        before = record.state is State.COMMITTED
        charged = self.state.charged if before else record.state.charged
        if error.errno in _NO_ROOM:
            full = "The disk is full: the journal cannot be written."
            return DiskFull(full, charged=charged, task_id=record.task_id)
        what = translatable("The journal cannot be written: {problem}.", problem=error.strerror)
        return JournalBroken(what, charged=charged, task_id=record.task_id)

    def deliver(self) -> None:
        """Note that the user has the picture; the source is no longer needed, the result kept for reuse."""
        self.reload()
        if self.state is State.STORED:
            self.update(State.DELIVERED, delivered=self._clock.time())
        self.drop_bulk()

    def note_use(self) -> None:
        """Note that the delivered result is handed out once more, so that it is not pruned meanwhile."""
        with contextlib.suppress(UpscaleError):  # a full disk must not keep anybody from the picture
            self.update(used=self._clock.time())

    def drop_bulk(self) -> None:
        """Delete what only an unfinished job needs."""
        # an adopted task's job keeps what it knew: another job may have to find its own by it
        known = [] if self.record.adopted else [self.folder / KNOWN_TASKS]
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

    def summary(self) -> Message:
        """Return what Resume shows, as the worker protocol's ``jobs`` item."""
        result = self.result
        return {
            "job_id": self.job_id,
            "state": self.state.value,
            "created": self.record.created,
            "task_id": self.task_id,
            "charged": self.state.charged,
            "origin": self.record.origin,
            "parameters": self.record.parameters,
            "source": str(self.source),
            "result": str(result) if result is not None else None,
            "width": self.record.expected[0],
            "height": self.record.expected[1],
            "running": self.is_running(),
        }

    def is_running(self) -> bool:
        """Whether somebody works on the job at this moment."""
        probe = FileLock(self.folder / "lock")
        if probe.acquire(wait=False):
            probe.release()
            return False
        return True


@dataclass(frozen=True)
class DamagedJob:
    """A job whose record cannot be used: it is named, and the other jobs go on without it.

    ``content`` is the record's bytes as far as they can be read.
    """

    folder: Path
    problem: str
    content: bytes = b""

    @property
    def task_id(self) -> str | None:
        """The task's id, if it can still be found in the record."""
        found = _TASK_ID.search(self.content)
        return None if found is None else found[1].decode("utf-8", "replace")

    def error(self) -> RecordDamaged:
        """Return the error that names the job, for a list of jobs and for whoever asks for this one."""
        what = translatable(
            "The record of the job {name} is damaged: {problem}.", name=self.folder.name, problem=self.problem
        )
        error = RecordDamaged(what, task_id=self.task_id, folder=str(self.folder))
        error.job_id = self.folder.name
        return error


def _read_record(folder: Path, clock: Clock) -> JobRecord | DamagedJob | None:
    """Return what is in a job's folder, None when there is no record.

    A record that is there and cannot be read may have been paid for: that is JournalBroken, after a
    moment of patience, because Windows refuses to read a file that is being replaced.
    """
    path = folder / _RECORD
    for again in range(_READS):
        try:
            value = read_json(path)
            return None if value is None and not path.exists() else read_record(value)
        except NotADirectoryError:
            return None
        except InvalidRecord as problem:
            return DamagedJob(folder, problem.args[0], _content(path))
        except (ValueError, RecursionError):
            return DamagedJob(folder, translatable("it is no JSON"), _content(path))
        except OSError as error:
            LOGGER.info("job %s: its record cannot be read: %s", folder.name, error.strerror)
            if again == _READS - 1:
                raise JournalBroken(
                    translatable(
                        "The record of the job {name} cannot be read: {problem}.",
                        name=folder.name,
                        problem=error.strerror,
                    ),
                    charged=Charge.UNKNOWN,
                ) from error
            clock.sleep(_READ_AGAIN)
    raise AssertionError  # the last attempt returns or raises


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _opened(folder: Path, clock: Clock) -> JobRecord:
    found = _read_record(folder, clock)
    if found is None:
        raise JobUnknown(translatable("The job {name} is not in the journal.", name=folder.name))
    if isinstance(found, DamagedJob):
        raise found.error()
    return found


class Journal:
    """All jobs of the user, under ``folder``."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        try:
            self.folder = private_folder(folder)
        except OSError as error:
            raise JournalBroken(
                translatable("The journal's folder cannot be made: {problem}.", problem=error.strerror)
            ) from error
        self.clock = clock
        self.on_state: Callable[[Job], None] = lambda _: None
        """Called after a change of a job's state has been written, but not when it becomes COMMITTED."""
        self._lock_path = folder / "lock"
        self._former = folder / "former-tasks.json"

    def lock(self) -> FileLock:
        """Return a new lock that excludes every other look-and-create of this journal."""
        return FileLock(self._lock_path)

    def create(
        self, picture: ImageFile, spec: JobSpec, *, take_source: bool, upload: ImageFile | None = None
    ) -> Job:
        """Store a new job, prepared; DiskFull (nothing charged) when there is no room for it.

        Its source holds what is sent of the picture, or would be if there were no ``upload`` to send in
        its place; with ``take_source`` the files may be moved for it.
        """
        now = self.clock.time()
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + "-" + secrets.token_hex(4)
        scale = int(spec.parameters["scale_factor"])
        record = JobRecord(
            state=State.PREPARED,
            created=now,
            parameters=spec.parameters,
            digest=spec.digest,
            service=spec.service,
            origin=spec.origin,
            source="source" + EXTENSIONS[picture.format],
            upload=None if upload is None else "upload" + EXTENSIONS[upload.format],
            size=(picture.width, picture.height),
            expected=(picture.width * scale, picture.height * scale),
            history=((round(now, 3), State.PREPARED.value),),
        )
        building = self.folder / f".new-{name}"
        try:
            private_folder(building)
            write_atomically(building / _RESERVE, secrets.token_bytes(_RESERVE_BYTES))
            if chunks := extract(picture):
                write_atomically(building / _CARRIED, pack(chunks))
            _store_pixels(picture, building / record.source, take=take_source)
            if upload is not None and record.upload is not None:
                _store_pixels(upload, building / record.upload, take=take_source)
            write_json(building / _RECORD, record.to_json())
            rename(building, self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            shutil.rmtree(building, ignore_errors=True)
            if error.errno in _NO_ROOM:
                raise DiskFull("There is no room to keep the picture while it is worked on.") from error
            raise JournalBroken(
                translatable("The journal cannot be written: {problem}.", problem=error.strerror)
            ) from error
        return Job(self.folder / name, record, self.clock, self.on_state)

    def open(self, job_id: str) -> Job:
        """Return the job called ``job_id``; JobUnknown when there is none, RecordDamaged if it is damaged."""
        folder = self._folder_of(job_id)
        return Job(folder, _opened(folder, self.clock), self.clock, self.on_state)

    def _folder_of(self, job_id: str) -> Path:
        if not job_id or not set(job_id) <= set("0123456789abcdef-"):
            raise JobUnknown(translatable("{name} is no name of a job.", name=repr(job_id)))
        return self.folder / job_id

    def _scan(self, *, strict: bool = True) -> Iterator[Job | DamagedJob]:
        """Yield every job, the oldest first; if ``strict``, JournalBroken at a record that cannot be read."""
        for folder in sorted(self.folder.iterdir()):
            if not folder.name[0].isdigit() or not folder.is_dir():
                continue
            try:
                found = _read_record(folder, self.clock)
            except JournalBroken as error:
                if strict:
                    raise
                found = DamagedJob(folder, error.what)
            if isinstance(found, JobRecord):
                yield Job(folder, found, self.clock, self.on_state)
            elif found is not None:
                LOGGER.warning("job %s: its record is damaged: %s", folder.name, found.problem)
                yield found

    def __iter__(self) -> Iterator[Job]:
        """Yield every undamaged job, the oldest first; JournalBroken at a record that cannot be read."""
        return (job for job in self._scan() if isinstance(job, Job))

    def readable(self) -> list[Job]:
        """Return the undamaged jobs, the oldest first, for what costs nothing."""
        return [job for job in self._scan(strict=False) if isinstance(job, Job)]

    def damaged(self) -> list[DamagedJob]:
        """Return the jobs whose record cannot be used."""
        return [job for job in self._scan(strict=False) if isinstance(job, DamagedJob)]

    def undelivered(self) -> list[Job]:
        """Return the readable jobs on which money was or may have been spent and that nobody has yet."""
        return [job for job in self.readable() if job.state.undelivered]

    def same(self, digest: str) -> list[Job]:
        """Return the jobs that asked for exactly this, the newest first.

        RecordDamaged when a damaged record names the same request: it may have been paid for.
        """
        found = []
        for job in self._scan():
            if isinstance(job, Job):
                if job.record.digest == digest:
                    found.append(job)
            elif digest.encode() in job.content:
                raise job.error()
        return found[::-1]

    def task_ids(self) -> set[str]:
        """Return the ids of all tasks any job of this journal knows to be its own."""
        return {job.task_id for job in self._scan() if job.task_id is not None}

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
            job.record.pace
            for job in self.readable()[-20:]
            if job.record.service == service and job.record.pace is not None
        )
        return ratios[len(ratios) // 2] if ratios else 1.0

    def discard(self, job_id: str) -> None:
        """Remove the job ``job_id``, damaged or not; JobBusy while another process works on it."""
        folder = self._folder_of(job_id)
        with self.lock():
            found = _read_record(folder, self.clock)
            if found is None:
                raise JobUnknown(translatable("The job {name} is not in the journal.", name=job_id))
            charged = found.state.charged if isinstance(found, JobRecord) else Charge.UNKNOWN
            lock = FileLock(folder / "lock")
            if not lock.acquire(wait=False):
                raise JobBusy("The job is being worked on at this moment.", charged=charged)
            lock.release()
            self._remove(folder, found.task_id)

    def remove(self, job: Job) -> None:
        """Delete a job: out of sight in one step, then its files."""
        self._remove(job.folder, job.task_id)

    def _remove(self, folder: Path, task_id: str | None) -> None:
        if task_id is not None:
            # or it would be taken for another computer's task when a lost one is looked for
            with contextlib.suppress(OSError):
                write_json(self._former, [*self.former_task_ids(), task_id][-_REMEMBERED:])
        gone = self.folder / f".gone-{folder.name}"
        rename(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)

    def prune(self, days: float, megabytes: float) -> None:
        """Remove old or too large deliveries and remains of jobs that cost nothing.

        A job that somebody works on, that was delivered, reused or ended only minutes ago, or on which
        money was or may have been spent without a result in the user's hands, is never removed; nor is a
        damaged one. To be called under the journal's lock.
        """
        deliveries: list[Job] = []
        for job in self.readable():
            if not _is_idle(job):
                continue
            limit = days if job.state is State.DELIVERED else min(days, _UNPAID_DAYS)
            if self._age(job) > max(limit * _DAY, _GRACE):
                self.remove(job)
            elif job.state is State.DELIVERED:
                deliveries.append(job)
        total = sum(job.size() for job in deliveries)
        for job in sorted(deliveries, key=lambda item: item.record.touched):
            if total <= megabytes * (1 << 20) or self._age(job) <= _GRACE:
                break
            total -= job.size()
            self.remove(job)
        # what a crash while creating or removing left: a day is longer than either takes
        for folder in self.folder.glob(".*-*"):
            if self.clock.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder, ignore_errors=True)

    def _age(self, job: Job) -> float:
        return self.clock.time() - job.record.touched


def _is_idle(job: Job) -> bool:
    if job.state.undelivered or not job.lock.acquire(wait=False):
        return False
    # Windows removes no file that is open; nobody can take the lock while the journal's is held
    job.lock.release()
    return True


def _store_pixels(picture: ImageFile, target: Path, *, take: bool) -> None:
    """Write what may be sent of ``picture`` to ``target``, which may move the file when that is all of it."""
    pieces = strip(picture)
    if pieces is None:
        copy_durably(picture.path, target, take=take)
    else:
        write_durably(target, file_blocks(picture.path, pieces))


def intact_result(job: Job) -> ImageFile | None:
    """Return the job's stored result if its file is there with the recorded length, else None."""
    path = job.result
    if path is None:
        return None
    try:
        if path.stat().st_size != job.record.result_bytes:
            return None
        return inspect(path)
    except (OSError, ValueError):
        return None
