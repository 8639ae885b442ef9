from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from precision_upscaler.contract import CREATE_PATH

import mock_server
from contract_tests.support.mock_calls import encoded, fetch, picture
from contract_tests.support.sockets import exchange
from mock_server import Options, PrecisionMock, create_app
from mock_server.app import service_app
from mock_server.control.routes import Control
from mock_server.scenarios.catalogue import UnknownScenarioError


def test_the_fixture_serves_a_mock_that_stands_still(precision_mock: PrecisionMock) -> None:
    url = precision_mock.url + CREATE_PATH
    task = fetch(url, {"image": encoded(picture())}, precision_mock.key)["data"]
    assert fetch(f"{url}/{task['task_id']}")["data"]["status"] == "CREATED"
    precision_mock.advance(1000)
    assert fetch(f"{url}/{task['task_id']}")["data"]["status"] == "COMPLETED"
    assert precision_mock.charges == 1
    assert [entry["step"] for entry in precision_mock.requests] == ["create", "status", "status"]


def test_a_scenario_can_be_put_in_force(precision_mock: PrecisionMock) -> None:
    precision_mock.play("failed")
    url = precision_mock.url + CREATE_PATH
    task_id = fetch(url, {"image": encoded(picture())})["data"]["task_id"]
    precision_mock.advance(1000)
    assert fetch(f"{url}/{task_id}")["data"]["status"] == "FAILED"
    precision_mock.play("")
    with pytest.raises(UnknownScenarioError):
        precision_mock.play("nope")


def test_a_mock_ends_with_its_block_and_can_start_again() -> None:
    mock = PrecisionMock(api_key=("mine",))
    for _ in range(2):
        with mock:
            port = int(mock.url.rpartition(":")[2])
            assert fetch(mock.url + CREATE_PATH, key="mine") == {"data": []}
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/")
    mock.stop()


def test_starting_twice_is_an_error_and_leaks_nothing() -> None:
    with PrecisionMock() as mock:
        before = threading.active_count()
        with pytest.raises(RuntimeError, match="running already"):
            mock.start()
        assert threading.active_count() == before
        assert fetch(mock.url + CREATE_PATH) == {"data": []}


@pytest.mark.parametrize(
    "ask",
    [
        lambda mock: mock.advance(1),
        lambda mock: mock.play("failed"),
        lambda mock: mock.requests,
        lambda mock: mock.charges,
        lambda mock: mock.deliveries(),
        lambda mock: mock.url,
        lambda mock: mock.app,
    ],
    ids=["advance", "play", "requests", "charges", "deliveries", "url", "app"],
)
def test_a_mock_that_is_not_running_says_so(ask: Callable[[PrecisionMock], object]) -> None:
    mock = PrecisionMock()
    for _ in range(2):  # before it has started, and after it has stopped
        with pytest.raises(RuntimeError, match="not running"):
            ask(mock)
        with mock:
            ask(mock)


def test_the_mocks_of_a_process_share_one_flask_application_and_nothing_else() -> None:
    with PrecisionMock(api_key=("one",)) as one, PrecisionMock(api_key=("other",), strict=True) as other:
        assert fetch(one.url + CREATE_PATH + "/", key="one") == {"data": []}
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(other.url + CREATE_PATH + "/", key="other")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(other.url + CREATE_PATH, key="one")
        assert (len(one.requests), len(other.requests)) == (1, 2)
    assert service_app() is service_app()


def test_an_ipv6_address_is_one_that_a_client_can_use() -> None:
    with PrecisionMock(host="::1") as mock:
        assert mock.url.startswith("http://[::1]:")
        assert fetch(mock.url + CREATE_PATH) == {"data": []}


def test_an_address_in_use_is_said() -> None:
    with PrecisionMock() as mock, pytest.raises(OSError, match="in use"):
        PrecisionMock(port=int(mock.url.rpartition(":")[2])).start()


def test_a_mock_on_every_address_links_to_the_one_it_was_reached_at() -> None:
    with PrecisionMock(host="0.0.0.0") as mock:
        port = int(mock.url.rpartition(":")[2])
        headers = b"x-freepik-api-key: mock-completed_at_once\r\nContent-Type: application/json"
        body = json.dumps({"image": encoded(picture())}).encode()
        head = b"POST %b HTTP/1.0\r\n%b\r\nContent-Length: %d\r\n\r\n" % (
            CREATE_PATH.encode(),
            headers,
            len(body),
        )
        answer = exchange(port, head + body)
    (link,) = json.loads(answer.partition(b"\r\n\r\n")[2])["data"]["generated"]
    assert link.startswith(f"http://127.0.0.1:{port}/results/")


def test_an_option_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TypeError, match="nope"):
        PrecisionMock(nope=1)


def test_a_mock_is_a_wsgi_application() -> None:
    answer = create_app().test_client().get(CREATE_PATH, headers={"x-magnific-api-key": "mock-key"})
    assert answer.json == {"data": []}


def test_any_wsgi_server_finds_it_with_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECISION_MOCK_API_KEY", "mine")
    from mock_server import wsgi  # noqa: PLC0415 - reads the environment when it is imported

    answer = wsgi.app.test_client().get(CREATE_PATH, headers={"x-freepik-api-key": "mine"})
    assert answer.status_code == 200


def test_an_unknown_scenario_is_said_at_the_start() -> None:
    with pytest.raises(UnknownScenarioError):
        create_app(Options(scenario="nope"))


def test_the_package_has_three_names() -> None:
    assert set(mock_server.__all__) == {"Options", "PrecisionMock", "create_app"}
    with pytest.raises(AttributeError):
        _ = mock_server.nothing


@pytest.mark.parametrize("problem", [RuntimeError("a bug"), ValueError("a bug"), OSError("a bug")], ids=repr)
def test_what_goes_wrong_inside_is_answered_in_json_and_logged(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise problem

    with PrecisionMock() as mock:
        monkeypatch.setattr(mock.app.service, "authenticate", fail)
        monkeypatch.setattr(Control, "read_clock", fail)
        for path in (CREATE_PATH, "/__mock__/clock"):
            with pytest.raises(urllib.error.HTTPError, match="500") as caught:
                fetch(mock.url + path)
            assert json.load(caught.value) == {"message": "Internal Server Error"}
    assert caplog.text.count("a bug") >= 2
