"""The Python 3.11 or later that runs the worker: the installer's note beside the plug-in, else a search."""

from __future__ import absolute_import

import io
import os

from precision_upscaler.frontend import interpreter
from precision_upscaler.frontend.worker_process import PLUGIN_FOLDER

from .encoding import native_path

NOTE = "python3.path"
"""Name of the file beside the plug-in whose first line is the interpreter's path, in UTF-8."""


def noted(folder=PLUGIN_FOLDER):
    """Return the words of the installer's note, or None when there is none."""
    try:
        with io.open(os.path.join(folder, NOTE), encoding="utf-8") as stream:
            path = stream.readline().strip()
    except (IOError, OSError, UnicodeDecodeError):
        return None
    return [native_path(path)] if path else None


def found(folder=PLUGIN_FOLDER, runs=interpreter.is_new_enough, environ=None):
    """Return the words that start the interpreter, or None; a note that no longer leads to one is passed over.

    The user's own choice, the variable ``PRECISION_UPSCALER_PYTHON``, goes before the installer's.
    """
    environ = os.environ if environ is None else environ
    words = None if environ.get(interpreter.OVERRIDE) else noted(folder)
    if words and runs(words):
        return words
    return interpreter.find(environ, runs)
