"""One upscale behind a pipe: JSON lines in, JSON lines out; what every editor front end starts.

Started as ``python -m precision_upscaler.worker`` with the plug-in folder and its ``vendor`` folder
on ``PYTHONPATH``. The front end writes one JSON object a line to standard input and reads one JSON
object a line from standard output; both are UTF-8 and flushed line by line. Standard error carries
nothing a program should read. Paths are text. A worker serves one job and ends; one whose standard
input closes before it was given any ends without a word.

Commands (first line; the rest of the members depend on ``command``)::

    {"command": "prepare"}
        May come before any other: answered with ``ready``. A front end that does not know its command yet
        says this, so that the worker starts while the front end is still at work.
    {"command": "upscale", "source": "/tmp/layer.png", "take_source": true,
     "parameters": {"scale_factor": 2, "flavor": "photo", ...},   contract names; omitted = default
     "origin": {"application": "gimp3", "image": "wedding.xcf", "image_id": 3, "layer": "Sky", ...},
     "reuse": true, "upload": "/tmp/layer.jpg"}
        Upscale a PNG, JPEG or WebP file. ``take_source`` lets the worker move the file instead of
        copying it. ``origin`` is free-form, kept in the journal and shown by Resume. ``reuse`` lets
        an identical earlier job whose result is stored answer at no charge. Of the file only the pixels
        are sent: no metadata, no EXIF orientation, no colour profile for RGB, and so the result's
        numbers are in the source's colour space. ``upload`` (normally absent) is the same picture in a
        smaller format, to be sent in its place; the setting ``upload_format`` says who wants that.
    {"command": "resume", "job_id": "...", "adopt": "..."}
        Go on with a job of the journal, wherever it stands; waits for another worker that has it in
        hand. ``adopt`` (normally absent) is a task id the user recognised in the account as this job's,
        after a ``create-unresolved`` error whose ``details.candidates`` offered it.
    {"command": "jobs"}                        list undelivered jobs
    {"command": "forget", "job_id": "..."}     drop a job whose result the user does not want
    {"command": "status"}                      is a key stored, which address, which settings
    {"command": "settings", "set": {...}}      change settings; answers with all of them
    {"command": "store-key"}
        The line after it is the key itself, raw, not JSON; it is never echoed, logged or journalled.
    {"command": "test-key"}                    ask the service, with the free list call, if the key works
    {"command": "test-key", "key_follows": true}
        The same for a key that is not stored (and is not stored by this): the line after it, raw.
    {"command": "find-mock"}                   is an offline mock of the service on this computer

``find-mock``, ``status``, ``store-key`` and ``test-key`` take another service address for this once as ``base_url``.

While a job runs::

    {"command": "cancel"}       stop if nothing has been created; otherwise leave the job to Resume
    {"command": "delivered"}    the picture is in the user's image: the journal may forget the job

Standard input closing means that the front end is gone: the worker stops if nothing was created
yet, and otherwise finishes quietly and leaves the result in the journal for Resume.

Events (``event`` names the kind)::

    {"event": "ready", "settings": {...}}
    {"event": "stage", "stage": "preparing" | "sending" | "waiting" | "downloading" | "checking",
     "job_id": null | "...", "task_id": null | "...", "charged": "no" | "unknown" | "yes",
     "expected_seconds": 90.0 | null}
    {"event": "progress", "stage": "sending" | "waiting" | "downloading",
     "done": 65536, "total": 1048576 | null}        bytes, but seconds in stage "waiting"
    {"event": "warning", "code": "wrong-scale" | "adopted" | "no-task-list", "message": "...",
     "sentences": {"message": [...]}}
    {"event": "result", "job_id": "...", "task_id": "...", "path": "...", "format": "png" | "jpeg" | "webp",
     "width": 2048, "height": 1536, "charged": "yes", "reused": false}
        ``reused`` is true, and ``charged`` "no", when an earlier or simultaneous identical job paid.
    {"event": "cancelled", "job_id": ..., "charged": "no" | "unknown" | "yes", "message": "..."}
    {"event": "error", "code": "invalid-key", "what": "...", "charged": "no" | "unknown" | "yes",
     "charge": "Nothing was charged.", "advice": "...", "log": "/path/to/log", "job_id": null | "...",
     "details": {...}, "sentences": {"what": [...], "advice": [...]}}
        ``sentences`` are those of the texts they are named after, for a front end that translates them:
        [{"text": "{host} could not be reached ({reason}).", "values": {"host": "...", "reason": "..."}},
        ...]; a value may be {"parts": [...]}, such sentences again.
    {"event": "jobs", "jobs": [{"job_id", "state": "committed" | "created" | "stored", "created",
                                "task_id", "charged", "origin", "parameters", "source", "result",
                                "width", "height", "running"}, ...]}
        ``created`` in unix seconds; ``source`` a path; ``result`` a path or null; the size is that of
        the result asked for; ``running``: somebody works on the job at this moment.
    {"event": "status", "key": "environment" | "keyring" | "file" | null, "base_url": "...",
     "settings": {...}, "fields": {"<setting>": {...}, ...}, "data_folder": "...", "log": "...",
     "pace": 1.0, "unfinished": 0}
        ``fields``: kind, default, minimum, maximum, choices and help, as far as there are; ``pace``:
        real durations over estimated ones, so far; ``unfinished``: how many jobs ``jobs`` lists.
    {"event": "settings", "settings": {...}}
    {"event": "stored", "where": "keyring" | "file"}
    {"event": "key", "valid": true | false, "message": "..."}
    {"event": "forgotten", "job_id": "..."}
    {"event": "mock", "address": null | "http://127.0.0.1:8000", "key": "...", "base_url": "...",
     "is_mock": true | false}
        ``address`` and ``key``: those of a mock on this computer; ``is_mock``: a mock answers at the service
        address ``base_url``.

Every run ends with exactly one of ``result`` (then the worker waits for ``delivered`` or the end of
standard input), ``cancelled``, ``error`` or the answer to the command.

Environment: ``PRECISION_UPSCALER_BASE_URL`` (service address), ``FREEPIK_API_KEY`` /
``MAGNIFIC_API_KEY``, ``PRECISION_UPSCALER_DATA`` (folder of journal, settings, log; default: the
user's data folder).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from precision_upscaler.api import mock
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.jobs.context import Event, Result
from precision_upscaler.jobs.service import pruned, resume, upscale
from precision_upscaler.storage import credentials
from precision_upscaler.storage.log import LOGGER, open_log
from precision_upscaler.storage.settings import data_folder, described, effective_address, load, save

from .app import Workshop
from .cancel import CancelToken
from .errors import BadCommand, Cancelled, UnexpectedError, UpscaleError
from .messages import said

_LONGEST_LINE = 1 << 20


class Pipe:
    """The two ends towards the front end; once it is gone, writing is silently given up."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self._broken = False
        self._pending = b""

    def read_line(self) -> bytes | None:
        """Return the next line, None at the end of input.

        Reads the descriptor itself: a buffered reader that a listening thread is blocked in makes
        Python abort when it ends.
        """
        while b"\n" not in self._pending and len(self._pending) < _LONGEST_LINE:
            try:
                piece = os.read(self._reader, 1 << 16)
            except OSError:
                piece = b""
            if not piece:
                break
            self._pending += piece
        line, ended, self._pending = self._pending.partition(b"\n")
        return line if line or ended else None

    def send(self, event: Mapping[str, Any]) -> None:
        """Write one event and flush it."""
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if not self._broken:
                view = memoryview(line)
                try:
                    while view:
                        view = view[os.write(self._writer, view) :]
                except OSError:
                    self._broken = True


