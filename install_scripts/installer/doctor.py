"""Examine the plug-in in every GIMP of the user; each finding says what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installer import plugin_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from installer.gimp_locations import Location

_INSIDE = Path(__file__).resolve().parent / "inside_gimp.py"
_REFUSED = 401


@dataclass(frozen=True)
class Finding:
    """One line: ``what`` was found, and what to ``do`` (empty when all is well)."""

    what: str
    do: str = ""

    def __str__(self) -> str:
        return (
            f"  ok    {self.what}" if not self.do else f"  !!    {self.what}\n        What to do: {self.do}"
        )


def ask(location: Location, action: str, *arguments: str) -> dict[str, Any]:
    """Run ``inside_gimp.py`` with the location's Python; a "core_problem" member when it could not be run."""
    folder = str(location.plug_ins / plugin_bundle.NAME)
    environ = dict(os.environ)
    if location.data and not location.python:
        # a GIMP that cannot be asked keeps its data where another Python would not look
        environ["PRECISION_UPSCALER_DATA"] = str(location.data[0])
    failures = []
    for python in _pythons(location):
        if shutil.which(python[0]) is None:
            failures.append(f"{python[0]} is not there")
            continue
        argv = [*python, str(_INSIDE), folder, action, *arguments]
        try:
            done = subprocess.run(argv, env=environ, capture_output=True, timeout=120, check=False)
            return dict(json.loads(done.stdout))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            failures.append(str(error))
    return {"core_problem": "; ".join(failures)}


def _pythons(location: Location) -> Iterator[Sequence[str]]:
    if location.python:
        yield location.python
    else:  # one that cannot be called from outside, or GIMP 2.10, whose worker needs any newer Python
        yield (sys.executable,)


def findings(location: Location, asked: Callable[..., dict[str, Any]] = ask) -> list[Finding]:
    """Examine one location; ``asked`` stands in for :func:`ask` in tests."""
    folder = location.plug_ins / plugin_bundle.NAME
    if not folder.exists():
        return [Finding("the plug-in is not installed here", "run the installer without --check")]
    found = [_whole(folder), _executable(folder), _writable(location.plug_ins)]
    bindings = "3.0" if location.front_end == "gimp3" and location.python else ""
    answer = asked(location, "check", bindings)
    if "core_problem" in answer:
        do = "install again; if this stays, report it with this line"
        return [*found, Finding(f"the plug-in's worker does not start: {answer['core_problem']}", do)]
    interpreter = "GIMP's Python" if location.python else "Python"
    found.append(Finding(f"{interpreter} {answer['python']} runs the worker"))
    if "bindings_problem" in answer:
        found.append(
            Finding(
                f"this Python cannot talk to GIMP: {answer['bindings_problem']}",
                "install GIMP's Python support, on Debian and Ubuntu: sudo apt install gimp python3-gi",
            )
        )
    return [*found, _service(answer), _key(answer), _folder(answer)]


def _whole(folder: Path) -> Finding:
    damaged = plugin_bundle.damage(folder)
    if damaged:
        return Finding(f"the plug-in is damaged: {'; '.join(damaged[:3])}", "run the installer again")
    version = (folder / "VERSION").read_text(encoding="ascii").strip()
    return Finding(f"the plug-in {version} is installed, with all its files")


def _executable(folder: Path) -> Finding:
    program = folder / plugin_bundle.EXECUTABLE
    if os.name == "posix" and not os.access(program, os.X_OK):
        return Finding(f"{program} may not be executed, so GIMP passes it over", f"chmod +x {program}")
    return Finding("GIMP may start it")


def _writable(plug_ins: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=plug_ins):
            pass
    except OSError as error:
        return Finding(
            f"{plug_ins} cannot be written: {error.strerror}",
            "make the folder your own, or upgrades will fail",
        )
    return Finding("the plug-ins folder can be written")


def _service(answer: dict[str, Any]) -> Finding:
    address = answer["base_url"]
    test = answer.get("answer", {})
    problem = answer.get("network_problem") or (test.get("what") if test.get("event") == "error" else "")
    if problem and ("certificate" in problem.lower() or "ssl" in problem.lower()):
        return Finding(
            f"the secure connection to {address} fails: {problem}",
            "check the date of this computer; a company's or a virus scanner's certificate must be in the "
            "system's own list of trusted authorities",
        )
    if problem:
        return Finding(
            f"{address} is not reachable: {problem}",
            "check the internet connection, the firewall, the address",
        )
    status = answer.get("http_status")
    if status not in {None, _REFUSED}:
        return Finding(
            f"{address} answers in an unexpected way ({status})", "check the address in the settings"
        )
    secure = ", over a checked secure connection" if address.startswith("https") else ""
    return Finding(f"the service answers at {address}{secure}")


def _key(answer: dict[str, Any]) -> Finding:
    if not answer["key"]:
        return Finding(
            "no API key is stored",
            "choose Filters, Enhance, Precision Upscale in GIMP, which asks for it; or set FREEPIK_API_KEY",
        )
    where = {
        "environment": "an environment variable",
        "keyring": "the system's keyring",
        "file": "a file of yours",
    }
    test = answer.get("answer", {})
    if test.get("event") == "key" and not test.get("valid"):
        return Finding(
            f"the key from {where[answer['key']]} is refused: {test.get('message')}",
            "enter it anew in GIMP: Filters, Enhance, Precision Upscale Settings",
        )
    return Finding(f"the API key comes from {where[answer['key']]}")


def _folder(answer: dict[str, Any]) -> Finding:
    if "folder_problem" in answer:
        return Finding(
            f"{answer['data_folder']} cannot be written: {answer['folder_problem']}",
            "make the folder your own and see that the disk is not full: paid results are kept there",
        )
    return Finding(f"jobs, settings and log are kept in {answer['data_folder']}")
