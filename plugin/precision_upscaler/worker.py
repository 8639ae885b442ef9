"""The worker: one job behind standard input and output, started by every editor front end.

Started as ``python -m precision_upscaler.worker`` with the plug-in folder and its ``vendor`` folder
on ``PYTHONPATH``. ``protocol.py`` documents the commands and events. Each line is flushed. No program
reads standard error.

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
from dataclasses import replace
from pathlib import Path
from typing import Any

from precision_upscaler.api import mock
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.jobs.context import JobEvent, Result
from precision_upscaler.jobs.delivery import write
from precision_upscaler.jobs.service import pruned, resume, upscale
from precision_upscaler.storage import credentials
from precision_upscaler.storage.log import LOGGER, open_log
from precision_upscaler.storage.settings import (
    address_problem,
    budget_problem,
    data_folder,
    described,
    effective_address,
    load,
    read_settings,
    save,
)
from precision_upscaler.storage.spending import Purpose

from .app import App, RunTask
from .cancel import CancelToken
from .errors import (
    BadCommand,
    Cancelled,
    MalformedKey,
    SettingsDamaged,
    UnexpectedError,
    UpscaleError,
)
from .messages import parts_of, translatable
from .protocol import Charge, Command, Event

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
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        # a file name that is not UTF-8 has lone surrogates, which JSON can only escape
        line = text.encode("utf-8", "backslashreplace") + b"\n"
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

    def __init__(self, pipe: Pipe, app: App) -> None:
        self._pipe = pipe
        self._app = app
        self._cancel = app.cancel
        self._later: queue.SimpleQueue[str] = queue.SimpleQueue()

    def serve(self, command: dict[str, Any]) -> None:
        """Carry out ``command`` and send its closing event."""
        commands: dict[str, Callable[[dict[str, Any]], None]] = {
            Command.UPSCALE: self._upscale,
            Command.RESUME: self._resume,
            Command.RESERVE: self._reserve,
            Command.JOBS: self._jobs,
            Command.FORGET: self._forget,
            Command.STATUS: self._status,
            Command.SETTINGS: self._settings,
            Command.STORE_KEY: self._store_key,
            Command.TEST_KEY: self._test_key,
            Command.FIND_MOCK: self._find_mock,
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
            lambda context: upscale(
                source,
                request,
                context,
                origin=_mapping(command, "origin"),
                reuse=command.get("reuse", True) is not False,
                take_source=command.get("take_source") is True,
                upload=upload,
            ),
            over_budget=command.get("over_budget") is True,
            run_id=_text(command, "run") if command.get("run") is not None else None,
        )

    def _reserve(self, command: dict[str, Any]) -> None:
        try:
            tasks = [
                RunTask(
                    Purpose("layer", str(one.get("layer", "")), str(one.get("image", ""))),
                    int(one["width"]),
                    int(one["height"]),
                    int(one["scale_factor"]),
                )
                for one in command["tasks"]
            ]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadCommand("The command's 'tasks' must be a list of sizes.") from None
        with self._app.run(tasks, over_budget=command.get("over_budget") is True) as run_id:
            self._pipe.send({"event": Event.RESERVED, "run": run_id})
            while self._pipe.read_line() is not None:
                pass  # the run is under way until the front end closes the pipe

    def _resume(self, command: dict[str, Any]) -> None:
        job_id = _text(command, "job_id")
        adopt = command.get("adopt")
        if adopt is not None and not isinstance(adopt, str):
            raise BadCommand("The command's 'adopt' must be a text.")
        self._run(lambda context: self._with_metadata(resume(job_id, context, adopt=adopt)), job_id)

    def _with_metadata(self, result: Result) -> Result:
        """Return the result as a file with the metadata and profile of a source that had some.

        Such a source was a file of the command line. The result that the journal keeps has none: an
        identical job whose source has other metadata can use it too.
        """
        job = self._app.journal.open(result.job_id)
        metadata = job.carried
        if not metadata:
            return result
        target = job.folder / "with-metadata.png"
        path = write(job, result, target, metadata, overwrite=True)
        return replace(result, path=path)

    def _run(
        self,
        run: Callable[..., Result],
        job_id: str | None = None,
        *,
        over_budget: bool = False,
        run_id: str | None = None,
    ) -> None:
        listener = threading.Thread(target=self._listen, name="listener", daemon=True)
        listener.start()
        app = self._app
        with (
            pruned(app.journal, app.settings),
            app.job_context(self._emit, job_id=job_id, over_budget=over_budget, run_id=run_id) as context,
        ):
            try:
                result = run(context)
            except Cancelled as cancelled:
                self._pipe.send(
                    {
                        "event": Event.CANCELLED,
                        "job_id": app.last_job_id,
                        "charged": cancelled.charged,
                    }
                )
                return
            self._pipe.send(result.to_event())
            if self._later.get() == Command.DELIVERED:
                with contextlib.suppress(UpscaleError):
                    app.journal.open(result.job_id).deliver()

    def _emit(self, event: JobEvent) -> None:
        value = event.to_event()
        if value["event"] == Event.STAGE:
            self._app.last_job_id = value["job_id"]
        self._pipe.send(value)

    def _listen(self) -> None:
        """Read the later commands; ``gone`` stands for the end of input."""
        while (line := self._pipe.read_line()) is not None:
            try:
                word = _command(line)["command"]
            except BadCommand as error:
                LOGGER.warning("ignored: %s", error.what)
                continue
            if word == Command.CANCEL:
                self._cancel.set()
            elif word == Command.DELIVERED:
                self._later.put(Command.DELIVERED)
        # nobody is listening any more: stop what is free, finish what is paid for
        LOGGER.info("the front end is gone")
        self._cancel.abandon()
        self._later.put("gone")

    # the rest ----------------------------------------------------------------------------------

    def _jobs(self, _command: dict[str, Any]) -> None:
        journal = self._app.journal
        jobs = [job.summary() for job in journal.undelivered()]
        damaged = [job.error().to_event(str(self._app.log)) for job in journal.damaged()]
        self._pipe.send({"event": Event.JOBS, "jobs": jobs, "damaged": damaged})

    def _forget(self, command: dict[str, Any]) -> None:
        job_id = _text(command, "job_id")
        self._app.journal.discard(job_id)
        self._pipe.send({"event": Event.FORGOTTEN, "job_id": job_id})

    def _status(self, _command: dict[str, Any]) -> None:
        app = self._app
        problems: list[UpscaleError] = []
        try:
            key = app.find_key()
        except MalformedKey as error:
            key = None
            problems.append(error)
        loaded = read_settings(app.folder)
        if loaded.problem is not None:
            problems.append(SettingsDamaged(loaded.problem))
        budget: dict[str, Any] | None = None
        try:
            budget = app.budget()
        except UpscaleError as error:
            problems.append(error)
        self._pipe.send(
            {
                "event": Event.STATUS,
                "key": None if key is None else key.where,
                "base_url": app.base_url,
                "settings": app.settings.to_json(),
                "fields": described(),
                "data_folder": str(app.folder),
                "log": str(app.log),
                "pace": app.journal.pace(app.base_url),
                "unfinished": len(app.journal.undelivered()),
                "budget": budget,
                "problems": [error.to_event(str(app.log)) for error in problems],
            }
        )

    def _settings(self, command: dict[str, Any]) -> None:
        settings = self._app.settings.changed(_mapping(command, "set"))
        save(self._app.folder, settings)
        self._pipe.send({"event": Event.SETTINGS, "settings": settings.to_json()})

    def _key_line(self) -> str:
        """Read the line that is a key."""
        return (self._pipe.read_line() or b"").decode("utf-8", "replace").strip()

    def _store_key(self, _command: dict[str, Any]) -> None:
        self._app.check_address_known()
        where = credentials.store_key(self._app.folder, self._app.base_url, self._key_line())
        self._pipe.send({"event": Event.STORED, "where": where})

    def _test_key(self, command: dict[str, Any]) -> None:
        given = self._key_line() if command.get("key_follows") is True else None
        valid, message = self._app.test_key(given)
        self._pipe.send(
            {
                "event": Event.KEY,
                "valid": valid,
                "message": message,
                "sentences": {"message": parts_of(message)},
            }
        )

    def _find_mock(self, _command: dict[str, Any]) -> None:
        base_url = self._app.base_url
        self._pipe.send(
            {
                "event": Event.MOCK,
                "address": mock.find_mock(),
                "key": mock.KEY,
                "base_url": base_url,
                "is_mock": mock.is_mock_address(base_url),
            }
        )


def _first_command(pipe: Pipe, folder: Path) -> dict[str, Any] | None:
    """Return the command to serve, None when the front end went away without giving one."""
    line = pipe.read_line()
    if line is not None and _command(line)["command"] == Command.PREPARE:
        pipe.send({"event": Event.READY, "settings": load(folder).to_json()})
        line = pipe.read_line()
    return None if line is None else _command(line)


def main() -> int:
    """Serve the one command on standard input; the exit code is 0 unless the worker itself broke."""
    pipe = Pipe(sys.stdin.fileno(), sys.stdout.fileno())
    log: Path | None = None
    app: App | None = None
    try:
        folder = data_folder(os.environ)
        log = open_log(folder)
        command = _first_command(pipe, folder)
        if command is None:
            return 0
        loaded = read_settings(folder)
        settings = loaded.settings
        given = _text(command, "base_url") if "base_url" in command else None
        # a wrong address in the settings must not keep anybody from correcting it
        address = None if command["command"] == Command.SETTINGS else effective_address(settings, given)
        app = App(
            folder,
            settings,
            address or settings.base_url,
            log=log,
            cancel=CancelToken(),
            random=random.random,
            address_problem=address_problem(loaded, given),
            budget_problem=budget_problem(loaded),
        )
        Worker(pipe, app).serve(command)
    except UpscaleError as error:
        LOGGER.info("%s: %s", error.code, error.what)
        job_id = None if app is None else app.last_job_id
        pipe.send(error.to_event(None if log is None else str(log), job_id))
    except Exception as error:  # noqa: BLE001 - a front end always hears how it ended
        LOGGER.error("unexpected: %s", traceback.format_exc())
        what = translatable("Something unexpected happened ({kind}).", kind=type(error).__name__)
        job_id = None if app is None else app.last_job_id
        # only a job can have cost money, and it has reported its id before that
        charged = Charge.NO if job_id is None else Charge.UNKNOWN
        pipe.send(UnexpectedError(what, charged=charged).to_event(None if log is None else str(log), job_id))
        return 1
    return 0


if __name__ == "__main__":
    # pythonw and a closed console give None here, and a worker without a pipe has nobody to serve
    sys.exit(main() if sys.stdin is not None and sys.stdout is not None else 2)
