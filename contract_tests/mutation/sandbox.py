"""A copy of the repository in which files are changed and tests run, away from the real one."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
_COPIED = ("plugin", "mock_server", "contract_tests", "install_scripts", "pyproject.toml", "README.md")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis", "vendor", "*.xcf", "node_modules")
_PLUGINS = (
    "-p",
    "_hypothesis_pytestplugin",
    "-p",
    "pytest_httpx2",
    "-p",
    "pytest_timeout",
    "-p",
    "mock_server.pytest_plugin",
)
_FAILED_TEST = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
# the contract refuses to load a document or a reader that does not hold together
_UNLOADABLE = re.compile(r"^(ImportError while loading conftest)", re.MULTILINE)
_CANNOT_LOAD = 4
_NO_END = "(no end in time)"
# every changed file gets a time of its own, so that no stale byte code can be taken for it
_times = itertools.count(int(time.time()) + 1000)


@dataclass(frozen=True)
class Outcome:
    """How a run of some tests ended: pytest's exit code, what failed first, how long it took, its output."""

    code: int
    failed: str
    seconds: float
    output: str

    @property
    def noticed(self) -> bool:
        """Whether a test failed, or what was changed could not even be imported."""
        return bool(self.failed) and self.code in (1, 2, _CANNOT_LOAD)

    @property
    def caught(self) -> bool:
        """Whether a test failed: what cannot even be imported fools nobody, and proves nothing."""
        return self.noticed and ("::" in self.failed or self.failed == _NO_END)


class Sandbox:
    """One copy of the repository. Not to be shared between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=_LEFT_OUT, symlinks=True)
            elif source.exists():
                shutil.copy2(source, folder / name)
        (folder / "home").mkdir()
        self._fork_server: subprocess.Popen[str] | None = None

    @contextlib.contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        """Let the file at ``path`` hold ``text`` for a while."""
        target = self.folder / path
        before = target.read_bytes()
        try:
            self._write(target, text.encode())
            yield
        finally:
            self._write(target, before)

    @staticmethod
    def _write(target: Path, data: bytes) -> None:
        target.write_bytes(data)
        moment = next(_times)
        os.utime(target, (moment, moment))

    def run(self, tests: Sequence[str], timeout: float = 300.0) -> Outcome:
        """Run ``tests`` here until the first failure."""
        arguments = ["-x", "-q", "--no-header", "--tb=short", "--show-capture=no", "-p", "no:cacheprovider"]
        arguments += ["--hypothesis-profile=first", *_PLUGINS, *tests]
        started = time.monotonic()
        if self._fork_server is None:
            self._fork_server = self._new_fork_server()
        assert self._fork_server.stdin is not None
        assert self._fork_server.stdout is not None
        self._fork_server.stdin.write(json.dumps({"arguments": arguments, "seconds": timeout}) + "\n")
        self._fork_server.stdin.flush()
        told = json.loads(self._fork_server.stdout.readline())
        code, output = told["code"], told["output"]
        if code is None:
            # a fault that makes the tests hang is noticed too: no test of ours runs that long
            return Outcome(1, _NO_END, time.monotonic() - started, output)
        failed = _FAILED_TEST.search(output) or _UNLOADABLE.search(output)
        return Outcome(code, failed[1] if failed else "", time.monotonic() - started, output)

    def _new_fork_server(self) -> subprocess.Popen[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHONPATH": os.pathsep.join([str(self.folder / "plugin"), str(self.folder)]),
            "PRECISION_UPSCALER_WITHOUT_GIMP": "all",
            # loading every installed plug-in takes longer than most of these runs
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            # nothing a wrong subject does may reach the user's own folders
            "HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "home"),
        }
        command = [sys.executable, "-m", "contract_tests.mutation.fork_server"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdin=pipe, stdout=pipe, text=True)

    def close(self) -> None:
        """End the process that runs the tests."""
        if self._fork_server is not None:
            self._fork_server.communicate()
            self._fork_server = None
