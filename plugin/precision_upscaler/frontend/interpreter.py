"""Find a Python 3.11 or later for the worker, and the environment to start it in.

GIMP 3 brings one and runs the plug-in in it. GIMP 2.10 runs the plug-in in Python 2.7, so one has
to be found on the machine: named by the user, on PATH, or inside a GIMP 3 installed beside it.
"""

from __future__ import absolute_import

import glob
import os
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

OLDEST = (3, 11)
OVERRIDE = "PRECISION_UPSCALER_PYTHON"
"""Environment variable that names the interpreter to use, before any other."""

_PROBE = "import sys; sys.exit(0 if sys.version_info >= (%d, %d) else 1)" % OLDEST
_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3", "python")
_WINDOWS_BUNDLES = (
    r"%LOCALAPPDATA%\Programs\GIMP 3*\bin\python*.exe",
    r"%ProgramFiles%\GIMP 3*\bin\python*.exe",
    r"%LOCALAPPDATA%\Programs\Python\Python3*\python.exe",
    r"%ProgramFiles%\Python3*\python.exe",
)
_OTHER_PLACES = (
    "/Applications/GIMP.app/Contents/MacOS/python3*",
    "/opt/homebrew/bin/python3*",
    "/usr/local/bin/python3*",
    "/usr/bin/python3*",
)
_CREATE_NO_WINDOW = 0x08000000


def candidates(environ=None, windows=None):
    # type: (Mapping[str, str] | None, bool | None) -> list[list[str]]
    """Return the commands to try, the best first; each is a list of words."""
    environ = os.environ if environ is None else environ
    windows = os.name == "nt" if windows is None else windows
    found = []
    if environ.get(OVERRIDE):
        found.append([environ[OVERRIDE]])
    if sys.version_info[:2] >= OLDEST and sys.executable:
        found.append([sys.executable])
    if windows:
        found.append(["py", "-3"])
    found.extend([name] for name in _NAMES)
    for pattern in _WINDOWS_BUNDLES if windows else _OTHER_PLACES:
        paths = sorted(glob.glob(_expanded(pattern, environ)), reverse=True)
        found.extend([path] for path in paths if "config" not in os.path.basename(path))
    return found


def find(environ=None, runs=None):
    # type: (Mapping[str, str] | None, Callable[[list[str]], bool] | None) -> list[str] | None
    """Return the first candidate that is a Python of :data:`OLDEST` or later, or None.

    The running interpreter needs no trial. ``runs`` replaces the trial in tests.
    """
    runs = runs or is_new_enough
    for words in candidates(environ):
        if is_running(words) or runs(words):
            return words
    return None


def is_running(words):
    # type: (Sequence[str]) -> bool
    """Return whether ``words`` start the interpreter that runs this, and it is new enough."""
    return list(words) == [sys.executable] and sys.version_info[:2] >= OLDEST


def is_new_enough(words):
    # type: (Sequence[str]) -> bool
    """Start ``words`` to ask for its version; False as well when there is no such command."""
    with open(os.devnull, "r+b") as nothing:
        options = options_of_popen()
        options["env"] = foreign_environment()
        try:
            command = list(words) + ["-c", _PROBE]
            process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, **options)
        except (OSError, ValueError):
            return False
        return process.wait() == 0


def options_of_popen(detached=False):
    # type: (bool) -> dict[str, Any]
    """Return the options of Popen that keep a child out of sight, and ``detached`` from our own end."""
    if os.name == "nt":
        return {"creationflags": _CREATE_NO_WINDOW}
    if not detached:
        return {}
    # a session of its own: Ctrl+C in the terminal of a batch run reaches GIMP, and the child through its end
    if sys.version_info[0] == 2:
        return {"preexec_fn": os.setsid, "close_fds": True}
    return {"start_new_session": True}


def foreign_environment(environ=None):
    # type: (Mapping[str, str] | None) -> dict[str, str]
    """Return the environment without what was meant for the editor's own Python."""
    environ = os.environ if environ is None else environ
    return dict((name, value) for name, value in environ.items() if not name.upper().startswith("PYTHON"))


def environment_for(words, folder, environ=None):
    # type: (Sequence[str], str, Mapping[str, str] | None) -> dict[str, str]
    """Return the environment of a worker started by ``words`` with the plug-in in ``folder``.

    The running interpreter keeps its variables (a bundled one does not start without its
    ``PYTHONHOME``); any other must not see them. The plug-in and its ``vendor`` come first.
    """
    environ = os.environ if environ is None else environ
    result = dict(environ) if is_running(words) else foreign_environment(environ)
    paths = [folder, os.path.join(folder, "vendor")]
    if result.get("PYTHONPATH"):
        paths.append(result["PYTHONPATH"])
    result["PYTHONPATH"] = os.pathsep.join(paths)
    result["PYTHONIOENCODING"] = "utf-8"
    result["PYTHONUTF8"] = "1"
    return result


def _expanded(pattern, environ):
    # type: (str, Mapping[str, str]) -> str
    for name in ("LOCALAPPDATA", "ProgramFiles"):
        pattern = pattern.replace("%" + name + "%", environ.get(name, "C:\\nowhere"))
    return pattern
