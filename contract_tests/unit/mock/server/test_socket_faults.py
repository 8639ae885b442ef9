from __future__ import annotations

import http.client
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from precision_upscaler.contract import CREATE_PATH
from werkzeug.serving import WSGIRequestHandler, make_server

from contract_tests.support.mock_calls import Caller, encoded, picture
from mock_server import PrecisionMock
from mock_server.server import socket_faults

Make = Callable[..., Caller]
BODY = json.dumps({"image": encoded(picture())}).encode()


class Client:
    """A client with a connection of its own for each request; a failure is given back as it is."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.headers = {"x-freepik-api-key": key, "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes] | Exception:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            return error
        finally:
            connection.close()

    def create(self) -> str:
        answer = self.call("POST", CREATE_PATH, BODY)
        assert isinstance(answer, tuple), answer
        assert answer[0] == 200
        task_id: str = json.loads(answer[1])["data"]["task_id"]
        return task_id


@pytest.fixture
def mock() -> Iterator[PrecisionMock]:
    with PrecisionMock() as started:
        started.app.service.sleep = lambda _seconds: None
        yield started


def client_of(mock: PrecisionMock, key: str) -> Client:
    return Client(int(mock.url.rpartition(":")[2]), key)


EXPECTED: dict[str, type[Exception]] = {
    "reset": ConnectionResetError,
    "empty_reply": http.client.RemoteDisconnected,
    "garbage": http.client.BadStatusLine,
    "short_body": http.client.IncompleteRead,
    "bad_chunk": http.client.IncompleteRead,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_fault_strikes_twice_and_then_all_is_well(mock: PrecisionMock, name: str) -> None:
    client = client_of(mock, f"mock-{name}")
    path = f"{CREATE_PATH}/{client.create()}"
    first, second, third = (client.call("GET", path) for _ in range(3))
    assert isinstance(first, EXPECTED[name])
    assert isinstance(second, EXPECTED[name])
    assert isinstance(third, tuple)
    assert [entry["fault"] for entry in mock.requests] == [None, name, name, None]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_charged_when_the_create_call_is_struck(mock: PrecisionMock, name: str) -> None:
    answer = client_of(mock, f"mock-{name}@create").call("POST", CREATE_PATH, BODY)
    assert isinstance(answer, EXPECTED[name])
    assert mock.charges == (1 if name in ("short_body", "bad_chunk") else 0)


def test_drop_after_accept_charges_and_says_nothing(mock: PrecisionMock) -> None:
    client = client_of(mock, "mock-drop_after_accept")
    assert isinstance(client.call("POST", CREATE_PATH, BODY), http.client.RemoteDisconnected)
    assert mock.charges == 1
    listed = client.call("GET", CREATE_PATH)
    assert isinstance(listed, tuple)
    assert len(json.loads(listed[1])["data"]) == 1


def test_a_dribble_arrives_whole_byte_by_byte(mock: PrecisionMock) -> None:
    naps: list[float] = []
    mock.app.service.sleep = naps.append
    client = client_of(mock, "mock-dribble")
    answer = client.call("GET", f"{CREATE_PATH}/{client.create()}")
    assert isinstance(answer, tuple)
    assert json.loads(answer[1])["data"]["status"] == "CREATED"
    assert len(naps) > len(answer[1])
    assert 20 < sum(naps) < 120


def test_a_download_is_slow_or_breaks_off(mock: PrecisionMock) -> None:
    naps: list[float] = []
    mock.app.service.sleep = naps.append
    links = {}
    for name in ("slow_download", "truncated_download", "reset@download"):
        client = client_of(mock, f"mock-{name}")
        task_id = client.create()
        mock.advance(1000)
        answer = client.call("GET", f"{CREATE_PATH}/{task_id}")
        assert isinstance(answer, tuple)
        links[name] = json.loads(answer[1])["data"]["generated"][0].removeprefix(mock.url)
    slow = client.call("GET", links["slow_download"])
    assert isinstance(slow, tuple)
    assert Image.open(io.BytesIO(slow[1])).size == (400, 320)
    assert 5 < sum(naps) < 20
    assert isinstance(client.call("GET", links["truncated_download"]), http.client.IncompleteRead)
    assert isinstance(client.call("GET", links["truncated_download"]), tuple)
    assert isinstance(client.call("GET", links["reset@download"]), ConnectionResetError)


def test_a_client_that_goes_away_is_no_error() -> None:
    left, right = socket.socketpair()
    right.close()
    for fault in socket_faults.FAULTS - {"reset"}:
        socket_faults.play(fault, left, b"HTTP/1.1 200 OK\r\n\r\n" + bytes(10), lambda _seconds: None)
    assert left.fileno() == -1


# under other servers


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("name", EXPECTED)
def test_faults_work_under_werkzeugs_server(name: str) -> None:
    caller = Caller()
    server = make_server("127.0.0.1", 0, caller.app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # socketserver.ThreadingMixIn has it
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        client = Client(server.server_port, f"mock-{name}")
        path = f"{CREATE_PATH}/{client.create()}"
        answers = [client.call("GET", path) for _ in range(3)]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        caller.close()
    assert [type(answer) for answer in answers] == [EXPECTED[name], EXPECTED[name], tuple]


@pytest.mark.parametrize("name", ["reset", "dribble", "drop_after_accept"])
def test_a_server_that_hides_its_socket_is_told_off(caller: Caller, name: str) -> None:
    answer = caller.create(key=f"mock-{name}@create" if name != "drop_after_accept" else f"mock-{name}")
    assert answer.status_code == 501
    assert "needs the connection's socket" in answer.json["message"]
