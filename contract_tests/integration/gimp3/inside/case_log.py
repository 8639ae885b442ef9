"""A script's results: one line of JSON for each case, with the traceback of a case that crashed."""

from __future__ import annotations

import contextlib
import json
import os
import time
import traceback


class CaseLog:
    """Runs cases and writes each result as soon as the case is over."""

    def __init__(self, stream):
        self._stream = stream

    def case(self, name, carry_out, **known):
        """Write what ``carry_out()`` returns, or its ``crash``, and the values ``known``."""
        begun = time.monotonic()
        try:
            result = carry_out()
        except Exception:
            result = {"crash": traceback.format_exc()}
        result = dict(result, id=name, seconds=round(time.monotonic() - begun, 2), **known)
        self._stream.write(json.dumps(result) + "\n")
        self._stream.flush()


@contextlib.contextmanager
def case_log(folder, name):
    """Yield a :class:`CaseLog` that writes to ``name``; create the file ``done`` when the script ends."""
    with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
        yield CaseLog(stream)
    with open(os.path.join(folder, "done"), "w", encoding="utf-8") as stream:
        stream.write("done")
