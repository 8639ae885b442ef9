"""One exchange over HTTP, whatever was called: opened from the request, answered, written down."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from typing import TYPE_CHECKING, Any

from mock_server.server.lean_flask import WholeResponse
from mock_server.state.request_log import Exchange, headers_of

from . import json_body, responses

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.exceptions import HTTPException

    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import Journal

    from .responses import Answer

log = logging.getLogger(__name__)
FAULT = "precision_mock.fault"
"""Key of the WSGI environment under which a view leaves the wire fault its answer is to suffer."""

_JOURNALLED = 1 << 20  # bytes of a body that is read for the journal alone
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class Exchanges:
    """Opens the exchanges of one mock and tells them to its journal."""

    def __init__(self, service: Service, journal: Journal) -> None:
        self._service = service
        self._journal = journal

    def open(self, step: str, environ: dict[str, Any]) -> Exchange:
        """Return the exchange that a request begins; the settings in force are those of this moment."""
        self._service.settings()
        return Exchange(
            self._service.clock.wire(),
            environ["REQUEST_METHOD"],
            base_url(environ, self._service.options.public_url),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            step,
            headers_of(environ),
        )

    @staticmethod
    def failed(exchange: Exchange, error: Exception) -> Answer:
        """Return the answer when the mock itself failed: the service has a 500 for its own failures."""
        log.error("the mock failed", exc_info=error)
        exchange.notes += ("the mock itself failed; its log says how",)
        return responses.message(500, responses.INTERNAL_ERROR)

    def tell(
        self, exchange: Exchange, environ: dict[str, Any], response: Response, started: float
    ) -> Response:
        """Write an exchange down, and leave its wire fault to the server."""
        exchange.status = response.status_code
        exchange.seconds = time.perf_counter() - started
        self._journal.add(exchange)
        if exchange.fault:
            environ[FAULT] = exchange.fault
        return response


def read_unread(exchange: Exchange, environ: dict[str, Any]) -> None:
    """Read the body of a request that was refused before it was read, for the journal alone."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if 0 < int(length) <= _JOURNALLED:
        with contextlib.suppress(OSError, ValueError):
            exchange.raw = environ["wsgi.input"].read(int(length))
            exchange.body = json_body.loads(exchange.raw)


def base_url(environ: dict[str, Any], public_url: str) -> str:
    """Return the address the client reached us at, without a last slash, unless one was set."""
    if public_url:
        return public_url.rstrip("/")
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}"


def refusal_of(error: HTTPException) -> Response:
    """Turn one of Werkzeug's HTML pages into JSON; keeps ``Allow`` and the like."""
    response = respond(responses.message(error.code or 500, error.name))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def respond(answer: Answer) -> WholeResponse:
    """Return an answer as Flask's response."""
    return WholeResponse(answer.encoded(), answer.status, answer.headers, answer.media_type)
