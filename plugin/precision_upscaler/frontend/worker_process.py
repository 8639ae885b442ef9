"""Start the worker process and exchange messages with it, without blocking the front end.

:class:`Worker` is one worker process. A thread reads its lines into a queue; the front end empties
the queue with :meth:`Worker.events` whenever it likes, or is notified by ``notify``, which is called
from that thread and must hand over to the front end's own (``GLib.idle_add`` in GIMP 3). A worker
that ends without a final event is reported as an ``error`` event.

``protocol.py`` documents the commands and events. No key passes through here but the
raw line given as ``key``.
"""

from __future__ import absolute_import

import json
import os
import subprocess
import sys
import threading
from collections import deque

try:
    from queue import Empty, Queue
except ImportError:  # Python 2.7
    from Queue import Empty, Queue  # type: ignore[no-redef,import-not-found]  # its name there

from precision_upscaler.protocol import FINAL_EVENTS, Command, Event

from . import texts
from .interpreter import environment_for, find, options_of_popen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from precision_upscaler.protocol import Message

    from .texts import Translate

PLUGIN_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder that holds ``precision_upscaler`` and, once installed, ``vendor``."""

_REMEMBERED_LINES = 40

JPEG = "jpeg"
JPEG_QUALITY = 0.95
"""On GIMP's scale from 0 to 1. Without chroma subsampling (4:4:4) the loss is invisible."""

_SETTINGS_TIMEOUT = 20


