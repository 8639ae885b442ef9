"""Record the requests of one mock: opened when a request comes, finished with its answer."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from mock_server import answers
from mock_server.config import AUTHORITY
from mock_server.state.request_log import RecordedRequest, headers_of

from . import json_body

if TYPE_CHECKING:
    from flask import Response

    from mock_server.answers import Answer
    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import RequestLog

log = logging.getLogger(__name__)
FAULT = "precision_mock.fault"
"""Key of the WSGI environment under which a view leaves the wire fault its answer is to suffer."""

_MOST_RECORDED = 1 << 20  # bytes of a body that is read for the request log alone


class RequestRecorder:
    """Records the requests of one mock in its request log."""

    def __init__(self, service: Service, request_log: RequestLog) -> None:
        self._service = service
        self._request_log = request_log

    def open(self, step: str, environ: dict[str, Any]) -> RecordedRequest:
        """Return the record that a request begins; the settings in force are those of this moment."""
        self._service.settings()
        return RecordedRequest(
            self._service.clock.wire(),
            environ["REQUEST_METHOD"],
            base_url(environ, self._service.options.public_url),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            step,
            headers_of(environ),
        )

    @staticmethod
    def failed(record: RecordedRequest, error: Exception) -> Answer:
        """Return the answer when the mock itself failed: the service has a 500 for its own failures."""
        log.error("the mock failed", exc_info=error)
        record.notes += ("the mock itself failed; its log says how",)
        return answers.message(500, answers.INTERNAL_ERROR)

    def finish(
        self, record: RecordedRequest, environ: dict[str, Any], response: Response, started: float
    ) -> Response:
        """Record a request with its answer, and leave its wire fault to the server."""
        record.status = response.status_code
        record.seconds = time.perf_counter() - started
        self._request_log.add(record)
        if record.fault:
            environ[FAULT] = record.fault
        return response


def read_unread(record: RecordedRequest, environ: dict[str, Any]) -> None:
    """Read the body of a request that was refused before it was read, for the request log alone."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if 0 < int(length) <= _MOST_RECORDED and "HTTP_EXPECT" not in environ:
        with contextlib.suppress(OSError, ValueError):
            record.raw = environ["wsgi.input"].read(int(length))
            record.body = json_body.loads(record.raw)


def base_url(environ: dict[str, Any], public_url: str) -> str:
    """Return the address the client reached us at, without a last slash, unless one was set."""
    if public_url:
        return public_url.rstrip("/")
    host = environ.get("HTTP_HOST", "")
    if not AUTHORITY.fullmatch(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}"
