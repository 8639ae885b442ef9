"""Install locked packages into a folder of their own with pip: for vendor/ and the demo's photograph."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING

from dev.bootstrap import CLONE, Environment, cache_folder
from dev.console import Failure, command, step

if TYPE_CHECKING:
    from pathlib import Path

# what an interpreter or a loader would map into memory; data files may have any other ending
_COMPILED = re.compile(r"\.(so|pyd|dll|dylib|exe|a|lib|o|pyc|pyo|jnilib)(\.\d+)*$", re.IGNORECASE)
# not needed at run time: a package's own tests, its build's lists, pip's records, start scripts with this
# machine's paths
_LEFT_OUT = ("tests", "sboms", "RECORD", "INSTALLER", "REQUESTED", "top_level.txt", "bin", "Scripts")
_WHEELS_ONLY = ("--only-binary", ":all:", "--python-version", "3.11")
PURE_PYTHON = (*_WHEELS_ONLY, "--implementation", "py", "--abi", "none", "--platform", "any")
"""Options with which pip takes only wheels that run everywhere."""
LINUX = (*_WHEELS_ONLY, "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64")
"""Options with which pip takes the same wheels on every machine."""


def fetch(lock: str, *options: str) -> Path:
    """Return a folder with the packages of ``lock`` (a name in the clone), from the cache or with pip.

    pip checks every file against the lock's hashes. :class:`Failure` without network.
    """
    text = (CLONE / lock).read_text(encoding="ascii")
    key = hashlib.sha256("\0".join((text, *options)).encode()).hexdigest()[:16]
    folder = cache_folder() / "packages" / key
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with step(f"fetching the packages of {lock}"):
            argv = [*Environment().pip(), "install", "--quiet", "--no-compile", "--no-deps"]
            argv += ["--require-hashes", *options, "--target", partial, "--requirement", CLONE / lock]
            command(argv, advice="check the network connection")
        partial.rename(folder)
    return folder


def copy_pure_python(source: Path, target: Path) -> None:
    """Copy fetched packages from ``source`` to ``target`` with their licences and a list of them.

    :class:`Failure` when something is compiled or a package has no licence text.
    """
    notice = licences(source)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for path in sorted(target.rglob("*")):
        if _COMPILED.search(path.name):
            raise Failure(
                f"{path.relative_to(target)} is compiled code, which GIMP's Python may not be able to load",
                "leave that package out of the plugin group in pyproject.toml",
            )
    (target / "LICENSES.txt").write_text(notice, encoding="utf-8", newline="\n")


def licences(folder: Path) -> str:
    """Return the text that names each package in ``folder`` with version, licence, and where its text is."""
    lines = ["This folder holds these packages, unchanged, each under its own licence:", ""]
    found = importlib.metadata.distributions(path=[str(folder)])
    for package in sorted(found, key=lambda package: package.name.lower()):
        texts = sorted(path.as_posix() for path in package.files or () if _is_licence(path))
        if not texts:
            raise Failure(f"{package.name} has no licence text", "vendor another version or another package")
        # not every Python gives None for a field that is missing
        fields = [name for name in ("License-Expression", "License") if name in package.metadata]
        declared = next((package.metadata[name] for name in fields), "") or _classifiers(package)
        lines.append(f"{package.name} {package.version}: {declared.splitlines()[0]}")
        lines += [f"    {name}" for name in texts]
    return "\n".join(lines) + "\n"


def _classifiers(package: importlib.metadata.Distribution) -> str:
    every = package.metadata.get_all("Classifier") or []
    names = [line.rpartition(" :: ")[2] for line in every if line.startswith("License")]
    return ", ".join(names) or "see its licence text"


def _is_licence(path: PurePath) -> bool:
    """Tell whether a file of a package is the text of a licence."""
    return ".dist-info" in path.parts[0] and path.name.upper().startswith(("LICEN", "COPYING"))
