"""Many clients at once: nothing is lost, nothing goes backwards, memory stays within bounds.

500 tasks, or with --hypothesis-profile=explore 10,000.
"""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from precision_upscaler.contract import CREATE_PATH, STATUSES

from contract_tests.mock.processes import HEADERS, Process, running
from contract_tests.pictures import base64_png

pytestmark = pytest.mark.slow
CLIENTS = 100
TASKS = 5 * settings().max_examples // CLIENTS  # for each client
BODY = json.dumps({"image": base64_png()}).encode()
MEGABYTES = 300  # what the mock may need, Python and Pillow included


class Client(threading.Thread):
    """Creates its tasks and polls them in between, over one connection."""

    def __init__(self, process: Process, number: int) -> None:
        super().__init__()
        self.random = random.Random(number)
        self.connection = process.connection()
        self.seen: dict[str, list[str]] = {}
        self.error: BaseException | None = None

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, str]:
        self.connection.request(method, path, body, HEADERS)
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        data: dict[str, str] = answer["data"]
        return data

    def poll(self, task_id: str) -> None:
        status = self.call("GET", f"{CREATE_PATH}/{task_id}")["status"]
        if self.seen[task_id][-1] != status:
            self.seen[task_id].append(status)

    def run(self) -> None:
        try:
            for _ in range(TASKS):
                self.seen[self.call("POST", CREATE_PATH, BODY)["task_id"]] = ["CREATED"]
                self.poll(self.random.choice(list(self.seen)))
            for task_id in self.seen:
                self.poll(task_id)
        except BaseException as error:  # noqa: BLE001 - handed to the test, which raises it
            self.error = error
        finally:
            self.connection.close()


def memory_of(pid: int) -> int:
    """Return the memory of a process in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc to read the memory")
@pytest.mark.parametrize("processes", [0, 2], ids=["memory", "file"])
def test_a_hundred_clients(tmp_path: Path, processes: int) -> None:
    shared = ("--state", str(tmp_path / "state"), "--processes", str(processes)) if processes else ()
    with running("--speed", "30", *shared) as process:
        clients = [Client(process, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
            if client.error:
                raise client.error
        process.call("POST", "/__mock__/clock", json.dumps({"advance": 1000}).encode())
        listed = process.call("GET", CREATE_PATH)[1]["data"]
        charges = process.call("GET", "/__mock__/charges")[1]
        memory = memory_of(process.popen.pid)
    created = [task_id for client in clients for task_id in client.seen]
    assert len(created) == CLIENTS * TASKS
    assert {task["task_id"] for task in listed} == set(created)
    assert {task["status"] for task in listed} == {"COMPLETED"}
    assert charges["by_key"] == {"mock-key": len(created)}
    for client in clients:
        for seen in client.seen.values():
            assert seen == sorted(seen, key=STATUSES.index)
    assert memory < MEGABYTES
