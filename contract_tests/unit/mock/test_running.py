from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import Caller, encoded, picture
from contract_tests.support.mock_processes import BODY, HEADERS, children_of, running
from mock_server.config import OptionError, Options
from mock_server.server import run as module
from mock_server.server.server import Server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_when_told_to(number: signal.Signals) -> None:
    with running() as process:
        assert re.fullmatch(r"Listening on http://127\.0\.0\.1:\d+\n", process.first_line)
        assert process.call("GET", CREATE_PATH) == (200, {"data": []})
        assert process.end(number) == (0, "")


def test_options_come_from_the_environment_and_requests_are_logged() -> None:
    variables = {
        "PRECISION_MOCK_VERBOSE": "1",
        "PRECISION_MOCK_PROGRESS": "immediate",
        "PRECISION_MOCK_SPEED": "60",
    }
    with running(environment=variables) as process:
        task_id = process.create()
        assert process.call("GET", f"{CREATE_PATH}/{task_id}")[1]["data"]["status"] == "COMPLETED"
        code, errors = process.end()
    assert code == 0
    assert f"GET {CREATE_PATH}/{task_id} 200" in errors


def test_no_acknowledged_task_is_lost_when_the_mock_is_killed(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    acknowledged: list[str] = []
    with running("--state", state) as process:

        def create() -> None:
            try:
                while True:
                    acknowledged.append(process.create())
            except (OSError, ValueError, AssertionError):
                return  # killed

        clients = [threading.Thread(target=create) for _ in range(4)]
        for client in clients:
            client.start()
        while len(acknowledged) < 50:
            threading.Event().wait(0.01)
        code, _ = process.end(signal.SIGKILL)
        for client in clients:
            client.join()
        assert code == -signal.SIGKILL
    with running("--state", state) as process:
        listed = {task["task_id"] for task in process.call("GET", CREATE_PATH)[1]["data"]}
        charges = process.call("GET", "/__mock__/charges")[1]["count"]
    assert set(acknowledged) <= listed
    assert charges == len(listed)


def test_several_processes_serve_one_state(tmp_path: Path) -> None:
    with running("--state", str(tmp_path / "state"), "--processes", "3") as process:
        connections = [process.connection() for _ in range(24)]
        made = []
        for connection in connections:
            connection.request("POST", CREATE_PATH, BODY, HEADERS)
        for connection in connections:
            response = connection.getresponse()
            made.append(response.read())
            assert response.status == 200
        for connection in connections:
            connection.request("GET", CREATE_PATH, headers=HEADERS)
        listed = set()
        for connection in connections:
            listed.add(connection.getresponse().read())
            connection.close()
        assert len(listed) == 1
        assert process.call("GET", "/__mock__/charges")[1]["count"] == len(made) == 24
        assert process.end() == (0, "")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find the processes")
def test_a_process_that_dies_is_started_again_and_none_outlives_the_first(tmp_path: Path) -> None:
    def until(true: object) -> None:
        assert callable(true)
        deadline = time.monotonic() + 20
        while not true():
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)

    with running(
        "--state", str(tmp_path / "state"), "--processes", "2", "--scenario", "two_results"
    ) as process:
        parent = process.popen.pid
        until(lambda: len(children_of(parent)) == 2)
        task_id = process.create()
        process.call("POST", "/__mock__/clock", b'{"speed": 60}')
        process.call("PUT", "/__mock__/scenarios", b'{"default": "failed", "upcoming": ["reset"]}')
        first, second = children_of(parent)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(set(children_of(parent)) - {first}) == 2)
        assert process.call("GET", f"{CREATE_PATH}/{task_id}")[0] == 200
        assert process.call("GET", "/__mock__/clock")[1]["speed"] == 60, "what was set by hand stays so"
        in_force = process.call("GET", "/__mock__/scenarios")[1]
        assert (in_force["default"], in_force["upcoming"]) == ("failed", ["reset"])
        process.end(signal.SIGKILL)
        until(lambda: not Path(f"/proc/{second}").exists())


def test_an_address_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            module.serve(Options(port=port), lambda _line: None)


def test_it_serves_in_this_process_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []

    class Stopping(Server):
        def serve_forever(self) -> None:
            self.stop()
            super().serve_forever()

    monkeypatch.setattr(module, "Server", Stopping)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        module.serve(Options(port=0), stopped.append)
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    assert stopped[0].startswith("Listening on http://127.0.0.1:")


def test_an_ipv6_address_is_written_in_brackets() -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        module.serve(Options(host="::1", port=0), say)
    assert re.fullmatch(r"Listening on http://\[::1\]:\d+", said[0])


def test_without_fork_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.fork")
    with pytest.raises(OptionError, match="cannot fork"):
        module.serve(Options(processes=2, state="x"), lambda _line: None)


def test_scenarios_are_those_of_the_run(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    first = Caller(state=path, scenario="two_results")
    first.control("PUT", "/scenarios", json={"upcoming": ["reset"]})
    first.close()
    for given in ("", "failed"):
        second = Caller(state=path, scenario=given)
        in_force = second.control("GET", "/scenarios").json
        assert (in_force["default"], in_force["upcoming"]) == (given, [])
        second.close()


def test_a_picture_taken_by_a_lenient_run_is_judged_by_a_strict_one(tmp_path: Path) -> None:
    path, text = str(tmp_path / "state"), "data:image/png;base64," + encoded(picture())
    first = Caller(state=path)
    first.new_task(image=text)
    first.new_task()
    first.close()
    strict = Caller(state=path, strict=True)
    assert strict.create(image=text).status_code == 400
    assert strict.create().status_code == 200
    strict.close()


def test_a_drawn_picture_is_not_taken_for_a_fetched_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, address = str(tmp_path / "state"), "https://example.org/a.png"
    first = Caller(state=path)
    first.new_task(image=address)
    first.close()
    second = Caller(state=path, fetch_images=True)
    for width in (200, 210):  # and what is there today may be another picture tomorrow
        monkeypatch.setattr(
            "mock_server.imaging.fetch.fetch", lambda _address, width=width: picture(width, 170)
        )
        task = second.service.tasks.task(second.new_task(image=address))
        assert task is not None
        assert (task.width, task.height) == (width, 170)
    second.close()


def test_a_state_file_can_change_its_speed(tmp_path: Path) -> None:
    path = str(tmp_path / "state")
    first = Caller(state=path, speed=0.0)
    task_id = first.new_task()
    first.close()
    second = Caller(state=path, speed=10.0)
    second.world.now += 10
    assert second.data(task_id)["status"] == "COMPLETED"
    second.close()
