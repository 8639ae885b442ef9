"""The mock as a WSGI application."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Response, request
from precision_upscaler import contract
from werkzeug.exceptions import HTTPException, NotFound

from mock_server.api import responses, validation
from mock_server.api.downloads import Downloads
from mock_server.api.request_log import FAULT, Exchanges, refusal_of, respond
from mock_server.api.routes import Api, BrokenAnswerError
from mock_server.control.openapi import PREFIX
from mock_server.control.routes import Control, to_front_page
from mock_server.server import socket_faults
from mock_server.server.lean_flask import LeanFlask
from mock_server.server.request_body import BodyError
from mock_server.service.upscaler_service import Service
from mock_server.state.request_log import Journal

from .config import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Request
    from werkzeug.routing import MapAdapter

log = logging.getLogger(__name__)
_SOCKETS = ("werkzeug.socket", "gunicorn.socket")


class MockApp(LeanFlask):
    """The Flask application, with the mock it serves as ``service`` and its request ``journal``."""

    service: Service
    journal: Journal

    def answers_quickly(self, method: str, path: str) -> bool:
        """Return whether a call is answered without waiting for anything: the API's own three are.

        Unlike downloads, whose picture may have to be made first, and pictures fetched from elsewhere. With a
        clock moved by hand they may wait too: for a webhook that is due at once, whose receiver may call us.
        """
        if self.service.clock.manual or (method == "POST" and self.service.options.fetch_images):
            return False
        return path.startswith(contract.CREATE_PATH)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches a request's address; none that begins with two slashes, as Werkzeug would."""
        if request is not None and request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        return super().create_url_adapter(request)

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request; play a wire fault where the server is not ours and has shown its socket."""
        if "precision_mock.server" in environ:
            return super().wsgi_app(environ, start_response)
        return _with_faults(super().wsgi_app, environ, start_response, self.service.sleep)


def _with_faults(
    app: Callable[..., Iterable[bytes]],
    environ: dict[str, Any],
    start_response: Any,
    sleep: Callable[[float], None],
) -> Iterable[bytes]:
    held: list[Any] = []
    result = app(environ, lambda *arguments: held.append(arguments))
    fault = environ.get(FAULT)
    if not fault:
        start_response(*held[-1])
        return result
    status, headers = held[-1][:2]
    body = b"".join(result)
    sock = next((environ[name] for name in _SOCKETS if name in environ), None)
    if sock is None:
        body = responses.message(
            501, f"The wire fault {fault!r} needs the mock's own server: this one does not show its socket"
        ).encoded()
        start_response(
            "501 Not Implemented",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        return [body]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    socket_faults.play(fault, sock, f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body, sleep)
    start_response(status, headers)
    return [body]  # goes to a closed socket


def _refusing(api: Api) -> Callable[[HTTPException], Response]:
    """Return what answers Flask's own refusals in JSON; the journal has those that are not of the control."""

    def refuse(error: HTTPException) -> Response:
        return refusal_of(error) if request.path.startswith(PREFIX) else api.unrouted(error)

    return refuse


def _root() -> Response:
    """Lead a browser to the page for people; the service has nothing there."""
    if "text/html" not in request.headers.get("Accept", ""):
        raise NotFound
    return to_front_page()


def _malformed(_error: BodyError) -> Response:
    return respond(responses.message(400, "The request's body is malformed or broke off"))


def _unexpected(error: Exception) -> Response:
    if isinstance(error, BrokenAnswerError):
        raise error
    log.error("the mock failed", exc_info=error)
    return respond(responses.message(500, responses.INTERNAL_ERROR))


def create_app(
    options: Options | None = None,
    *,
    real_time: Callable[[], float] | None = None,
    testing: bool = False,
    joins: bool = False,
) -> MockApp:
    """Return a mock as a WSGI application.

    ``joins`` says that it is one more process of a run that has begun. ``real_time`` replaces the
    world's clock (Unix seconds). With ``testing`` a defect of the mock (an answer that breaks the
    contract) is raised instead of answered 500.
    """
    options = options or Options()
    app = MockApp("mock_server", static_folder=None)
    app.testing = testing
    app.config["MAX_CONTENT_LENGTH"] = options.max_body
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # the service documents no OPTIONS
    app.url_map.merge_slashes = False  # Flask would redirect, with a page of HTML
    app.url_map.strict_slashes = False
    app.service = Service(options, real_time, joins=joins)
    app.journal = Journal(options.journal_size, app.service.database if options.state else None)
    exchanges = Exchanges(app.service, app.journal)
    api = Api(app.service, exchanges)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(Downloads(app.service, exchanges).blueprint)
    app.register_blueprint(Control(app.service, app.journal).blueprint, url_prefix=PREFIX)
    app.add_url_rule("/", "root", _root)
    if options.strict:
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith("api.") and rule.methods:
                rule.methods.discard("HEAD")  # Flask's own addition
    app.register_error_handler(HTTPException, _refusing(api))
    app.register_error_handler(BodyError, _malformed)
    app.register_error_handler(Exception, _unexpected)
    validation.warm_up()
    return app
