"""Examine an installed plug-in, and remove its keys, inside GIMP's own Python.

    python inside_gimp.py FOLDER check [GIMP-API-VERSION]    does it run, does the service answer
    python inside_gimp.py FOLDER state                       where its data is, what was paid and never placed
    python inside_gimp.py FOLDER forget                      remove the keys from the system's keyring

Run by the Python that GIMP runs plug-ins with; needs nothing but the plug-in ``FOLDER`` and prints one
JSON object. No key is ever printed. Without a key the service is called without one, and refuses.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def worker(folder: str, command: dict[str, Any]) -> dict[str, Any]:
    """Start the plug-in's worker for one command and return its answer; RuntimeError when it has none."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[:2]), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "precision_upscaler.worker"],
        input=json.dumps(command) + "\n",
        env=environment,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",  # whatever this system's code page is
        errors="replace",
        timeout=60,
        check=False,
    )
    for line in done.stdout.splitlines():
        with contextlib.suppress(ValueError):
            return dict(json.loads(line))
    raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it answered nothing")


def check(folder: str, bindings: str) -> dict[str, Any]:
    """Return what was found; members whose names end in "problem" hold what went wrong as text."""
    found: dict[str, Any] = {"python": sys.version.split()[0]}
    if bindings:
        try:
            import gi  # noqa: PLC0415  # exists inside GIMP alone

            gi.require_version("Gimp", bindings)
        except (ImportError, ValueError) as error:
            found["bindings_problem"] = str(error)
    try:
        status = worker(folder, {"command": "status"})
        if status.get("event") != "status":
            raise RuntimeError(f"{status.get('what')} {status.get('advice')}")  # noqa: TRY301  # handled as any other
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return {**found, "core_problem": str(error)}
    found.update({name: status[name] for name in ("key", "base_url", "data_folder", "log")})
    try:
        with tempfile.TemporaryFile(dir=found["data_folder"]):
            pass
    except OSError as error:
        found["folder_problem"] = error.strerror or str(error)
    if found["key"]:
        try:
            found["answer"] = worker(folder, {"command": "test-key"})
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            found["answer"] = {"event": "error", "what": f"the test of the key broke off: {error}"}
    else:
        found.update(_call_without_key(found["base_url"]))
    return found


def _call_without_key(address: str) -> dict[str, Any]:
    """Call the service without a key; its refusal proves address, TLS and route."""
    import httpx2  # noqa: PLC0415  # from the plug-in's vendor folder
    from precision_upscaler.contract import CREATE_PATH  # noqa: PLC0415  # from the plug-in folder

    try:
        return {"http_status": httpx2.get(address.rstrip("/") + CREATE_PATH, timeout=15).status_code}
    except Exception as error:  # noqa: BLE001  # whatever it is, the user must read it
        return {"network_problem": f"{type(error).__name__}: {error}"}


def state(folder: str) -> dict[str, Any]:
    """Return the data folder and how many paid results in it were never placed."""
    status = worker(folder, {"command": "status"})
    # an older worker does not say how many jobs there are
    jobs = worker(folder, {"command": "jobs"}).get("jobs", []) if status.get("unfinished", 1) else []
    paid = [job for job in jobs if job.get("charged") != "no"]
    return {"data_folder": status.get("data_folder"), "base_url": status.get("base_url"), "paid": len(paid)}


def forget(folder: str) -> dict[str, Any]:
    """Remove every key that the plug-in stored from the system's keyring."""
    from precision_upscaler.contract import SERVERS  # noqa: PLC0415  # from the plug-in folder
    from precision_upscaler.storage import credentials  # noqa: PLC0415  # from the plug-in folder
    from precision_upscaler.urls import account  # noqa: PLC0415  # from the plug-in folder

    keyring: Any = credentials.system_keyring()
    status = worker(folder, {"command": "status"})
    names = [account(SERVERS[0])]
    if isinstance(status.get("base_url"), str):
        names.append(account(status["base_url"]))
    with contextlib.suppress(OSError, ValueError, TypeError):
        # a keyring cannot be listed: the plug-in notes the addresses that it stored a key for
        names += json.loads(Path(status["data_folder"], "accounts.json").read_text(encoding="utf-8"))
    removed = 0
    for name in dict.fromkeys(names):
        # not stored, or no keyring
        with contextlib.suppress(Exception):
            keyring.delete_password(credentials._KEYRING_SERVICE, name)  # noqa: SLF001  # the one outside user
            removed += 1
    return {"removed": removed}


if __name__ == "__main__":
    place, action, *rest = sys.argv[1:]
    sys.path[:0] = [place, os.path.join(place, "vendor")]  # noqa: PTH118  # as the plug-in itself does
    actions = {"check": lambda: check(place, "".join(rest)), "state": lambda: state(place)}
    try:
        answer = actions.get(action, lambda: forget(place))()
    except Exception as error:  # noqa: BLE001  # whatever it is, the user must read it
        answer = {"core_problem": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)
