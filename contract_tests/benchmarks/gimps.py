"""A GIMP 3 to measure in: found or built, with the plug-in assembled and installed as a user has it."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.console import Failure
from gimp_sandbox import gimp as private_gimp
from installer import place, plugin_bundle

from .result import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "3.2"

_CODE = Path(__file__).parent
_RUNNER = "benchmark-runner"


_START = """\
found = Gimp.get_pdb().lookup_procedure("plug-in-benchmark-inside")
found.run(found.create_config())
"""


def add_plugin(folder: Path, code: str) -> None:
    """Write a plug-in of one file into its ``folder``, executable and named as GIMP wants it."""
    folder.mkdir(exist_ok=True)
    program = folder / f"{folder.name}.py"
    program.write_text(f"#!/usr/bin/env python3\n{code}", "utf-8")
    program.chmod(0o755)


@dataclass(frozen=True)
class Bench:
    """A GIMP, a home folder for it with the plug-in installed, and a folder both sides see."""

    gimp: private_gimp.Gimp
    home: Path
    folder: Path

    @property
    def plug_ins(self) -> Path:
        """The user's plug-ins folder."""
        return self.home / self.gimp.settings / "plug-ins"

    @property
    def plugin(self) -> Path:
        """The installed plug-in."""
        return self.plug_ins / plugin_bundle.NAME

    def run(self, action: str, timeout: float = 1200, env: dict[str, str] | None = None, **job: Any) -> Any:
        """Run one action of ``inside_gimp.py``, in the process of a plug-in, and return its answer."""
        add_plugin(self.plug_ins / _RUNNER, (_CODE / "runner_plugin.py").read_text("utf-8"))
        answer, path = self.folder / "answer.json", self.folder / "job.json"
        answer.unlink(missing_ok=True)
        job |= {
            "action": action,
            "answer": str(answer),
            "plugin": str(self.plugin),
            "folder": str(self.folder),
        }
        path.write_text(json.dumps(job), "utf-8")
        done = self.gimp.batch(
            _START,
            binds=[self.folder, _CODE],
            env={
                "BENCHMARK_JOB": str(path),
                "BENCHMARK_CODE": str(_CODE),
                **private_gimp.LIKE_A_USERS,
                **(env or {}),
            },
            home=self.home,
            timeout=timeout,
        )
        if not answer.exists():
            raise RuntimeError(f"GIMP wrote no answer:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        told = json.loads(answer.read_text("utf-8"))
        if "ok" not in told:
            raise RuntimeError(f"{action} failed inside GIMP:\n{told['failed']}")
        return told["ok"]


def find() -> private_gimp.Gimp:
    """Return GIMP 3.2, private or this machine's; :class:`Unavailable` where there is none."""
    try:
        return private_gimp.find_or_build(VERSION)
    except Failure as reason:
        native = private_gimp.find_native()
        if native is None:
            raise Unavailable(str(reason)) from None
        return native


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Give a GIMP with the plug-in in it, in a fresh profile."""
    gimp = find()
    with gimp.fresh_home() as home, tempfile.TemporaryDirectory(prefix="bench-gimp-") as name:
        folder = Path(name)
        made = plugin_bundle.assemble(folder / "assembled", "gimp3")
        place.install(made, home / gimp.settings / "plug-ins")
        yield Bench(gimp, home, folder)


def versions(gimp: private_gimp.Gimp) -> str:
    """Return the GIMP's version in words."""
    return gimp.run([gimp.console, "--version"], timeout=60).stdout.strip()
