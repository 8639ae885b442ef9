"""Run the scripts of ``inside`` in a real GIMP 3 that has the plug-in installed."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.gimp_log_filter import plugin_warnings
from gimp_sandbox.gimp import LIKE_A_USERS, Gimp

HERE = Path(__file__).parent
NOWHERE = "http://127.0.0.1:9"
"""An address nobody listens at."""
# the keys lie in a file, and to find that there is no keyring takes a worker as long as all else it does
_NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@dataclass
class Session:
    """What a finished run left: a folder of files, GIMP's outputs, and where the worker kept its data."""

    folder: Path
    output: str
    complete: bool

    def lines(self, name: str) -> dict[str, dict[str, Any]]:
        """Return a file of JSON lines by their ``id``."""
        path = self.folder / name
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {one["id"]: one for one in found}

    def seconds(self) -> float:
        """Return how long the rows of the table took together."""
        return sum(float(one["seconds"]) for one in self.lines("results.jsonl").values())

    def complaints(self) -> list[str]:
        """Return the lines of GIMP's outputs that are warnings or traces of ours."""
        return plugin_warnings(self.output)

    def end(self) -> str:
        """Return the last of what GIMP said, for failures."""
        return self.output[-3000:]


@contextmanager
def run_inside(
    gimp: Gimp,
    plugin: Path,
    code: str,
    *,
    window: bool,
    files: Mapping[str, bytes] | None = None,
    binds: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    timeout: float = 2700,  # a machine busy with other tests takes several times as long
) -> Iterator[Session]:
    """Run Python ``code`` in GIMP and give its :class:`Session`; everything is deleted afterwards.

    The code finds ``inside`` on its path, and the variables ``folder`` (where results and ``files``
    lie) and ``data`` (the worker's data folder), and sees the folders ``binds``. ``window`` starts GIMP
    on a display and a session bus of its own, without which there is no undo.
    """
    with tempfile.TemporaryDirectory(prefix="gimp3-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / "results"
        folder.mkdir()
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        with gimp.fresh_home() as home:
            shutil.copytree(plugin, home / gimp.settings / "plug-ins" / plugin.name)
            # nested, so that a test can keep GIMP from making it
            temporary = '(temp-path "${gimp_dir}/temporary/files")'
            (home / gimp.settings / "gimprc").write_text(temporary, encoding="utf-8")
            data = home / "worker-data"
            script = folder / "script.py"
            script.write_text(_script(folder, data, code), encoding="utf-8")
            done = gimp.run(
                _argv(gimp, script, window),
                binds=[folder, HERE, *binds],
                env={
                    "PRECISION_UPSCALER_DATA": str(data),
                    "NO_AT_BRIDGE": "1",
                    "XDG_RUNTIME_DIR": str(home),
                    **_NO_KEYRING,
                    **LIKE_A_USERS,
                    **(env or {}),
                },
                home=home,
                timeout=timeout,
            )
        yield Session(folder, done.stdout + done.stderr, (folder / "done").exists())


def _script(folder: Path, data: Path, code: str) -> str:
    paths = [str(HERE), str(HERE / "inside")]
    head = f"import sys\nsys.dont_write_bytecode = True\nsys.path[:0] = {paths!r}\n"
    return f"{head}folder, data = {str(folder)!r}, {str(data)!r}\n{code}\n"


def _argv(gimp: Gimp, script: Path, window: bool) -> list[str]:
    batch = ["--batch-interpreter", "python-fu-eval", "-b", f"exec(open({str(script)!r}).read())", "--quit"]
    if not window:
        return [gimp.console, "-i", "-d", "-f", "--no-splash", *batch]
    windowed = gimp.console.replace("-console", "")
    # a number of its own for each display: the private systems share the names of X sockets
    return [
        "dbus-run-session",
        "--",
        "xvfb-run",
        f"--server-num={random.randrange(1000, 50000)}",
        "--auto-servernum",
        windowed,
        "-d",
        "--no-splash",
        "--new-instance",
        *batch,
    ]
