"""A real GIMP 2.10 for the probes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gimp_sandbox.gimp import LIKE_A_USERS

if TYPE_CHECKING:
    from gimp_sandbox.gimp import Gimp


class RealGimp:
    """A real GIMP 2.10 in which undo steps can be counted and undone, with packages of probes beside it."""

    def __init__(self, gimp: Gimp, folder: Path) -> None:
        self.gimp, self.folder = gimp, folder

    def run(
        self, code: str, env: dict[str, str] | None = None, timeout: float = 600, *, fonts: bool = False
    ) -> str:
        """Run Python 2.7 ``code`` in the GIMP without windows; returns its standard error.

        ``fonts`` lets GIMP look for some, without which it cannot write text.
        """
        preload = str(self.folder / "undo_probe.so")
        environment = {"LD_PRELOAD": preload, "PROBE_FOLDER": str(self.folder), **LIKE_A_USERS, **(env or {})}
        with self.gimp.fresh_home() as home:
            plug_ins = home / self.gimp.settings / "plug-ins"
            plug_ins.mkdir(parents=True, exist_ok=True)
            for entry in (self.folder / "plug-ins").iterdir():
                copy = shutil.copytree if entry.is_dir() else shutil.copy2
                copy(entry, plug_ins / entry.name)
            prelude = (
                f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(self.folder)!r}); "
            )
            argv = [self.gimp.console, "-i", "-d", "--no-splash", "--batch-interpreter", "python-fu-eval"]
            argv += [] if fonts else ["-f"]
            argv += ["-b", prelude + code, "-b", "pdb.gimp_quit(1)"]
            done = self.gimp.run(argv, binds=[self.folder], env=environment, home=home, timeout=timeout)
        return done.stderr

    def report(self, name: str) -> Any:
        """Return what the code wrote as JSON."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))
