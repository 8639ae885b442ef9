"""The ways a run ends without a result, and the trace of an unexpected error."""

from __future__ import absolute_import

import traceback


class Refused(Exception):
    """Nothing was sent; ``text`` (not bytes) says why and what would work."""

    def __init__(self, text):
        Exception.__init__(self, text)
        self.text = text


class Failed(Exception):
    """The run failed or was cancelled; ``event`` is the ``error`` or ``cancelled`` event."""

    def __init__(self, event):
        Exception.__init__(self, event["event"])
        self.event = event


def show_trace():
    """Write the exception that is being handled to standard error, where there is one."""
    try:
        traceback.print_exc()
    except Exception:
        # without a console, Windows gives a stream that cannot be written to; the user's message matters more
        return
