"""A GIMP for tests: a private one of a named version, built when missing, or the machine's own.

    python3 install_scripts/private_gimp.py 3.0 3.2 2.10          build what is missing
    python3 install_scripts/private_gimp.py --run 3.2 -- COMMAND   run a command beside that GIMP

From Python, either kind is used alike; every run has a fresh home folder::

    gimp = find_or_build("3.2")
    done = gimp.batch("print('hello')", binds=[folder], timeout=60)

Private GIMPs live in ``$PRECISION_UPSCALER_CACHE/gimp-roots/<version>`` (default of the variable:
``~/.cache/precision-upscaler-dev``), 1.3 to 1.8 GB each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev.bootstrap import cache_folder
from dev.build_lock import building
from dev.console import Failure, exit_on_failure, say, step

from gimp_sandbox.recipes import RECIPES, install_debootstrap
from gimp_sandbox.root import PrivateRoot, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STAMP = "precision-upscaler-root.json"
LIKE_A_USERS = {"PYTHONDONTWRITEBYTECODE": ""}
"""Part of the environment of a run with plug-ins of its own: they are compiled once, not at every start."""
_ALIVE = "precision-upscaler: alive"
_WELL_KNOWN = ("gimp-console-3.2", "gimp-console-3.0", "gimp-console-3", "gimp-console", "gimp-console-2.10")


# no greeting, no look for updates, no question about an image's profile
_UNATTENDED = "(show-welcome-dialog no)\n(check-updates no)\n(color-profile-policy keep)\n"


class GimpUnavailable(Failure):  # tests skip with its text as reason
    """There is no GIMP of that version here and none can be built."""


class Gimp(ABC):
    """A GIMP that commands can be run beside, each with a home folder of its own."""

    version: str
    """``"3.0"``, ``"3.2"`` or ``"2.10"``."""
    console: str
    """Command name of the GIMP without windows."""

    @abstractmethod
    def start(
        self,
        argv: Sequence[str],
        *,
        home: Path,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start ``argv`` with ``home`` as home folder and return at once, with pipes for both outputs.

        ``binds``: host folders and files the command sees under the same path. End it with :meth:`end`.
        """

    @abstractmethod
    def end(self, process: subprocess.Popen[str]) -> None:
        """End what :meth:`start` started, with every process it started itself."""

    @property
    def settings(self) -> Path:
        """GIMP's settings folder, relative to the home folder."""
        return Path(".config/GIMP") / self.version

    def fill_home(self, home: Path) -> None:
        """Put into ``home`` what makes GIMP start quickly and ask nothing."""
        target = home / self.settings
        target.mkdir(parents=True, exist_ok=True)
        if version_key(self.version) >= (3, 0):
            (target / "gimprc").write_text(_UNATTENDED, encoding="ascii")

    @contextlib.contextmanager
    def fresh_home(self) -> Iterator[Path]:
        """Give an empty home folder that goes away afterwards."""
        with tempfile.TemporaryDirectory(prefix="gimp-home-", ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            self.fill_home(home)
            yield home

    def run(
        self,
        argv: Sequence[str],
        *,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        timeout: float = 180,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``argv`` to its end and return its exit code and both outputs as text.

        ``home`` is kept when given (prepare it with :meth:`fill_home` for speed), else a fresh one
        is used. After ``timeout`` seconds everything is killed and ``subprocess.TimeoutExpired``
        raised, with the outputs so far.
        """
        if home is None:
            with self.fresh_home() as fresh:
                return self.run(argv, binds=binds, env=env, home=fresh, timeout=timeout)
        process = self.start(argv, home=home, binds=binds, env=env)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.end(process)
            stdout, stderr = process.communicate()
            raise subprocess.TimeoutExpired(list(argv), timeout, stdout, stderr) from None
        finally:
            self.end(process)
        return subprocess.CompletedProcess(list(argv), process.returncode, stdout, stderr)

    def batch(
        self,
        code: str,
        *,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        home: Path | None = None,
        timeout: float = 180,
    ) -> subprocess.CompletedProcess[str]:
        """Run Python ``code`` in the GIMP without windows (Python 2.7 with ``pdb`` in 2.10).

        GIMP's exit code says nothing about the code: look at what the code wrote.
        """
        argv = [self.console, "-i", "-d", "-f", "--no-splash"]
        argv += ["--batch-interpreter", "python-fu-eval", "-b", code]
        argv += ["-b", "pdb.gimp_quit(1)"] if self.version == "2.10" else ["--quit"]
        return self.run(argv, binds=binds, env=env, home=home, timeout=timeout)


@dataclass(frozen=True)
class PrivateGimp(Gimp):
    """A GIMP in a Debian system of its own; commands run as root in there."""

    version: str
    folder: Path

    @property
    def console(self) -> str:  # type: ignore[override]  # derived here, an attribute in general
        """Command name of the GIMP without windows."""
        return f"gimp-console-{self.version}"

    @property
    def template(self) -> Path:
        """Settings of a GIMP that has been started; without them it asks each of its plug-ins again (8 s)."""
        return self.folder / "var/lib/precision-upscaler/settings"

    def start(
        self,
        argv: Sequence[str],
        *,
        home: Path,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start ``argv`` inside the private system; see :meth:`Gimp.start`."""
        # Python 2.7's PyGObject warns about itself at every start, nothing a plug-in of ours does
        quiet = {"PYTHONWARNINGS": "ignore"} if self.version == "2.10" else {}
        environment = {"HOME": str(home.resolve()), "PYTHONDONTWRITEBYTECODE": "1", **quiet, **(env or {})}
        return PrivateRoot(self.folder).start(
            argv, binds=[home, *binds], env=environment, cwd=str(home.resolve()), stdin=stdin
        )

    def end(self, process: subprocess.Popen[str]) -> None:
        """Kill process 1 of the namespace, and the kernel kills the rest."""
        process.kill()
        process.wait()

    def fill_home(self, home: Path) -> None:
        """Put a started GIMP's settings into ``home``."""
        if self.template.exists():
            shutil.copytree(self.template, home / self.settings, dirs_exist_ok=True)


@dataclass(frozen=True)
class NativeGimp(Gimp):
    """The GIMP installed on this machine, run with a home folder that is not the user's."""

    version: str
    console: str

    def start(
        self,
        argv: Sequence[str],
        *,
        home: Path,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start ``argv`` on this machine; see :meth:`Gimp.start`."""
        del binds  # everything is visible anyway
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "GIMP"))
        }
        return subprocess.Popen(
            list(argv),
            cwd=home,
            env={**inherited, "HOME": str(home), **(env or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def end(self, process: subprocess.Popen[str]) -> None:
        """Kill the process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def version_key(version: str) -> tuple[int, int]:
    """Return ``"2.10"`` as ``(2, 10)``, for comparing."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def roots_folder() -> Path:
    """Return the folder of all private GIMPs."""
    return cache_folder() / "gimp-roots"


def find_native(minimum: tuple[int, int] = (3, 0)) -> NativeGimp | None:
    """Return the newest GIMP on PATH that is at least ``minimum``, or None."""
    for name in _WELL_KNOWN:
        path = shutil.which(name)
        if path is None:
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [path, "--version"], capture_output=True, text=True, timeout=60, check=False
            )
            found = re.search(r"(\d+)\.(\d+)\.\d+", done.stdout)
            if found and (int(found[1]), int(found[2])) >= minimum:
                return NativeGimp(f"{found[1]}.{found[2]}", path)
    return None


def find(version: str) -> PrivateGimp | None:
    """Return the finished private GIMP of ``version``, or None."""
    folder = roots_folder() / version
    return PrivateGimp(version, folder) if (folder / STAMP).exists() else None


def find_or_build(version: str) -> PrivateGimp:
    """Return the private GIMP of ``version``, building it first where it is missing.

    Several processes may ask at once: one builds, the others wait. :class:`GimpUnavailable` where
    private GIMPs cannot run or be built, :class:`Failure` when building went wrong.
    """
    if version not in RECIPES:
        raise GimpUnavailable(f"there is no recipe for GIMP {version}", f"known: {', '.join(RECIPES)}")
    if reason := why_not():
        raise GimpUnavailable(
            f"no private GIMP {version}: {reason}", "run as root on Linux, or install GIMP 3"
        )
    gimp = find(version)
    if gimp is None:
        with building(roots_folder() / version, f"GIMP {version}"):
            gimp = find(version) or _build(version)
    return gimp


def _build(version: str) -> PrivateGimp:
    recipe = RECIPES[version]
    finished, partial = roots_folder() / version, roots_folder() / f"{version}.partial"
    log = roots_folder() / f"{version}.log"
    log.unlink(missing_ok=True)
    if finished.exists() and _adopt(PrivateGimp(version, finished)):
        return PrivateGimp(version, finished)
    say(f"==> building a private GIMP {version} in {finished} (about {recipe.minutes} minutes; log: {log})")
    install_debootstrap(log)
    for leftover in (partial, finished):
        if leftover.exists():
            PrivateRoot(leftover).remove()
    recipe.build(PrivateRoot(partial), log)
    with step("starting it once"):
        _finish(PrivateGimp(version, partial))
    partial.rename(finished)
    return PrivateGimp(version, finished)


def _adopt(gimp: PrivateGimp) -> bool:
    """Accept a system that was laid down without a stamp, if the GIMP in it works."""
    with step(f"trying the GIMP {gimp.version} found in {gimp.folder}"):
        try:
            _finish(gimp)
        except (Failure, OSError, subprocess.SubprocessError) as problem:
            say(f"    it does not work and is built anew: {problem}")
            return False
        return True


def _finish(gimp: PrivateGimp) -> None:
    """Start the GIMP, keep its list of plug-ins as template, and stamp the system as finished."""
    lister = "import os; open(os.path.join(os.environ['HOME'], 'alive'), 'w').write('" + _ALIVE + "')"
    with gimp.fresh_home() as home:
        done = gimp.batch(lister, home=home, timeout=300)
        written = home / "alive"
        if not written.exists() or written.read_text(encoding="ascii") != _ALIVE:
            raise Failure(f"GIMP {gimp.version} does not run Python:\n{done.stdout}{done.stderr}")
        version = gimp.run([gimp.console, "--version"], home=home).stdout.strip()
        gimp.template.mkdir(parents=True, exist_ok=True)
        shutil.copy(home / gimp.settings / "pluginrc", gimp.template)
        # GIMP trusts pluginrc only beside a gimprc of its own version and language
        own = home / gimp.settings / "gimprc"
        kept = own.read_text(encoding="utf-8") if own.exists() else ""
        settings = kept + (_UNATTENDED if version_key(gimp.version) >= (3, 0) else "")
        (gimp.template / "gimprc").write_text(settings, encoding="utf-8")
    facts = {"version": version, "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    draft = gimp.folder / f".{STAMP}"
    draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    draft.rename(gimp.folder / STAMP)


def main() -> None:
    """Build what is asked for, or run one command beside a private GIMP."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("versions", nargs="*", help=f"any of {', '.join(RECIPES)}; default: all")
    parser.add_argument("--run", metavar="VERSION", help="run the command after -- beside that GIMP")
    parser.add_argument("--bind", action="append", default=[], type=Path, help="host folder it shall see")
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    with exit_on_failure():
        if options.run:
            done = find_or_build(options.run).run(arguments[split + 1 :], binds=options.bind, timeout=3600)
            sys.stdout.write(done.stdout)
            sys.stderr.write(done.stderr)
            raise SystemExit(done.returncode)
        for version in options.versions or RECIPES:
            gimp = find_or_build(version)
            facts = json.loads((gimp.folder / STAMP).read_text(encoding="utf-8"))
            say(f"{facts['version']}: {gimp.folder}")
