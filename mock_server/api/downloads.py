"""The download of results over HTTP: what is behind the links of a COMPLETED answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.exceptions import HTTPException

from mock_server import answers
from mock_server.answers import Answer
from mock_server.scenarios.canned_responses import ANSWERS
from mock_server.scenarios.catalogue import DOWNLOAD, parse
from mock_server.service import signed_urls

from .responses import error_response, respond
from .routes import given_key

if TYPE_CHECKING:
    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import RecordedRequest

    from .request_log import RequestRecorder

_FORMATS = {"png": "png", "jpg": "jpeg", "webp": "webp"}
"""A link's extension and the format of the file behind it."""


class Downloads:
    """The view behind one mock's result links."""

    def __init__(self, service: Service, recorder: RequestRecorder) -> None:
        self.service = service
        self._recorder = recorder

    def download(self, name: str) -> Response:
        """GET: the file behind a result link. Needs no key, and says in the request log when one was sent."""
        started = time.perf_counter()
        environ = request.environ
        record = self._recorder.open(DOWNLOAD, environ)
        if given_key(environ):
            record.notes += ("the API key was sent to the download's address",)
        try:
            answer, conditional = self._file(name, record)
        except Exception as error:  # noqa: BLE001 - as of the API's calls
            answer, conditional = self._recorder.failed(record, error), False
        response: Response = respond(answer)
        if conditional:
            try:
                response.set_etag(name)
                response.make_conditional(request, accept_ranges=True, complete_length=len(answer.body))
            except HTTPException as error:
                response = error_response(error)
        record.answer = answer.body
        return self._recorder.finish(record, environ, response, started)

    def _file(self, name: str, record: RecordedRequest) -> tuple[Answer, bool]:
        """Return the answer to a download, and whether it may be asked for in ranges."""
        service = self.service
        settings = service.settings()
        if not signed_urls.opens(
            request.path, request.args.get("token", ""), service.clock.wire(), settings.link_secret.encode()
        ):
            return answers.message(403, "Forbidden"), False
        task = service.tasks.task(name.removeprefix("upscaler_result_").partition(".")[0])
        if task is None:
            return answers.message(404, "Not found"), False
        record.task_id, record.key = task.task_id, task.owner
        written = task.scenario or settings.scenario
        scenario = parse(written) if written else None
        record.scenario = written
        applies = service.scenario_applies(scenario, DOWNLOAD, task.task_id)
        damage = scenario.download if scenario and applies else ""
        if damage == "not_an_image":
            return ANSWERS["html_error_page"]._replace(status=200, media_type="image/png"), False
        file_format = _FORMATS[name.rpartition(".")[2]]  # the link was signed, so it is one of ours
        data = service.results.file_of(task, settings.seed, file_format)
        if data is None:
            return answers.message(404, "Not found"), False
        if damage == "corrupt":
            third = len(data) // 3
            data = data[:third] + bytes(len(data) - third)
        record.fault = {"truncated": "short_body", "slow": "slow"}.get(damage, "")
        if scenario and applies and scenario.wire:
            record.fault = scenario.wire
        return Answer(200, data, f"image/{file_format}"), not record.fault
