"""What a script of these leaves of its cases: a line of JSON for each, with the trace of one that crashed."""

from __future__ import annotations

import contextlib
import json
import os
import time
import traceback


class Account:
    """Carries out cases and writes down what came of them, each as soon as it is over."""

    def __init__(self, stream):
        self._stream = stream

    def case(self, name, carry_out, **known):
        """Write down what ``carry_out()`` returns, or its ``crash``, and what is ``known`` besides."""
        begun = time.monotonic()
        try:
            result = carry_out()
        except Exception:
            result = {"crash": traceback.format_exc()}
        result = dict(result, id=name, seconds=round(time.monotonic() - begun, 2), **known)
        self._stream.write(json.dumps(result) + "\n")
        self._stream.flush()


@contextlib.contextmanager
def account(folder, name):
    """Give the :class:`Account` in the file ``name``; a file ``done`` says that a script came to its end."""
    with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
        yield Account(stream)
    with open(os.path.join(folder, "done"), "w", encoding="utf-8") as stream:
        stream.write("done")
