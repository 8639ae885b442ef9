"""Fetch locked wheels with pip and unpack them without installing: for vendor/ and the demo's photograph."""

from __future__ import annotations

import email
import email.message
import hashlib
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dev.bootstrap import CLONE, Environment, cache_folder
from dev.console import Failure, command, step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# what an interpreter or a loader would map into memory; data files may have any other ending
_COMPILED = re.compile(r"\.(so|pyd|dll|dylib|exe|a|lib|o|pyc|pyo|jnilib)(\.\d+)*$", re.IGNORECASE)
_PURE = ("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "py")
PURE_PYTHON = (*_PURE, "--abi", "none", "--platform", "any")
"""Options with which pip takes nothing but wheels that run everywhere."""


def fetch(lock: str, *options: str) -> list[Path]:
    """Return the wheels of ``lock`` (a name in the clone), from the cache or with ``pip download``.

    Every file is checked against the lock's hashes by pip. :class:`steps.Failure` without network.
    """
    text = (CLONE / lock).read_text(encoding="ascii")
    key = hashlib.sha256("\0".join((text, *options)).encode()).hexdigest()[:16]
    folder = cache_folder() / "wheels" / key
    if not folder.exists():
        draft = folder.with_suffix(".partial")
        draft.mkdir(parents=True, exist_ok=True)
        with step(f"fetching the packages of {lock}"):
            pip = Environment().pip()
            argv = [*pip, "download", "--quiet", "--no-deps", "--require-hashes", *options]
            command(
                [*argv, "--dest", draft, "--requirement", CLONE / lock], advice="check the network connection"
            )
        draft.rename(folder)
    return sorted(folder.glob("*.whl"))


def unpack(wheels: Sequence[Path], target: Path) -> None:
    """Put the modules and the metadata of pure Python ``wheels`` below ``target``, licences included.

    :class:`steps.Failure` when a wheel holds compiled code, has no licence, or would write elsewhere.
    """
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            licensed = False
            for name in _members(wheel, archive):
                licensed = licensed or is_licence(name)
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.read(name))
            if not licensed:
                raise Failure(
                    f"{wheel.name} carries no licence text", "vendor another version or another package"
                )


def notice(wheels: Sequence[Path]) -> str:
    """Return the text that names each carried package with its version, licence, and where the text is."""
    lines = [
        "What this folder carries besides Precision Upscaler, unchanged, each under its own licence:",
        "",
    ]
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
            facts = email.message_from_bytes(archive.read(metadata))
            declared = facts["License-Expression"] or facts["License"] or _classified(facts)
            lines.append(f"{facts['Name']} {facts['Version']}: {declared.splitlines()[0]}")
            lines += [f"    {name}" for name in names if is_licence(name)]
    return "\n".join(lines) + "\n"


def _classified(facts: email.message.Message) -> str:
    names = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier", []) if line.startswith("License")
    ]
    return ", ".join(names) or "see its licence text"


def is_licence(name: str) -> bool:
    """Tell whether a wheel's member (its path inside) is the text of a licence."""
    stem = PurePosixPath(name).name.upper()
    return ".dist-info/" in name and stem.startswith(("LICEN", "COPYING"))


def _members(wheel: Path, archive: zipfile.ZipFile) -> Iterator[str]:
    for name in archive.namelist():
        path = PurePosixPath(name)
        if name.endswith("/"):
            continue
        if path.is_absolute() or ".." in path.parts:
            raise Failure(f"{wheel.name} wants to write to {name}")
        if _COMPILED.search(name):
            raise Failure(
                f"{wheel.name} holds compiled code ({name}), which GIMP's Python may not be able to load",
                "leave that package out of the plugin group in pyproject.toml",
            )
        if ".data/" in path.parts[0] + "/":
            raise Failure(f"{wheel.name} has data outside its package ({name})")
        # no part of what runs: a package's own tests, lists of its makers' build, pip's book-keeping
        if {"tests", "sboms"} & set(path.parts):
            continue
        if path.name in {"RECORD", "INSTALLER", "REQUESTED", "top_level.txt"}:
            continue
        yield name
