"""What Flask does less of for the mock's sake nobody can tell from outside."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask, Response, after_this_request, request, request_finished, request_started
from flask import request_tearing_down as tearing_down
from precision_upscaler import contract
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from mock_server.app import create_app
from mock_server.config import Options
from mock_server.control.openapi import PREFIX
from mock_server.server.lean_flask import LeanFlask, WholeResponse

APPLICATIONS = (Flask, LeanFlask)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE")
RULES = (
    ("/", ["GET"]),
    ("/fixed", ["GET"]),
    ("/fixed", ["PUT"]),
    ("/fixed/<one>", ["GET", "DELETE"]),
    ("/fixed/inner", ["POST"]),
    ("/fixed/<one>/more", ["GET"]),
    ("/<one>/<two>", ["GET"]),
    ("/slash/", ["GET"]),
)
PATHS = (
    *("/", "/fixed", "/fixed/", "/fixed/inner", "/fixed/x", "/fixed/x/", "/fixed/x/more", "/fixed/x/less"),
    *(
        "/other/x",
        "/slash",
        "/slash/",
        "/default",
        "//fixed",
        "/fixed//x",
        "/nothing",
        "/fixed/a%2Fb",
        "/fixed/%C3%A4",
    ),
)


def routed(app: Flask, path: str, method: str, **more: Any) -> Any:
    """Return which rule an application finds, with its arguments, or its refusal."""
    with app.test_request_context(path, method=method, **more):
        refusal = request.routing_exception
        if isinstance(refusal, HTTPException):
            return refusal.code, sorted(getattr(refusal, "valid_methods", None) or ())
        return str(request.url_rule), request.endpoint, request.view_args


def with_rules(kind: type[Flask], *more: tuple[str, list[str]], strict_slashes: bool) -> Flask:
    app = kind("test", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = strict_slashes
    for number, (rule, methods) in enumerate((*RULES, *more)):
        app.add_url_rule(rule, f"view{number}", lambda **_: "", methods=methods)
    app.add_url_rule("/default", "default", lambda **_: "", defaults={"one": "1"})
    return app


@pytest.mark.parametrize("strict_slashes", [False, True])
@pytest.mark.parametrize(
    "more",
    [(), (("/fixed/<int:number>", ["GET"]),), (("/fixed/x<rest>", ["GET"]),), (("/fixed/<two>", ["GET"]),)],
)
def test_every_address_leads_where_flask_leads_it(
    more: tuple[tuple[str, list[str]], ...], strict_slashes: bool
) -> None:
    flask, lean = (with_rules(kind, *more, strict_slashes=strict_slashes) for kind in APPLICATIONS)
    for path in (*PATHS, "/fixed/7", "/fixed/xy"):
        for method in METHODS:
            assert routed(lean, path, method) == routed(flask, path, method), (path, method)


@pytest.mark.parametrize("strict", [False, True])
def test_the_mocks_own_addresses_lead_where_flask_leads_them(strict: bool) -> None:
    app = create_app(Options(strict=strict))
    plain = Flask("plain", static_folder=None)
    plain.url_map = app.url_map
    create = contract.CREATE_PATH
    known = [str(rule).replace("<", "").replace(">", "") for rule in app.url_map.iter_rules()]
    for path in {
        *known,
        create,
        f"{create}/",
        f"{create}/x",
        f"{create}/x/",
        f"{create}/x/y",
        PREFIX,
        "/else",
    }:
        for method in METHODS:
            assert routed(app, path, method) == routed(plain, path, method), (path, method)
    app.service.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "[::1]:8000", "b\u00fccher", "a/b", "x:99999"])
def test_the_host_is_what_flask_takes_it_for(host: str) -> None:
    environ = {"HTTP_HOST": host}
    for kind in APPLICATIONS:
        app = with_rules(kind, strict_slashes=False)
        with app.test_request_context("/fixed", environ_overrides=environ):
            assert request.routing_exception is None
    addresses = []
    for kind in APPLICATIONS:
        app = with_rules(kind, strict_slashes=False)
        with app.test_request_context("/fixed", environ_overrides=environ):
            addresses.append((request.host, request.url_root))
    assert addresses[0] == addresses[1]


def test_a_websocket_is_refused_as_by_flask() -> None:
    asking = {"Connection": "Upgrade", "Upgrade": "websocket"}
    found = [
        routed(with_rules(kind, strict_slashes=False), "/slash/", "GET", headers=asking)
        for kind in APPLICATIONS
    ]
    assert found[0] == found[1]
    assert found[0] == (400, [])


def everything_hooked(kind: type[Flask]) -> tuple[Flask, list[str]]:
    """Return an application with every kind of hook, for itself and for one of its two blueprints."""
    told: list[str] = []

    def tell(text: str, returned: Any = None) -> Any:
        def hook(*arguments: Any, **_: Any) -> Any:
            told.append(text)
            return arguments[0] if returned == "first" else returned

        return hook

    app = kind("test", static_folder=None)
    hooked, other = Blueprint("hooked", __name__), Blueprint("other", __name__)

    def view() -> Response:
        if "changed" in request.args:

            @after_this_request
            def change(response: Response) -> Response:
                response.headers["X-Changed"] = "yes"
                response.data = b"changed"
                return response

        return WholeResponse(b"whole", 200, [("X-Given", "1")], "text/plain")

    for blueprint in (hooked, other):
        blueprint.add_url_rule("/view", "view", view)
    app.url_value_preprocessor(tell("app preprocessor"))
    app.before_request(tell("app before"))
    app.after_request(tell("app after", "first"))
    app.teardown_request(tell("app teardown"))
    app.teardown_appcontext(tell("context teardown"))
    hooked.url_value_preprocessor(tell("preprocessor"))
    hooked.before_request(tell("before"))
    hooked.after_request(tell("after", "first"))
    hooked.teardown_request(tell("teardown"))
    app.register_blueprint(hooked, url_prefix="/hooked")
    app.register_blueprint(other, url_prefix="/other")
    return app, told


@pytest.mark.parametrize("path", ["/hooked/view", "/other/view", "/nothing"])
def test_hooks_are_called_as_by_flask(path: str) -> None:
    heard: list[list[str]] = []
    for kind in APPLICATIONS:
        app, told = everything_hooked(kind)
        app.test_client().get(path)
        heard.append(told)
    assert heard[0] == heard[1] != []


def test_hooks_of_one_blueprint_alone_are_called() -> None:
    heard: list[str] = []
    for kind in APPLICATIONS:
        app = kind("test", static_folder=None)
        blueprint = Blueprint("one", __name__)
        blueprint.before_request(lambda: heard.append("before"))
        blueprint.add_url_rule("/one", "view", lambda: "")
        app.register_blueprint(blueprint)
        app.add_url_rule("/none", "none", lambda: "")
        app.test_client().get("/one")
        app.test_client().get("/none")
    assert heard == ["before", "before"]


def test_signals_are_sent() -> None:
    app = with_rules(LeanFlask, strict_slashes=False)
    heard: list[str] = []

    def listen(name: str) -> Any:
        return lambda *_, **__: heard.append(name)

    with (
        request_started.connected_to(listen("started"), app),
        request_finished.connected_to(listen("finished"), app),
        tearing_down.connected_to(listen("torn down"), app),
    ):
        app.test_client().get("/fixed")
    assert heard == ["started", "finished", "torn down"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_hook_may_change_a_whole_response(method: str) -> None:
    app, _ = everything_hooked(LeanFlask)
    client = app.test_client()
    plain = client.open("/other/view", method=method)
    changed = client.open("/other/view?changed", method=method)
    assert dict(plain.headers) == {"Content-Type": "text/plain", "Content-Length": "5", "X-Given": "1"}
    assert dict(changed.headers) == {
        "Content-Type": "text/plain", "Content-Length": "7", "X-Given": "1", "X-Changed": "yes",
    }  # fmt: skip
    assert (plain.data, changed.data) == ((b"whole", b"changed") if method == "GET" else (b"", b""))


def test_a_hook_may_give_a_whole_response_other_headers() -> None:
    app = LeanFlask("test", static_folder=None)
    app.add_url_rule("/", "view", lambda: WholeResponse(b"whole", 200, [], "text/plain"))

    @app.after_request
    def change(response: Response) -> Response:
        response.headers = Headers({"X-Other": "1"})
        return response

    assert dict(app.test_client().get("/").headers) == {"X-Other": "1"}


def test_a_whole_response_is_closed_with_its_answer() -> None:
    closed: list[int] = []
    sent: list[bytes] = []
    response = WholeResponse(b"x", 200, [], "text/plain")
    response.call_on_close(lambda: closed.append(1))
    body = response({"REQUEST_METHOD": "GET"}, lambda *_: sent.append)
    assert (b"".join(body), closed) == (b"x", [])
    body.close()  # type: ignore[attr-defined]  # Werkzeug's iterator has it
    assert closed == [1]
