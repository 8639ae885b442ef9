"""Run one command through the worker while GIMP's progress bar moves.

Cancel on that bar (:mod:`dialog` lets it be seen) kills the plug-in at once. The worker sees its input end, and
does by itself what is right: it stops while nothing is paid, and otherwise finishes and keeps the result for Resume.
"""

from __future__ import absolute_import

from gimpfu import gimp
from precision_upscaler.frontend import texts, worker_words
from precision_upscaler.frontend.fraction import Fraction
from precision_upscaler.frontend.pipe import FINAL_EVENTS, Worker

from . import python3
from .errors import Failed, show_trace
from .text import native

TICK_SECONDS = 0.25
SILENCE_SECONDS = 120
"""A worker that says nothing for so long while asked something short is given up."""


class Conversation(object):
    """One worker's run; ``warnings`` holds what it warned of."""

    def __init__(self, command, translate, interpreter=None):
        self.warnings = []
        self._translate = translate
        self._fraction = Fraction()
        self._worker = Worker(command, translate=translate)
        words = interpreter or python3.found()
        if words is None:
            raise Failed(texts.no_python_error(translate))
        self._worker.start(words)

    def result(self):
        """Wait for the end and return the ``result`` event, or another command's answer.

        :class:`Failed` carries an ``error`` or a ``cancelled`` event; whatever else goes wrong becomes one, too,
        as from here on a payment is possible.
        """
        try:
            return self._final_event()
        except Failed:
            raise
        except Exception as problem:
            show_trace()
            self.close()
            charged = "yes" if self._worker.charged == "yes" else "unknown"
            raise Failed(texts.local_error(problem, charged, self._translate))

    def _final_event(self):
        while True:
            event = self._worker.next_event(TICK_SECONDS)
            if event is None:
                continue
            self._show(event)
            if event["event"] in FINAL_EVENTS:
                return self._ended(event)

    def delivered(self):
        """Tell the worker that the picture is in the user's image."""
        self._worker.delivered()

    def close(self):
        """Leave the result to Resume."""
        self._worker.close()

    def _show(self, event):
        if event["event"] == "warning":
            self.warnings += worker_words.heeded([event], self._translate)
        if event["event"] == "stage":
            line = texts.stage(event, self._translate)
            expected = texts.expected(event.get("expected_seconds"), self._translate)
            money = texts.charge("yes", self._translate) if event.get("charged") == "yes" else ""
            words = line + (" (%s)" % expected if expected and event["stage"] == "waiting" else "")
            gimp.progress_init(native(". ".join(part for part in (words, money) if part)))
        gimp.progress_update(self._fraction.note(event))

    def _ended(self, event):
        if event["event"] in ("error", "cancelled"):
            self.close()
            raise Failed(event)
        return event


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
