"""The service's three calls over HTTP."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from flask import Response, request
from precision_upscaler import contract
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from mock_server import answers
from mock_server.answers import JSON, Answer, RefusedError
from mock_server.imaging.input_image import InputImageError
from mock_server.scenarios.canned_responses import ANSWERS
from mock_server.scenarios.catalogue import CREATE, LIST, STATUS, listing, parse
from mock_server.service.task_payload import changed, links_of, task_data
from mock_server.service.upscaler_service import (
    SCENARIO_KEY,
    InvalidKeyError,
    MissingKeyError,
    UnknownTaskError,
)
from mock_server.state.task_model import CANCELLED, COMPLETED, CREATED
from mock_server.state.task_store import StorageFullError

from . import json_body
from .documented_examples import CALLS, documented
from .prefer_header import PreferenceError, preferences
from .request_log import read_unread
from .responses import error_response, respond
from .validation import answer_fault, is_uuid, request_faults

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from mock_server.scenarios.catalogue import Scenario
    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import RecordedRequest
    from mock_server.state.task_model import Task

    from .prefer_header import Preferences
    from .request_log import RequestRecorder

log = logging.getLogger(__name__)
_BEFORE_ACCEPTING = frozenset(("reset", "empty_reply", "garbage"))
_BAD_TASK_ID = answers.message(400, "Parameter 'task-id' is not valid")
_NO_ROOM = "The mock has no room for another picture; raise --max-picture-bytes or reset it"
_REFUSALS = {
    MissingKeyError: answers.message(401, answers.MISSING_KEY),
    InvalidKeyError: answers.message(401, answers.INVALID_KEY),
    UnknownTaskError: answers.message(404, "Task not found"),
    StorageFullError: answers.message(503, _NO_ROOM),
}
_TOO_LARGE = answers.message(413, "Request Entity Too Large")
_KEYS = tuple("HTTP_" + name.upper().replace("-", "_") for name in contract.AUTH_HEADERS)


class ContractBrokenError(AssertionError):
    """The mock was about to send an answer that breaks the contract: a defect of the mock."""


class Api:
    """The views of one mock's API."""

    def __init__(self, service: Service, recorder: RequestRecorder, *, testing: bool = False) -> None:
        self.service = service
        self._recorder = recorder
        self._testing = testing

    # views

    def create(self) -> Response:
        """POST: create a task."""
        return self._respond(CREATE, "")

    def list(self) -> Response:
        """GET: the tasks of a key."""
        return self._respond(LIST, "")

    def status(self, task_id: str) -> Response:
        """GET: one task."""
        return self._respond(STATUS, task_id)

    # one request

    def _respond(self, step: str, task_id: str) -> Response:
        started = time.perf_counter()
        environ = request.environ
        record = self._recorder.open(step, environ)
        try:
            answer = self._answer(step, task_id, record, environ)
        except RefusedError as refusal:
            answer = refusal.answer
        except Exception as error:  # noqa: BLE001 - a defect of ours; the service has a 500 for its own
            answer = self._refusal(error) or self._recorder.failed(record, error)
        if step == CREATE and not record.raw:
            read_unread(record, environ)
        answer = self._checked(answer, step)
        if record.headers_out:
            answer = answer._replace(headers=(*answer.headers, *record.headers_out))
        record.answer = answer.body
        return self._recorder.finish(record, environ, respond(answer), started)

    def unrouted(self, error: HTTPException) -> Response:
        """Answer a request for a path or with a method that is none of the API's, and write it down."""
        started = time.perf_counter()
        environ = request.environ
        record = self._recorder.open("", environ)
        record.key = given_key(environ) or ""
        read_unread(record, environ)
        response = error_response(error)
        record.answer = response.get_json()
        return self._recorder.finish(record, environ, response, started)

    def _answer(self, step: str, task_id: str, record: RecordedRequest, environ: dict[str, Any]) -> Answer:
        service = self.service
        key = self._authenticate(record, environ)
        self._hold_back(key, record, environ)
        wanted = preferences(environ.get("HTTP_PREFER", ""))
        if wanted.code or wanted.example:
            return documented(step, wanted)
        task = self._read(key, task_id, record) if step == STATUS else None
        written = record.scenario = self._scenario(step, key, wanted, task)
        scenario = parse(written) if written else None
        applied = scenario if self._applies(scenario, step, task, key) else None
        if applied and applied.answer:
            return self._remember_wait(key, ANSWERS[applied.answer])
        record.fault = applied.wire if applied else ""
        if record.fault in _BEFORE_ACCEPTING:
            return answers.message(500, answers.INTERNAL_ERROR)
        if step == LIST:
            return self._listed(key)
        if task is not None:
            return self._shown(task, task.status(service.clock.now()), record.base, applied)
        record.body = self._body(record, environ)
        self._check_parameters(record.body)
        task = service.create(key, record.body, written, wanted.pace, record.base)
        record.task_id, record.charged = task.task_id, True
        # however quick the task is: the service was never seen to give another first answer
        at_once = scenario is not None and scenario.at_once
        return self._shown(task, task.schedule.outcome if at_once else CREATED, record.base, applied)

    def _authenticate(self, record: RecordedRequest, environ: dict[str, Any]) -> str:
        given = given_key(environ)
        record.key = given or ""
        if given == f"{SCENARIO_KEY}?":
            raise RefusedError(answers.message(400, listing()))
        return self.service.authenticate(given)

    def _read(self, key: str, task_id: str, record: RecordedRequest) -> Task:
        if not is_uuid(task_id):
            raise RefusedError(_BAD_TASK_ID)
        task = self.service.read(key, task_id)
        record.task_id = task.task_id
        return task

    def _refusal(self, error: Exception) -> Answer | None:
        """Return the answer for an error of the service or of the request, None for a defect of ours."""
        if isinstance(error, UnknownTaskError) and self.service.options.strict:
            return _BAD_TASK_ID  # 404 is not in the document
        if isinstance(error, PreferenceError):
            return answers.message(400, str(error))
        if isinstance(error, InputImageError):
            return self._bad_request(answers.IMAGE_REFUSED, ("body.image", str(error)))
        return _REFUSALS.get(type(error))

    def _bad_request(self, text: str, *faults: tuple[str, str]) -> Answer:
        return answers.bad_request(text, list(faults), self.service.options.error_shape)

    def _shown(self, task: Task, status: str, base: str, scenario: Scenario | None) -> Answer:
        """Return the answer that shows a task in a status, as a scenario changes it."""
        settings = self.service.link_settings()
        data = task_data(settings, task, base, status)
        if scenario is not None and scenario.expired:
            data["generated"] = links_of(settings, task, base, expired=True)
        body, follows_contract = changed(data, scenario)
        return Answer(200, body, follows_contract=follows_contract and status != CANCELLED)

    def _applies(self, scenario: Scenario | None, step: str, task: Task | None, key: str) -> bool:
        """Return whether a scenario applies to this call of a task or, where there is none yet, of a key."""
        if task is None:
            return self.service.scenario_applies(scenario, step, key)
        if scenario is not None and scenario.expired and task.status(self.service.clock.now()) != COMPLETED:
            return False  # an answer without a link is not one of those it is about
        return self.service.scenario_applies(scenario, step, task.task_id)

    def _hold_back(self, key: str, record: RecordedRequest, environ: dict[str, Any]) -> None:
        """Refuse a request that is over the rate limit, or that comes before its ``Retry-After`` is over."""
        service = self.service
        now = service.clock.wire()
        early = service.limits.wait_until(key) - now
        if early > 0:
            record.notes += (f"ignored Retry-After: came {early:.3f} s too early",)
            if service.options.punish:
                raise RefusedError(self._remember_wait(key, ANSWERS["http_429"]))
        if service.options.rate_limit:
            decision = service.limits.decide(key, environ.get("REMOTE_ADDR", ""), now)
            record.headers_out = decision.headers()
            if not decision.allowed:
                wait = ("Retry-After", str(decision.wait_seconds))
                raise RefusedError(self._remember_wait(key, answers.message(429, answers.TOO_MANY, wait)))

    def _remember_wait(self, key: str, answer: Answer) -> Answer:
        """Remember what an answer's ``Retry-After`` asks of a key, if it has one."""
        seconds = next((float(value) for name, value in answer.headers if name == "Retry-After"), None)
        if seconds is not None:
            # a client's clock may be a little fast: what comes a twentieth too early is in time
            self.service.limits.tell_to_wait(key, self.service.clock.wire() + seconds * 0.95)
        return answer

    def _scenario(self, step: str, key: str, wanted: Preferences, task: Task | None) -> str:
        """Return the scenario of this call as written: the request's own, else its task's, else the key's."""
        service = self.service
        if wanted.scenario:
            return wanted.scenario
        if task is not None and task.scenario:
            return task.scenario
        if service.scenario_of_key(key) is not None:
            return key.removeprefix(SCENARIO_KEY)
        return (service.next_scenario() if step == CREATE else "") or service.database.known.scenario

    def _body(self, record: RecordedRequest, environ: dict[str, Any]) -> Any:
        """Return the request's JSON body; a body that does not say it is JSON counts as absent."""
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise RefusedError(answers.message(415, "Content-Encoding is not supported"))
        chunked = environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH")
        if chunked and self.service.options.strict:
            raise RefusedError(answers.message(411, "Length Required"))
        try:
            raw = record.raw = request.get_data(cache=False)
        except RequestEntityTooLarge:
            raise RefusedError(_TOO_LARGE) from None
        except (ClientDisconnected, OSError, ValueError):
            fault = ("body", "is malformed or broke off")
            raise RefusedError(self._bad_request(answers.NOT_VALIDATED, fault)) from None
        if chunked and len(raw) >= self.service.options.max_body:
            raise RefusedError(_TOO_LARGE)  # Werkzeug cuts such a body off and says nothing
        if request.mimetype != JSON:
            fault = ("body.image", f"is required (the body was ignored: its Content-Type is not {JSON})")
            raise RefusedError(self._bad_request(answers.NOT_VALIDATED, fault))
        try:
            return json_body.loads(raw)
        except json_body.JSONError as error:
            raise RefusedError(self._bad_request(answers.NOT_VALIDATED, ("body", str(error)))) from None

    def _check_parameters(self, body: Any) -> None:
        """Raise :class:`RefusedError` unless a create call's JSON body keeps to the contract."""
        options = self.service.options
        faults = request_faults(body)
        if not options.strict and isinstance(body, dict) and body.get("webhook_url") == "":
            faults = [fault for fault in faults if fault[0] != "body.webhook_url"]
        if faults:
            raise RefusedError(self._bad_request(answers.NOT_VALIDATED, *faults))

    def _listed(self, key: str) -> Answer:
        now = self.service.clock.now()
        listed = [
            {"task_id": task_id, "status": schedule.status(now, polls)}
            for task_id, schedule, polls in self.service.tasks.states(key)
        ]
        documented_only = all(task["status"] != CANCELLED for task in listed)
        return Answer(200, {"data": listed}, follows_contract=documented_only)

    def _checked(self, answer: Answer, step: str) -> Answer:
        """Return the answer, or a 500 (in tests: an exception) when it breaks the contract."""
        if not answer.follows_contract:
            return answer
        why = answer_fault(*CALLS[step], answer.status, answer.media_type, answer.body)
        if why is None:
            return answer
        log.error("an answer of the mock breaks the contract: %s", why)
        if self._testing:
            raise ContractBrokenError(why)
        return answers.message(500, answers.INTERNAL_ERROR)


def given_key(environ: dict[str, Any]) -> str | None:
    """Return the key that a request carries in either header, or None."""
    return next((environ[name] for name in _KEYS if environ.get(name)), None)
