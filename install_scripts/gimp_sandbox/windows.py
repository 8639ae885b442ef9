"""A Windows Python for tests: CPython 3.11 for Windows, run by Wine, with a GIMP-like bundle.

    python3 install_scripts/windows_python.py -- -m mock_server    run a command with it, built when missing

The interpreter's libraries come from a package for Windows that carries them, the standard library's files
from the Python 3.11 that runs this. ``python.exe`` is compiled here: it calls ``Py_Main``, as CPython does.
Needs root rights on Debian, and a Python 3.11. Lives in the cache folder, about 1 GB.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev import debian
from dev.bootstrap import CLONE, Environment, cache_folder
from dev.build_lock import building
from dev.console import Failure, command, exit_on_failure, say, step
from installer import packages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WINE = Path("/usr/lib/wine/wine64")
_VERSION = (3, 11)
_TOOLS = ("wine64", "gcc-mingw-w64-x86-64", "mingw-w64-tools")
_STAMP = "finished"
# a wheel with the interpreter's DLL, its extension modules and the C run-time library
_LIBRARIES = (
    "panda3d==1.10.16 --hash=sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82\n"
)
_FOR_WINDOWS = (
    *("--only-binary", ":all:", "--python-version", "3.11", "--platform", "win_amd64"),
    *("--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"),
)
# numpy crashes in Wine 8; the others check or lock the sources, which needs no Windows
_WITHOUT = re.compile(
    r"^(numpy|mypy|ruff|librt|ast-serialize|tree-sitter[a-z-]*)==|sys_platform == '(linux|emscripten)'"
)

_PROGRAM = r"""
#include <windows.h>
#include <stdlib.h>
__declspec(dllimport) int Py_Main(int, wchar_t **);
#ifdef WINDOWED
int WINAPI wWinMain(HINSTANCE a, HINSTANCE b, LPWSTR c, int d) { return Py_Main(__argc, __wargv); }
#else
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
#endif
"""
# a system library that Wine 8 lacks and programs written in Rust need
_RANDOM = r"""
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
    return RtlGenRandom(bytes, (ULONG)count);
}
"""
_EMPTY = "int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n"
_SITE = '''\
"""What Wine 8 does unlike Windows, put right."""

import msvcrt

_locking = msvcrt.locking


def locking(descriptor, mode, count):
    """Windows reports EACCES for a lock that is held; Wine reports no error number."""
    try:
        return _locking(descriptor, mode, count)
    except OSError as error:
        if error.errno == 0:
            raise PermissionError(13, "Permission denied") from None
        raise


msvcrt.locking = locking
'''
_COMPILE = r"""
set -e
gcc="x86_64-w64-mingw32-gcc -O2"
gendef libraries/python311.dll
x86_64-w64-mingw32-dlltool -d python311.def -l libpython311.a -D python311.dll
$gcc -municode program.c -L. -lpython311 -o python.exe
$gcc -municode -mwindows -DWINDOWED program.c -L. -lpython311 -o pythonw.exe
# the library of the stable ABI forwards everything
{ printf 'LIBRARY python3.dll\nEXPORTS\n'
  sed '1,/^EXPORTS/d; s/;.*//; s/ DATA//' python311.def | awk 'NF {print $1" = python311."$1}'
} > python3.def
$gcc -shared -nostdlib -e DllMain empty.c python3.def -o python3.dll
$gcc -shared random.c -ladvapi32 -o bcryptprimitives.dll
"""


class WindowsUnavailable(Failure):  # tests skip with its text as reason
    """There is no Windows Python here and none can be built."""


@dataclass(frozen=True)
class WindowsPython:
    """A Windows Python below ``folder``, and the locked ``packages`` in a folder of their own."""

    folder: Path
    packages: Path

    @property
    def drive(self) -> Path:
        """The folder that Windows programs see as drive C."""
        return self.folder / "prefix/drive_c"

    @property
    def gimp(self) -> Path:
        """A bundle like GIMP's own: its Python has no packages and its path has a space."""
        return self.drive / "users" / getpass.getuser() / "AppData/Local/Programs/GIMP 3/bin"

    def path(self, path: Path) -> str:
        """Return how a Windows program names a file of this machine."""
        inside = path.relative_to(self.drive) if path.is_relative_to(self.drive) else None
        return ("C:\\" if inside else "Z:") + str(inside or path.absolute()).replace("/", "\\")

    def environment(
        self, env: Mapping[str, str] | None = None, modules: Sequence[Path] = ()
    ) -> dict[str, str]:
        """Return the environment of a run with ``modules`` on Python's path and ``env`` on top."""
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "USER") if name in os.environ}
        settings = {"WINEPREFIX": str(self.folder / "prefix"), "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"}
        settings["WINEDLLOVERRIDES"] = "mscoree,mshtml="  # no question about further downloads
        settings["PYTHONPYCACHEPREFIX"] = r"C:\pycache"
        if modules:
            settings["PYTHONPATH"] = ";".join(map(self.path, modules))
        return {**kept, **settings, **(env or {})}

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        modules: Sequence[Path] = (),
        cwd: Path | None = None,
        gimp: bool = False,
        windowed: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start Python with pipes and the arguments ``argv``; with ``gimp`` the GIMP-like bundle's."""
        folder = self.gimp if gimp else self.drive / "Python311"
        program = self.path(folder / ("pythonw.exe" if windowed else "python.exe"))
        return subprocess.Popen(
            [str(_WINE), program, *argv],
            env=self.environment(env, modules),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        modules: Sequence[Path] = (),
        cwd: Path | None = None,
        gimp: bool = False,
        given: bytes = b"",
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run Python to its end with the bytes ``given`` on its standard input."""
        process = self.start(argv, env=env, modules=modules, cwd=cwd, gimp=gimp)
        try:
            stdout, stderr = process.communicate(given, timeout)
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess(list(argv), process.returncode, stdout, stderr)


def find_or_build() -> WindowsPython:
    """Return the Windows Python with the packages of today's lock, building what is missing.

    :class:`WindowsUnavailable` where it cannot run or be built.
    """
    if sys.version_info[:2] != _VERSION:
        raise WindowsUnavailable(
            f"a Windows Python is built by Python 3.11, and this is {sys.version.split()[0]}"
        )
    recipe = f"{_LIBRARIES}{_PROGRAM}{_RANDOM}{_EMPTY}{_SITE}{_COMPILE}{sys.version}"
    folder = cache_folder() / "windows-python" / _digest(recipe)
    if not (folder / _STAMP).exists():
        if not (_WINE.exists() or debian.can_install()):
            raise WindowsUnavailable("a Windows Python needs Wine, or root rights on Debian to install it")
        with building(folder, "a Windows Python"):
            if not (folder / _STAMP).exists():
                try:
                    _build(folder)
                except Failure as failure:
                    raise WindowsUnavailable(f"a Windows Python cannot be built: {failure}") from failure
    return WindowsPython(folder, _locked_packages(folder))


def _locked_packages(folder: Path) -> Path:
    """Return a folder with the developers' packages for Windows."""
    lock = (CLONE / "requirements.lock").read_text(encoding="ascii")
    pins = re.findall(r"^\S+==.*\n(?:[ ].*\n)*", lock, re.MULTILINE)
    kept = "".join(pin for pin in pins if not _WITHOUT.search(pin.splitlines()[0]))
    # pip would read the conditions as of this machine
    text = re.sub(r"^(\S+==\S+) ;[^\\\n]*", r"\1 ", kept, flags=re.MULTILINE)
    path = folder / f"requirements-{_digest(text)}.lock"
    path.write_text(text, encoding="ascii")
    return packages.fetch(str(path), *_FOR_WINDOWS)


def _build(folder: Path) -> None:
    """Build Wine's folder with a Python for Windows in it, and a GIMP-like bundle."""
    say(f"==> building a Windows Python in {folder} (about a minute)")
    shutil.rmtree(folder, ignore_errors=True)
    work, log = folder / "build", folder / "log"
    work.mkdir(parents=True)
    if not _WINE.exists() or shutil.which("gendef") is None or shutil.which("x86_64-w64-mingw32-gcc") is None:
        debian.install(*_TOOLS, log=log)
    with step("fetching CPython's libraries for Windows"):
        (work / "libraries.txt").write_text(_LIBRARIES, encoding="ascii")
        argv = [*Environment().pip(), "download", "--quiet", "--no-deps", "--require-hashes", *_FOR_WINDOWS]
        command([*argv, "--dest", work, "--requirement", work / "libraries.txt"], log=log)
        with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
            for name in wheel.namelist():
                if name.startswith("deploy_libs/"):
                    target = work / "libraries" / Path(name).name
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(wheel.read(name))
    made = WindowsPython(folder, folder)
    with step("making Wine's folder"):
        command([_WINE, "wineboot", "-i"], log=log, env=made.environment())
        command([_WINE.with_name("wineserver64"), "-w"], log=log, env=made.environment())
    with step("compiling python.exe"):
        for name, text in {"program.c": _PROGRAM, "random.c": _RANDOM, "empty.c": _EMPTY}.items():
            (work / name).write_text(text, encoding="ascii")
        command(["sh", "-c", _COMPILE], log=log, cwd=work)
    shutil.copy(work / "bcryptprimitives.dll", made.drive / "windows/system32")
    for place in (made.drive / "Python311", made.gimp):
        _lay_out(place, work)
    shutil.copy(made.gimp / "python.exe", made.gimp / "gimp-3.0.exe")
    asked = made.run(["-c", "import ctypes, msvcrt, sqlite3, ssl, winreg; print('alive')"])
    if asked.stdout.strip() != b"alive":
        raise Failure(f"it does not run: {asked.stderr.decode(errors='replace')}")
    shutil.rmtree(work)
    (folder / _STAMP).touch()


def _lay_out(place: Path, work: Path) -> None:
    """Put a Python into ``place`` as its installer for Windows would."""
    standard = Path(sysconfig.get_paths()["stdlib"])
    left_out = ("__pycache__", "site-packages", "lib-dynload", "config-3*", "test", "_sysconfigdata*")
    shutil.copytree(standard, place / "Lib", ignore=shutil.ignore_patterns(*left_out))
    (place / "Lib/site-packages").mkdir()
    (place / "Lib/site-packages/sitecustomize.py").write_text(_SITE, encoding="ascii")
    (place / "DLLs").mkdir()
    top = {"python311.dll", "VCRUNTIME140.dll", "vcruntime140.dll"}
    for path in (work / "libraries").iterdir():
        beside = ("libcrypto-3.dll", "libssl-3.dll", "libffi-8.dll", "sqlite3.dll")
        if path.name in top or path.suffix == ".pyd" or path.name in beside:
            shutil.copy(path, place if path.name in top else place / "DLLs")
    for name in ("python3.dll", "python.exe", "pythonw.exe"):
        shutil.copy(work / name, place)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def main() -> None:
    """Run one command with the Windows Python, with the clone's modules on its path."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("arguments", nargs="*", help="Python's arguments, after --")
    arguments = parser.parse_args().arguments
    with exit_on_failure():
        python = find_or_build()
        done = python.run(arguments, modules=clone_modules(python), timeout=3600)
        sys.stdout.buffer.write(done.stdout)
        sys.stderr.buffer.write(done.stderr)
        raise SystemExit(done.returncode)


def clone_modules(python: WindowsPython) -> list[Path]:
    """Return what the tests and programs of the clone need on Python's path."""
    return [CLONE / "plugin", CLONE / "plugin/gimp3", CLONE / "install_scripts", CLONE, python.packages]
