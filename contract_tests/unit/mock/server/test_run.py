from __future__ import annotations

import http.client
import re
import signal
import socket
import threading
from pathlib import Path

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.mock_calls import Caller, encoded, picture
from contract_tests.support.mock_processes import HEADERS, running
from mock_server.config import Options
from mock_server.server import run as module
from mock_server.server.cheroot_server import Server


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
            except (OSError, http.client.HTTPException):
                return  # killed, perhaps between an answer's head and its body

        clients = [threading.Thread(target=create) for _ in range(4)]
        for client in clients:
            client.start()
        while len(acknowledged) < 50 and any(client.is_alive() for client in clients):
            threading.Event().wait(0.01)
        code, _ = process.end(signal.SIGKILL)
        for client in clients:
            client.join()
        assert code == -signal.SIGKILL
        assert len(acknowledged) >= 50
    with running("--state", state) as process:
        listed = {task["task_id"] for task in process.call("GET", CREATE_PATH)[1]["data"]}
        charges = process.call("GET", "/__mock__/charges")[1]["count"]
    assert set(acknowledged) <= listed
    assert charges == len(listed)


def test_a_killed_mock_leaves_its_port_to_the_next_one() -> None:
    with running() as process:
        connection = process.connection()
        connection.request("GET", CREATE_PATH, headers=HEADERS)
        assert connection.getresponse().read() == b'{"data":[]}'
        process.end(signal.SIGKILL)  # while a client is still connected
        with running(port=process.port) as again:
            assert again.call("GET", CREATE_PATH) == (200, {"data": []})
        connection.close()


def test_an_address_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            module.serve(Options(port=port), lambda _line: None)


def test_it_serves_in_this_process_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []

    class Stopping(Server):
        def serve(self) -> None:
            self.request_stop()
            super().serve()

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


@pytest.mark.parametrize("start", ["data:image/png;base64,", "\n"])
def test_a_picture_taken_by_a_lenient_run_is_judged_by_a_strict_one(tmp_path: Path, start: str) -> None:
    path, text = str(tmp_path / "state"), start + encoded(picture())
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
    second.clock.now += 10
    assert second.data(task_id)["status"] == "COMPLETED"
    second.close()
