"""The mock as a WSGI application: two Flask applications for the process, and one service for each mock.

One Flask application is the service's, the other the control API's, which many mocks are never asked for.
"""

from __future__ import annotations

import contextlib
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from precision_upscaler import contract
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wsgi import get_input_stream

from mock_server import answers
from mock_server.api.documented_examples import CALLS
from mock_server.api.downloads import Downloads
from mock_server.api.request_log import FAULT, RequestRecorder
from mock_server.api.responses import error_response, redirect, respond
from mock_server.api.routes import Api, ContractBrokenError
from mock_server.control import PREFIX
from mock_server.server import socket_faults
from mock_server.service.signed_urls import RESULTS
from mock_server.service.upscaler_service import Service
from mock_server.state.request_log import RequestLog

from .config import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.test import Client

log = logging.getLogger(__name__)
_MOCK = "precision_mock.mock"
"""Key of the WSGI environment under which the views find the mock that was called."""
_SCREENED = 501


class MockApp:
    """One mock as a WSGI application: ``service`` is behind it, ``request_log`` remembers its requests."""

    def __init__(
        self,
        options: Options,
        *,
        real_time: Callable[[], float] | None = None,
        testing: bool = False,
    ) -> None:
        self.options = options
        self.service = Service(options, real_time)
        self.request_log = RequestLog(
            options.request_log_size, self.service.database if options.state else None
        )
        recorder = RequestRecorder(self.service, self.request_log)
        self.api = Api(self.service, recorder, testing=testing)
        self.downloads = Downloads(self.service, recorder)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request (PEP 3333); play the wire fault that its answer is to suffer."""
        environ[_MOCK] = self
        held: list[Any] = []

        def hold(*arguments: Any) -> Any:
            held.append(arguments)
            return held.append  # PEP 3333's write(), which Flask never calls

        app = control_app() if environ["PATH_INFO"].startswith(PREFIX) else service_app()
        chunks = app(environ, hold)
        fault = environ.get(FAULT)
        if not fault:
            start_response(*held[-1])
            return chunks
        status, headers = held[-1][:2]
        body = b"".join(chunks)
        sock = next((environ[name] for name in socket_faults.SOCKETS if name in environ), None)
        if sock is None:
            text = f"The wire fault {fault!r} needs the connection's socket, and this server does not give it"
            body = answers.message(_SCREENED, text).encoded()
            headers = [("Content-Type", answers.JSON), ("Content-Length", str(len(body)))]
            start_response("501 Not Implemented", headers)
            return [body]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n"
        with contextlib.suppress(OSError, ValueError, HTTPException):
            get_input_stream(environ).read()  # what is unread would turn the close into a reset
        socket_faults.play(fault, sock, head.encode("latin-1") + body, self.service.sleep)
        environ[socket_faults.PLAYED] = True
        start_response(status, headers)  # another server sends to a socket that is closed
        return [body]

    def test_client(self, response_class: type[Any] | None = None) -> Client:
        """Return a client on this machine that calls the application without a server."""
        from werkzeug.test import Client, TestResponse  # noqa: PLC0415 - for tests alone

        class LocalClient(Client):
            def open(self, *arguments: Any, **more: Any) -> TestResponse:
                return super().open(*arguments, environ_base={"REMOTE_ADDR": "127.0.0.1"}, **more)

        return LocalClient(self, response_class)

    def close(self) -> None:
        """Write what is to be kept, end what runs in the background. Safe to call twice."""
        self.request_log.flush()
        self.service.close()


def _mock() -> MockApp:
    found: MockApp = request.environ[_MOCK]
    return found


def _api_view(name: str) -> Callable[..., Response]:
    def view(**arguments: str) -> Response:
        mock = _mock()
        if mock.options.strict:  # what the document does not promise
            if request.path.endswith("/"):
                raise NotFound
            if request.method == "HEAD":
                raise MethodNotAllowed(["GET"])
        response: Response = getattr(mock.api, name)(**arguments)
        return response

    return view


def _download(name: str) -> Response:
    return _mock().downloads.download(name)


def _contract() -> Response:
    return respond(answers.Answer(200, contract.DOCUMENT))


def _root() -> Response:
    """Lead a browser to the page for people; the service has nothing there."""
    if "text/html" not in request.headers.get("Accept", ""):
        raise NotFound
    return redirect(f"{PREFIX}/")


def _check_request() -> None:
    if request.environ["PATH_INFO"].startswith("//"):
        raise NotFound  # Werkzeug takes two slashes for one
    request.max_content_length = _mock().options.max_body


def _unrouted(error: HTTPException) -> Response:
    return _mock().api.unrouted(error)


def _fail(error: Exception) -> Response:
    if isinstance(error, ContractBrokenError):
        raise error
    log.error("the mock failed", exc_info=error)
    return respond(answers.message(500, answers.INTERNAL_ERROR))


def _application(refuse: Callable[[HTTPException], Response]) -> Flask:
    """Return an application without routes; ``refuse`` answers Flask's own refusals in JSON."""
    app = Flask("mock_server", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # the service documents no OPTIONS
    app.config["PROPAGATE_EXCEPTIONS"] = True  # none but a test's is left by then
    app.url_map.merge_slashes = False  # Flask would redirect, with a page of HTML
    app.before_request(_check_request)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, _fail)
    return app


@cache
def service_app() -> Flask:
    """Return the process's application for the service's paths.

    It has no state, and asks each request for its mock.
    """
    app = _application(_unrouted)
    for name, (path, method) in CALLS.items():
        rule = path.replace("{task-id}", "<task_id>")
        app.add_url_rule(rule, f"api.{name}", _api_view(name), methods=[method], strict_slashes=False)
    app.add_url_rule(f"{RESULTS}<name>", "download", _download)
    app.add_url_rule("/openapi.json", "contract", _contract)
    app.add_url_rule("/", "root", _root)
    return app


@cache
def control_app() -> Flask:
    """Return the process's application for the control API, as stateless; its requests are not recorded."""
    from mock_server.control.routes import add_routes  # noqa: PLC0415 - a tenth of the start, and seldom called

    app = _application(error_response)
    add_routes(app, lambda: (_mock().service, _mock().request_log))
    return app


def create_app(
    options: Options | None = None,
    *,
    real_time: Callable[[], float] | None = None,
    testing: bool = False,
) -> MockApp:
    """Return a mock as a WSGI application.

    ``real_time`` replaces the world's clock (Unix seconds). With ``testing`` a defect of the mock (an answer
    that breaks the contract) is raised instead of answered 500.
    """
    return MockApp(options or Options(), real_time=real_time, testing=testing)
