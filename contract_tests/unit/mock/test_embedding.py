from __future__ import annotations

import contextlib
import http.client
import json
import urllib.request
from typing import Any

import pytest
from flask import url_for
from precision_upscaler.contract import CREATE_PATH

import mock_server
from contract_tests.support.mock_calls import encoded, picture
from mock_server import Options, PrecisionMock, create_app
from mock_server.scenarios.catalogue import UnknownScenarioError
from mock_server.server.request_body import BodyError

pytest_plugins = ["pytester"]


def fetch(url: str, body: Any = None, key: str = "mock-key") -> Any:
    headers = {"x-freepik-api-key": key, "Content-Type": "application/json", "Connection": "close"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


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


def test_whoever_extends_the_application_can_make_addresses_of_its_rules() -> None:
    app = create_app()
    with contextlib.closing(app.service), app.test_request_context():
        assert url_for("api.status", task_id="a b", page=2) == f"{CREATE_PATH}/a%20b?page=2"


def test_an_ipv6_address_is_one_that_a_client_can_use() -> None:
    with PrecisionMock(host="::1") as mock:
        assert mock.url.startswith("http://[::1]:")
        assert fetch(mock.url + CREATE_PATH) == {"data": []}


def test_an_address_in_use_is_said() -> None:
    with PrecisionMock() as mock, pytest.raises(OSError, match="in use"):
        PrecisionMock(port=int(mock.url.rpartition(":")[2])).start()


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


def test_the_plug_in_brings_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def test_it(precision_mock): assert precision_mock.url.startswith('http://127.0.0.1:')"
    )
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("problem", "status"), [(RuntimeError("a bug of ours"), 500), (BodyError("it broke off"), 400)]
)
def test_what_goes_wrong_inside_is_answered_in_json(problem: Exception, status: int) -> None:
    app = create_app()

    def broken() -> str:
        raise problem

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    assert answer.status_code == status
    assert answer.get_json()["message"]
