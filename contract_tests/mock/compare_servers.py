"""The mock behind its own server, waitress, gunicorn and granian: speed, what a request costs, wire faults.

Run by hand, on Linux, ``PYTHONPATH=install_scripts python -m contract_tests.mock.compare_servers``; the other
servers are installed once, in a folder of their own. What it found is in ``mock_server/DIFFERENCES.md``.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

from environment import cache_folder
from precision_upscaler.contract import CREATE_PATH

from contract_tests.benchmarks import peers
from contract_tests.benchmarks.measure import Samples, turning
from contract_tests.benchmarks.processes import Asking, free_port, python, running
from contract_tests.mock.processes import BODY, HEADERS, children_of

PACKAGES = ("waitress==3.0.2", "gunicorn==27.0.1", "granian==2.8.9")
THREADS = "16"
ROUNDS, SECONDS, CONNECTIONS = 5, 3.0, 16
FAULTS = ("reset", "empty_reply", "garbage", "short_body", "bad_chunk")
APP = "mock_server.wsgi:app"


def servers(port: int) -> dict[str, list[str]]:
    """Return the command that serves the mock on ``port`` for each server: one process, 16 threads."""
    address = f"127.0.0.1:{port}"
    return {
        "ours": python("-m", "mock_server", "--port", str(port)),
        "waitress": python("-m", "waitress", f"--listen={address}", f"--threads={THREADS}", APP),
        "gunicorn": python(
            "-m", "gunicorn", "-k", "gthread", "--threads", THREADS, "-b", address, APP
        ),
        "granian": python(
            "-m", "granian", "--interface", "wsgi", "--blocking-threads", THREADS, "--no-access-log",
            "--host", "127.0.0.1", "--port", str(port), APP,
        ),
    }  # fmt: skip


def packages() -> Path:
    """Return the folder with the other servers, installed at the first call."""
    folder = cache_folder() / "mock-servers"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text("utf-8") != " ".join(PACKAGES):
        subprocess.run(python("-m", "pip", "install", "-q", "--target", str(folder), *PACKAGES), check=True)
        stamp.write_text(" ".join(PACKAGES), "utf-8")
    return folder


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the descendants of a process have used, in seconds."""
    found = 0.0
    for child in children_of(pid):
        numbers = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()
        found += (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK") + cpu_seconds(child)
    return found


def fault(port: int, name: str) -> str:
    """Return what a client sees that asks for a wire fault: an exception's name, or a status."""
    _, created = Asking("POST", CREATE_PATH, HEADERS, BODY).once(port)
    path = f"{CREATE_PATH}/{json.loads(created)['data']['task_id']}"
    try:
        status, _ = Asking("GET", path, {**HEADERS, "Prefer": f"scenario={name}"}).once(port)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    return str(status)


def main() -> None:
    """Measure every server in turn, and print what was found."""
    environment = {"PYTHONPATH": str(packages())}
    speed: dict[str, list[float]] = {}
    cost: dict[str, list[float]] = {}
    start: dict[str, list[float]] = {}
    faults: dict[str, list[str]] = {}
    for names in turning(list(servers(0)), ROUNDS):
        for name in names:
            port = free_port()
            with running(servers(port)[name], port, peers.LIST, env=environment) as seconds:
                start.setdefault(name, []).append(seconds)
                faults[name] = [fault(port, each) for each in FAULTS]
                before = cpu_seconds(os.getpid())
                seen = peers.load(port, peers.POST, CONNECTIONS, SECONDS)
                if seen["refused"] or not seen["answers"]:
                    sys.exit(f"{name}: not every answer was 2xx: {seen}")
                speed.setdefault(name, []).append(seen["perSecond"])
                used = cpu_seconds(os.getpid()) - before
                cost.setdefault(name, []).append(1000 * used / seen["answers"])
    for name in speed:
        row = [Samples(tuple(values[name])) for values in (speed, cost, start)]
        print(
            f"{name:10} {row[0].shown('.0f')} creates/s, {row[1].shown('.2f')} ms of processor each,"
            f" {row[2].shown('.2f')} s to start; {', '.join(faults[name])}"
        )


if __name__ == "__main__":
    main()
