"""The clone's own virtual environment ``.venv`` with exactly the locked dependencies and our packages.

Made once, and again only when a lock file, the project file or the Python changed: a stamp inside
``.venv`` holds a hash of them. Works from any Python 3.11 or newer.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dev import debian
from dev.console import Failure, command, step

CLONE = Path(__file__).resolve().parents[2]
_QUIETLY = "--disable-pip-version-check"


def cache_folder() -> Path:
    """Return the folder for what is costly to fetch or build and belongs to no clone."""
    named = os.environ.get("PRECISION_UPSCALER_CACHE")
    return Path(named or "~/.cache/precision-upscaler-dev").expanduser()


@dataclass(frozen=True)
class Environment:
    """A virtual environment in ``folder`` for the clone around this file."""

    folder: Path = CLONE / ".venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.tool("python")

    def tool(self, name: str) -> Path:
        """Return the path of a program the environment holds, such as ``pytest``."""
        windows = os.name == "nt"
        return self.folder / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name)

    @property
    def _stamp(self) -> Path:
        return self.folder / "precision-upscaler.json"

    def pip(self) -> list[str | Path]:
        """Return how to call pip: this Python's own, else that of the environment, made for it if need be."""
        own = [sys.executable, "-m", "pip"]
        if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
            return [*own, _QUIETLY]
        self._make()
        return [self.python, "-m", "pip", _QUIETLY]

    def ensure(self, *locks: str) -> None:
        """Bring the environment up to ``requirements.lock`` and further ``locks`` (names in the clone).

        Does nothing when it already is. :class:`Failure` says what to do when it cannot be made.
        """
        names = ("requirements.lock", *locks)
        wanted = {name: _digest(CLONE / name) for name in (*names, "pyproject.toml")}
        wanted["python"] = sys.version
        present = self._present()
        if all(present.get(name) == value for name, value in wanted.items()):
            return
        self._make()
        for name in names:
            if present.get(name) != wanted[name] or present.get("python") != sys.version:
                with step(f"installing the locked dependencies of {name} into {self.folder}"):
                    self._pip("install", "--require-hashes", "--no-deps", "-r", str(CLONE / name))
        with step("installing Precision Upscaler itself, editable"):
            self._pip("install", "--no-build-isolation", "--no-deps", "--editable", str(CLONE))
        self._write({**present, **wanted})

    def _make(self) -> None:
        same_python = self._answer("-c", "import sys; print(sys.version)") == sys.version
        if same_python and self._answer("-m", "pip", "--version"):
            return
        with step(f"making a virtual environment in {self.folder}"):
            _need_venv_module()
            # an environment that merely lacks pip is completed, one of another Python replaced
            how = [] if same_python else ["--clear"]
            command([sys.executable, "-m", "venv", *how, self.folder])

    def _answer(self, *arguments: str) -> str:
        if not self.python.exists():
            return ""
        asked = [str(self.python), *arguments]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()

    def _pip(self, *arguments: str) -> None:
        command(
            [self.python, "-m", "pip", _QUIETLY, *arguments],
            advice="check the network connection and start again",
        )

    def _present(self) -> dict[str, str]:
        try:
            found = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) and self.python.exists() else {}

    def _write(self, stamp: dict[str, str]) -> None:
        draft = self._stamp.with_suffix(".partial")
        draft.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        draft.replace(self._stamp)


def _need_venv_module() -> None:
    """Debian ships Python without the part that makes environments: install that part, or say how."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not debian.can_install():
        raise Failure(
            f"{sys.executable} cannot make virtual environments",
            f"sudo apt-get install {package}, then start again",
        )
    debian.install(package)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