def _command(line: bytes) -> dict[str, Any]:
    try:
        command = json.loads(line)
    except ValueError:
        raise BadCommand("The front end sent a line that is no JSON.") from None
    if not isinstance(command, dict) or not isinstance(command.get("command"), str):
        raise BadCommand("The front end sent a line that is no command.")
    return command


def _text(command: Mapping[str, Any], name: str) -> str:
    value = command.get(name)
    if not isinstance(value, str) or not value:
        raise BadCommand(f"The command lacks its text {name!r}.")
    return value


def _mapping(command: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = command.get(name, {})
    if not isinstance(value, dict):
        raise BadCommand(f"The command's {name!r} must be an object.")
    return value


class Worker:
    """Serves one command."""

    def __init__(self, pipe: Pipe, workshop: Workshop) -> None:
        self._pipe = pipe
        self._workshop = workshop
        self._cancel = workshop.cancel
        self._later: queue.SimpleQueue[str] = queue.SimpleQueue()

    def serve(self, command: dict[str, Any]) -> None:
        """Carry out ``command`` and send its closing event."""
        commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "upscale": self._upscale,
            "resume": self._resume,
            "jobs": self._jobs,
            "forget": self._forget,
            "status": self._status,
            "settings": self._settings,
            "store-key": self._store_key,
            "test-key": self._test_key,
            "find-mock": self._find_mock,
        }
        serve = commands.get(command["command"])
        if serve is None:
            raise BadCommand(f"There is no command {command['command']!r}.")
        serve(command)

    # jobs --------------------------------------------------------------------------------------

    def _upscale(self, command: dict[str, Any]) -> None:
        request = UpscaleRequest(**_mapping(command, "parameters"))
        source = Path(_text(command, "source"))
        upload = Path(_text(command, "upload")) if "upload" in command else None
        self._run(
            lambda around: upscale(
                source,
                request,
                around,
                origin=_mapping(command, "origin"),
                reuse=command.get("reuse", True) is not False,
                take_source=command.get("take_source") is True,
                upload=upload,
            )
        )

    def _resume(self, command: dict[str, Any]) -> None:
        job_id = _text(command, "job_id")
        adopt = command.get("adopt")
        if adopt is not None and not isinstance(adopt, str):
            raise BadCommand("The command's 'adopt' must be a text.")
        self._run(lambda around: resume(job_id, around, adopt=adopt), job_id)

    def _run(self, run: Callable[..., Result], job_id: str | None = None) -> None:
        listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        listener.start()
        workshop = self._workshop
        with (
            pruned(workshop.journal, workshop.settings),
            workshop.surroundings(self._emit, job_id=job_id) as around,
        ):
            try:
                result = run(around)
            except Cancelled as cancelled:
                self._pipe.send(
                    {
                        "event": "cancelled",
                        "job_id": workshop.last_job_id,
                        "charged": cancelled.charged,
                        "message": _cancel_message(cancelled.charged),
                    }
                )
                return
            self._pipe.send(result.to_event())
            if self._later.get() == "delivered":
                with contextlib.suppress(UpscaleError):
                    workshop.journal.open(result.job_id).deliver()

    def _emit(self, event: Event) -> None:
        value = event.to_event()
        if value["event"] == "stage":
            self._workshop.last_job_id = value["job_id"]
        self._pipe.send(value)

    def _listen(self) -> None:
        """Read the later commands; ``gone`` stands for the end of input."""
        while (line := self._pipe.read_line()) is not None:
            try:
                word = _command(line)["command"]
            except BadCommand as error:
                LOGGER.warning("ignored: %s", error.what)
                continue
            if word == "cancel":
                self._cancel.set()
            elif word == "delivered":
                self._later.put("delivered")
        # nobody is listening any more: stop what is free, finish what is paid for
        LOGGER.info("the front end is gone")
        self._cancel.abandon()
        self._later.put("gone")

    # the rest ----------------------------------------------------------------------------------

    def _jobs(self, _command: dict[str, Any]) -> None:
        jobs = [job.summary() for job in self._workshop.journal.undelivered()]
        self._pipe.send({"event": "jobs", "jobs": jobs})

    def _forget(self, command: dict[str, Any]) -> None:
        job_id = _text(command, "job_id")
        self._workshop.forget(job_id)
        self._pipe.send({"event": "forgotten", "job_id": job_id})

    def _status(self, _command: dict[str, Any]) -> None:
        workshop = self._workshop
        key = workshop.find_key()
        self._pipe.send(
            {
                "event": "status",
                "key": None if key is None else key.where,
                "base_url": workshop.base_url,
                "settings": workshop.settings.to_json(),
                "fields": described(),
                "data_folder": str(workshop.folder),
                "log": str(workshop.log),
                "pace": workshop.journal.pace(workshop.base_url),
                "unfinished": len(workshop.journal.undelivered()),
            }
        )

    def _settings(self, command: dict[str, Any]) -> None:
        settings = self._workshop.settings.changed(_mapping(command, "set"))
        save(self._workshop.folder, settings)
        self._pipe.send({"event": "settings", "settings": settings.to_json()})

    def _key_line(self) -> str:
        """Read the line that is a key."""
        return (self._pipe.read_line() or b"").decode("utf-8", "replace").strip()

    def _store_key(self, _command: dict[str, Any]) -> None:
        where = credentials.store_key(self._workshop.folder, self._workshop.base_url, self._key_line())
        self._pipe.send({"event": "stored", "where": where})

    def _test_key(self, command: dict[str, Any]) -> None:
        given = self._key_line() if command.get("key_follows") is True else None
        valid, message = self._workshop.test_key(given)
        self._pipe.send({"event": "key", "valid": valid, "message": message})

    def _find_mock(self, _command: dict[str, Any]) -> None:
        base_url = self._workshop.base_url
        self._pipe.send(
            {
                "event": "mock",
                "address": mock.find_mock(),
                "key": mock.KEY,
                "base_url": base_url,
                "is_mock": mock.is_mock_address(base_url),
            }
        )


