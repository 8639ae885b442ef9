"""The mock behind its own server, waitress, gunicorn and granian: speed, what a request costs, wire faults.

Run by hand, on Linux, ``PYTHONPATH=install_scripts python -m contract_tests.unit.mock.compare_servers``;
the others come with the benchmarks' packages. It is what ``mock_server/DIFFERENCES.md`` rests on there.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from pathlib import Path

from precision_upscaler.contract import CREATE_PATH

from contract_tests.benchmarks import peers
from contract_tests.benchmarks.measure import Samples, turning
from contract_tests.benchmarks.processes import Asking, free_port, running
from contract_tests.support.mock_processes import BODY, HEADERS, children_of

ROUNDS, SECONDS, CONNECTIONS = 5, 3.0, 16
FAULTS = ("reset", "empty_reply", "garbage", "short_body", "bad_chunk")


def servers() -> dict[str, peers.Server]:
    """Return the mock's application under each server: one process, 16 threads."""
    return {"its own": peers.ours()} | {name: peers.under(name) for name in peers.WSGI_SERVERS}


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
    subjects = servers()
    speed: dict[str, list[float]] = {}
    cost: dict[str, list[float]] = {}
    start: dict[str, list[float]] = {}
    faults: dict[str, list[str]] = {}
    for names in turning(list(subjects), ROUNDS):
        for name in names:
            port = free_port()
            with running(subjects[name].argv(port), port, peers.LIST) as seconds:
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
