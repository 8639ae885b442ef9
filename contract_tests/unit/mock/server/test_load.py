"""Many clients at once, and a mock that is killed among them: nothing is lost, nothing goes backwards.

100 clients create 500 tasks, or 10,000 with::

    python -m pytest contract_tests/unit/mock/server/test_load.py --hypothesis-profile=explore -rP
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from precision_upscaler.contract import CREATE_PATH, STATUSES

from contract_tests.support.mock_processes import HEADERS, Process, running
from contract_tests.support.pictures import base64_png

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find processes and their memory"
    ),
]
CLIENTS = 100
TASKS = 5 * settings().max_examples // CLIENTS  # for each client
BODY = json.dumps({"image": base64_png()}).encode()
MEGABYTES = 120  # what each process of the mock may need at its peak, Python and Pillow included
PATIENCE = 120.0  # seconds for a killed mock to be back


class Crowd:
    """What the clients of one mock share: the mock as it runs now, and what it acknowledged."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.up = threading.Event()
        self.up.set()
        self.acknowledged = 0
        self.unknown = 0
        self.changed = threading.Condition()

    def count(self, *, acknowledged: bool) -> None:
        """Count a create call that was answered, or one whose answer was lost."""
        with self.changed:
            self.acknowledged += acknowledged
            self.unknown += not acknowledged
            self.changed.notify()

    def wait_for(self, tasks: int, going_on: Callable[[], bool]) -> None:
        """Wait until so many tasks were acknowledged."""
        with self.changed:
            while self.acknowledged < tasks:
                assert going_on(), "the clients ended before the mock was killed"
                self.changed.wait(1.0)


class Client(threading.Thread):
    """Creates its tasks and polls them in between, over one connection, or a new one after a kill."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        super().__init__()
        self.crowd = crowd
        self.random = random.Random(number)
        self.process = crowd.process
        self.connection = self.process.connection()
        self.seen: dict[str, list[str]] = {}
        self.error: BaseException | None = None

    def call(self, method: str, path: str, body: bytes | None = None) -> dict[str, str] | None:
        """Return the answer's ``data``, or None when the mock was killed meanwhile."""
        try:
            self.connection.request(method, path, body, HEADERS)
            response = self.connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException):
            killed = not self.crowd.up.is_set() or self.process is not self.crowd.process
            assert killed, "a connection broke although nobody was killed"
            assert self.crowd.up.wait(PATIENCE)
            self.connection.close()
            self.process = self.crowd.process
            self.connection = self.process.connection()
            return None
        assert response.status == 200, answer
        data: dict[str, str] = answer["data"]
        return data

    def create(self) -> None:
        data = self.call("POST", CREATE_PATH, BODY)
        self.crowd.count(acknowledged=data is not None)
        if data is not None:
            self.seen[data["task_id"]] = ["CREATED"]

    def poll(self, task_id: str) -> None:
        data = self.call("GET", f"{CREATE_PATH}/{task_id}")
        if data is not None and self.seen[task_id][-1] != data["status"]:
            self.seen[task_id].append(data["status"])

    def run(self) -> None:
        try:
            while len(self.seen) < TASKS:
                self.create()
                if self.seen:
                    self.poll(self.random.choice(list(self.seen)))
            for task_id in self.seen:
                self.poll(task_id)
        except BaseException as error:  # noqa: BLE001 - handed to the test, which raises it
            self.error = error
        finally:
            self.connection.close()


def kill_and_start(crowd: Crowd, stack: ExitStack, arguments: tuple[str, ...]) -> None:
    """Kill every process of the mock, and run it again on the same port and file."""
    port = crowd.process.port
    crowd.up.clear()
    crowd.process.kill()
    crowd.process = stack.enter_context(running(*arguments, port=port))
    crowd.up.set()


@pytest.mark.parametrize("killed", [False, True], ids=["memory", "file, killed"])
def test_a_hundred_clients(tmp_path: Path, killed: bool) -> None:
    shared = ("--state", str(tmp_path / "state")) if killed else ()
    arguments = ("--speed", "30", *shared)
    started = time.perf_counter()
    with ExitStack() as stack:
        crowd = Crowd(stack.enter_context(running(*arguments)))
        clients = [Client(crowd, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        if killed:
            crowd.wait_for(CLIENTS * TASKS // 2, lambda: any(client.is_alive() for client in clients))
            kill_and_start(crowd, stack, arguments)
        for client in clients:
            client.join()
            if client.error:
                raise client.error
        seconds = time.perf_counter() - started
        process = crowd.process
        process.call("POST", "/__mock__/clock", json.dumps({"advance": 1000}).encode())
        listed = process.call("GET", CREATE_PATH)[1]["data"]
        charges = process.call("GET", "/__mock__/charges")[1]
        megabytes = process.megabytes()
    created = {task_id for client in clients for task_id in client.seen}
    print(
        f"{len(created)} tasks acknowledged, {crowd.unknown} answers lost, {len(listed)} tasks kept,"
        f" {seconds:.0f} s, {megabytes} MB at the peak"
    )
    assert len(created) == CLIENTS * TASKS
    found = {task["task_id"] for task in listed}
    assert created <= found
    assert len(listed) == len(found) <= len(created) + crowd.unknown
    assert {task["status"] for task in listed} == {"COMPLETED"}
    assert charges["by_key"] == {"mock-key": len(listed)}
    for client in clients:
        for seen in client.seen.values():
            assert seen == sorted(seen, key=STATUSES.index)
    assert megabytes < MEGABYTES
