"""Run one command through the worker while GIMP's progress bar moves.

Cancel on that bar (:mod:`dialog` lets it be seen) kills the plug-in at once. The worker sees its input end, and
does by itself what is right: it stops while nothing is paid, and otherwise finishes and keeps the result for Resume.
"""

from __future__ import absolute_import

from gimpfu import gimp
from precision_upscaler.frontend import i18n, texts
from precision_upscaler.frontend.progress import Fraction
from precision_upscaler.frontend.worker_process import Worker
from precision_upscaler.protocol import FINAL_EVENTS

from . import python3
from .errors import Failed, show_trace
from .encoding import native

TICK_SECONDS = 0.25
SILENCE_SECONDS = 120
"""A worker that says nothing for so long while asked something short is given up."""


class Conversation(object):
    """One worker's run, whose process starts at once; ``warnings`` holds what it warned of.

    At the end of its block the worker is let go of: one that has a result not delivered leaves it to Resume.
    :class:`Failed` where there is no interpreter for it.
    """

    def __init__(self, translate):
        self.warnings = []
        self._translate = translate
        self._fraction = Fraction()
        self.worker = Worker(translate=translate)
        words = python3.found()
        if words is None:
            raise Failed(texts.no_python_error(translate))
        self.worker.prepare(words)

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        self.worker.close()

    def result(self, command):
        """Give the worker its command, wait for the end and return the ``result`` event.

        :class:`Failed` carries an ``error`` or a ``cancelled`` event; whatever else goes wrong becomes one, too,
        as from here on a payment is possible.
        """
        self.worker.command = command
        try:
            self.worker.start()
            return self._final_event()
        except Failed:
            raise
        except Exception as problem:
            show_trace()
            charged = "yes" if self.worker.charged == "yes" else "unknown"
            raise Failed(texts.local_error(problem, charged, self._translate))

    def _final_event(self):
        while True:
            event = self.worker.next_event(TICK_SECONDS)
            if event is None:
                continue
            self._show(event)
            if event["event"] in ("error", "cancelled"):
                raise Failed(event)
            if event["event"] in FINAL_EVENTS:
                return event

    def delivered(self):
        """Tell the worker that the picture is in the user's image."""
        self.worker.delivered()

    def _show(self, event):
        if event["event"] == "warning":
            self.warnings += i18n.warning_messages([event], self._translate)
        if event["event"] == "stage":
            line = texts.stage(event, self._translate)
            expected = texts.expected(event.get("expected_seconds"), self._translate)
            money = texts.charge("yes", self._translate) if event.get("charged") == "yes" else ""
            words = line + (" (%s)" % expected if expected and event["stage"] == "waiting" else "")
            gimp.progress_init(native(". ".join(part for part in (words, money) if part)))
        gimp.progress_update(self._fraction.note(event))


def ask(command, translate, key=None):
    """Send a command that is answered at once and return its answer; :class:`Failed` otherwise."""
    words = python3.found()
    if words is None:
        raise Failed(texts.no_python_error(translate))
    worker = Worker(command, translate=translate, key=key).start(words)
    event = worker.next_event(SILENCE_SECONDS)
    worker.close()
    if event is None:
        raise Failed(texts.worker_silent_error(SILENCE_SECONDS, translate))
    if event["event"] == "error":
        raise Failed(event)
    return event
