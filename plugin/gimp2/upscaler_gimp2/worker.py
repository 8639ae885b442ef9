"""Start the worker in a Python 3.11 or later, and run one command through it while GIMP's progress bar moves.

Cancel on that bar (:mod:`gimpfu_dialog` makes it visible) kills the plug-in at once. The worker then finds its
input closed: it cancels unpaid work, and finishes paid work and keeps the result for Resume.
"""

from __future__ import absolute_import

import io
import os

from gimpfu import gimp
from precision_upscaler.frontend import i18n, interpreter, texts
from precision_upscaler.frontend.progress import Fraction
from precision_upscaler.frontend.worker_process import PLUGIN_FOLDER, Worker
from precision_upscaler.protocol import FINAL_EVENTS, Charge, Event, Stage

from .errors import Failed, show_trace
from .encoding import native, native_path

POLL_SECONDS = 0.25
ANSWER_TIMEOUT = 120
"""Seconds after which a worker that was asked something short is given up."""

INTERPRETER_FILE = "python3.path"
"""Name of the installer's file beside the plug-in whose first line is the interpreter's path, in UTF-8."""


def find_interpreter(folder=PLUGIN_FOLDER, runs=interpreter.is_new_enough, environ=None):
    """Return the words that start a Python 3.11 or later, or None.

    The variable ``PRECISION_UPSCALER_PYTHON`` comes first, then the installer's file in ``folder``, then a search.
    """
    environ = os.environ if environ is None else environ
    words = None if environ.get(interpreter.OVERRIDE) else _installers_choice(folder)
    if words and runs(words):
        return words
    return interpreter.find(environ, runs)


def _installers_choice(folder):
    try:
        with io.open(os.path.join(folder, INTERPRETER_FILE), encoding="utf-8") as stream:
            path = stream.readline().strip()
    except (IOError, OSError, UnicodeDecodeError):
        return None
    return [native_path(path)] if path else None


def _interpreter(translate):
    words = find_interpreter()
    if words is None:
        raise Failed(texts.no_python_error(translate))
    return words


class WorkerRun(object):
    """One job in one worker, whose ``process`` starts at once; ``warnings`` holds what the worker warned of.

    At the end of its block the worker's input is closed: a result that was not delivered stays for Resume.
    :class:`Failed` where there is no interpreter for it.
    """

    def __init__(self, translate):
        self.warnings = []
        self._translate = translate
        self._fraction = Fraction()
        self.process = Worker(translate=translate)
        self.process.prepare(_interpreter(translate))

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        self.process.close()

    def result(self, command):
        """Give the worker its command, wait for the end and return the ``result`` event.

        :class:`Failed` carries an ``error`` or a ``cancelled`` event. Any other exception becomes one, too,
        because from here on a payment is possible.
        """
        self.process.command = command
        try:
            self.process.start()
            return self._final_event()
        except Failed:
            raise
        except Exception as problem:
            show_trace()
            charged = Charge.YES if self.process.charged == Charge.YES else Charge.UNKNOWN
            raise Failed(texts.local_error(problem, charged, self._translate))

    def _final_event(self):
        while True:
            event = self.process.next_event(POLL_SECONDS)
            if event is None:
                continue
            self._show(event)
            if event["event"] in (Event.ERROR, Event.CANCELLED):
                raise Failed(event)
            if event["event"] in FINAL_EVENTS:
                return event

    def delivered(self):
        """Tell the worker that the result is in the user's image."""
        self.process.delivered()

    def _show(self, event):
        if event["event"] == Event.WARNING:
            self.warnings += i18n.warning_messages([event], self._translate)
        if event["event"] == Event.STAGE:
            line = texts.stage(event, self._translate)
            expected = texts.expected(event.get("expected_seconds"), self._translate)
            if expected and event["stage"] == Stage.WAITING:
                line += " (%s)" % expected
            if event.get("charged") == Charge.YES:
                line += ". " + texts.charge(Charge.YES, self._translate)
            gimp.progress_init(native(line))
        gimp.progress_update(self._fraction.note(event))


def call_and_wait(command, translate, key=None):
    """Send a command that is answered at once and return its answer; :class:`Failed` otherwise."""
    worker = Worker(command, translate=translate, key=key).start(_interpreter(translate))
    event = worker.next_event(ANSWER_TIMEOUT)
    worker.close()
    if event is None:
        raise Failed(texts.worker_silent_error(ANSWER_TIMEOUT, translate))
    if event["event"] == Event.ERROR:
        raise Failed(event)
    return event