class Worker(object):
    """One worker process and the queue of what it said.

    ``command`` may still be None while :meth:`prepare` is called, but no longer at :meth:`start`.
    ``job_id``, ``task_id`` and ``charged`` are the last ones it named: what a front end needs to
    report when the worker is gone.
    """

    def __init__(self, command=None, notify=None, translate=None, key=None):
        # type: (Message | None, Callable[[], None] | None, Translate | None, str | None) -> None
        """Remember ``command``, the line to send, and ``notify``, called on a thread for every event.

        ``key`` is the API key that goes after a ``store-key`` or ``test-key`` command, as a raw line.
        """
        self.command = command
        self._key = key
        self.job_id = None  # type: str | None
        self.task_id = None  # type: str | None
        self.charged = "no"
        self.finished = False
        self._notify = notify
        self._translate = translate or texts.same
        self._queue = Queue()  # type: Queue[Message]
        self._process = None  # type: Any
        self._tail = deque(maxlen=_REMEMBERED_LINES)  # type: deque[str]
        self._lock = threading.Lock()
        self._settings = None  # type: Any
        self._settled = threading.Event()

    def prepare(self, interpreter=None, environ=None):
        # type: (Sequence[str] | None, Mapping[str, str] | None) -> Worker
        """Start the process ahead of its command, as :meth:`start` would; returns the worker itself.

        It sends its :meth:`settings`. Closed before it has a command, it ends.
        """
        self._launch(interpreter, environ)
        self.send({"command": Command.PREPARE})
        return self

    def start(self, interpreter=None, environ=None):
        # type: (Sequence[str] | None, Mapping[str, str] | None) -> Worker
        """Start the process, unless it was prepared, and send the command; returns the worker itself.

        ``interpreter`` is the words that start a Python 3.11 or later (default: found). Whatever
        goes wrong comes as an ``error`` event, here as later.
        """
        if self._process is None and not self.finished:
            self._launch(interpreter, environ)
        if self.send(self.command) and self._key is not None:
            first_line = (self._key.strip().splitlines() or [""])[0]
            self._write(first_line.encode("utf-8") + b"\n")
        self._key = None
        return self

    def _launch(self, interpreter, environ):
        # type: (Sequence[str] | None, Mapping[str, str] | None) -> None
        try:
            interpreter = interpreter or find()
            if interpreter is None:
                self._put(texts.no_python_error(self._translate))
                return
            options = options_of_popen(detached=True)
            options.update(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            options["env"] = environment_for(interpreter, PLUGIN_FOLDER, environ)
            command = list(interpreter) + ["-m", "precision_upscaler.worker"]
            self._process = subprocess.Popen(command, **options)
        except (OSError, ValueError) as problem:
            self._put(texts.worker_missing_error(problem, self._translate))
            return
        self._errors = _started(self._read_errors)
        _started(self._read_events)

    # ----- to the worker

    def send(self, message):
        # type: (Message | None) -> bool
        """Send one command; False when the worker no longer listens (its end arrives as an event)."""
        return self._write(json.dumps(message).encode("utf-8") + b"\n")

    def cancel(self):
        # type: () -> bool
        """Ask the worker to stop; whether anything was charged comes with the event ``cancelled``."""
        return self.send({"command": Command.CANCEL})

    def delivered(self):
        # type: () -> bool
        """Tell the worker that the result is in the user's image, and let it end."""
        told = self.send({"command": Command.DELIVERED})
        self.close()
        return told

    def close(self):
        # type: () -> None
        """Close the worker's input: it finishes what was paid for, keeps it for Resume, and ends."""
        with self._lock:
            if self._listens():
                try:
                    self._process.stdin.close()
                except (EnvironmentError, ValueError):  # the worker is gone already, which is what was wanted
                    self._process.stdin = None

    def wait(self, seconds):
        # type: (float) -> bool
        """Wait until the process has ended, at most so long; for the last moments of a front end."""
        if self._process is None:
            return True
        waiter = _started(self._process.wait)
        waiter.join(seconds)
        return not waiter.is_alive()

    def _listens(self):
        # type: () -> bool
        process = self._process
        return process is not None and process.stdin is not None and not process.stdin.closed

    def _write(self, line):
        # type: (bytes) -> bool
        with self._lock:
            if not self._listens():
                return False
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
            except (EnvironmentError, ValueError):  # on Python 2.7 a broken pipe is no OSError
                return False
        return True

    # ----- from the worker

    def settings(self, seconds):
        # type: (float) -> Any
        """Return the settings that a prepared worker sends, waiting for them at most ``seconds``.

        None when it does not send them; its events say why.
        """
        self._settled.wait(seconds)
        return self._settings

    def events(self):
        # type: () -> list[Message]
        """Return the events that have arrived since the last call, in order, without waiting."""
        found = []
        while True:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                return found

    def next_event(self, seconds):
        # type: (float) -> Message | None
        """Return the next event, waiting for it at most so long; for front ends without a main loop."""
        try:
            return self._queue.get(True, seconds)
        except Empty:
            return None

    def _read_events(self):
        # type: () -> None
        for line in iter(self._process.stdout.readline, b""):
            event = _parsed(line)
            if event is None:
                self._tail.append(line.decode("utf-8", "replace").rstrip())
            elif event["event"] == Event.READY:
                self._settings = event.get("settings")
                self._settled.set()
            else:
                self._note(event)
                self._put(event)
        code = self._process.wait()
        self._process.stdout.close()
        self.close()
        self._errors.join(2)
        if not self.finished:
            self._put(
                texts.worker_died_error(code, self.charged, self.job_id, list(self._tail), self._translate)
            )

    def _read_errors(self):
        # type: () -> None
        for line in iter(self._process.stderr.readline, b""):
            self._tail.append(line.decode("utf-8", "replace").rstrip())
        self._process.stderr.close()

    def _note(self, event):
        # type: (Message) -> None
        self.job_id = event.get("job_id") or self.job_id
        self.task_id = event.get("task_id") or self.task_id
        self.charged = event.get("charged") or self.charged

    def _put(self, event):
        # type: (Message) -> None
        if event["event"] in FINAL_EVENTS:
            self.finished = True
            self._settled.set()
        self._queue.put(event)
        if self._notify is not None:
            self._notify()


class StoredSettings(object):
    """The settings, as a worker that was prepared tells them; the first look may have to wait for it.

    Without an answer there are none: the upscale itself will report what is wrong with the worker.
    """

    def __init__(self, worker):
        # type: (Worker) -> None
        self._worker = worker
        self._settings = None  # type: dict[str, Any] | None

    def get(self, name):
        # type: (str) -> Any
        """Return a setting's value, None when it is not known."""
        if self._settings is None:
            settings = self._worker.settings(_SETTINGS_TIMEOUT)
            self._settings = settings if isinstance(settings, dict) else {}
        return self._settings.get(name)

    @property
    def is_jpeg(self):
        # type: () -> bool
        """Whether layers are to be sent as JPEG."""
        return bool(self.get("upload_format") == JPEG)


def _started(target):
    # type: (Callable[[], Any]) -> threading.Thread
    thread = threading.Thread(target=target)
    thread.daemon = True
    thread.start()
    return thread


def _parsed(line):
    # type: (bytes) -> Message | None
    try:
        event = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    if isinstance(event, dict) and "event" in event:
        return event
    return None