def _cancel_message(charged: str) -> str:
    return {
        "no": "Cancelled. Nothing was charged.",
        "unknown": "Cancelled. It is not certain whether the task was created; Resume finds out.",
        "yes": "Cancelled. The task is paid for: Resume fetches its picture without a new charge.",
    }[charged]


def _first_command(pipe: Pipe, folder: Path) -> dict[str, Any] | None:
    """Return the command to serve, None when the front end went away without giving one."""
    line = pipe.read_line()
    if line is not None and _command(line)["command"] == "prepare":
        pipe.send({"event": "ready", "settings": load(folder).to_json()})
        line = pipe.read_line()
    return None if line is None else _command(line)


def main() -> int:
    """Serve the one command on standard input; the exit code is 0 unless the worker itself broke."""
    pipe = Pipe(sys.stdin.fileno(), sys.stdout.fileno())
    log: Path | None = None
    workshop: Workshop | None = None
    try:
        folder = data_folder(os.environ)
        log = open_log(folder)
        command = _first_command(pipe, folder)
        if command is None:
            return 0
        settings = load(folder)
        given = _text(command, "base_url") if "base_url" in command else None
        # a wrong address in the settings must not keep anybody from correcting it
        address = None if command["command"] == "settings" else effective_address(settings, given)
        workshop = Workshop(
            folder,
            settings,
            address or settings.base_url,
            log=log,
            cancel=CancelToken(),
            chance=random.random,
        )
        Worker(pipe, workshop).serve(command)
    except UpscaleError as error:
        LOGGER.info("%s: %s", error.code, error.what)
        job_id = None if workshop is None else workshop.last_job_id
        pipe.send(error.to_event(None if log is None else str(log), job_id))
    except Exception as error:  # noqa: BLE001 - a front end always hears how it ended
        LOGGER.error("unexpected: %s", traceback.format_exc())
        what = said("Something unexpected happened ({kind}).", kind=type(error).__name__)
        job_id = None if workshop is None else workshop.last_job_id
        pipe.send(UnexpectedError(what).to_event(None if log is None else str(log), job_id))
        return 1
    return 0


if __name__ == "__main__":
    # pythonw and a closed console give None here, and a worker without a pipe has nobody to serve
    sys.exit(main() if sys.stdin is not None and sys.stdout is not None else 2)
