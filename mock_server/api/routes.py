"""The service's three calls over HTTP."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from precision_upscaler import contract

from mock_server.scenarios.canned_responses import ANSWERS
from mock_server.scenarios.catalogue import CREATE, LIST, STATUS, parse
from mock_server.service.task_payload import changed, links_of, task_data
from mock_server.service.upscaler_service import SCENARIO_KEY
from mock_server.state.task_model import COMPLETED

from . import json_body, responses
from .documented_examples import CALLS, documented
from .prefer_header import PreferenceError, preferences
from .request_log import read_unread, refusal_of, respond
from .responses import Answer, RefusedError
from .validation import JSON, answer_fault, is_uuid

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from mock_server.scenarios.catalogue import Scenario
    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import Exchange
    from mock_server.state.task_model import Task

    from .prefer_header import Preferences
    from .request_log import Exchanges

log = logging.getLogger(__name__)
_BEFORE_ACCEPTING = frozenset(("reset", "empty_reply", "garbage"))
_KEYS = tuple("HTTP_" + name.upper().replace("-", "_") for name in contract.AUTH_HEADERS)


class BrokenAnswerError(AssertionError):
    """The mock was about to send an answer that breaks the contract: a defect of the mock."""


class Api:
    """The views of one mock's API."""

    def __init__(self, service: Service, exchanges: Exchanges) -> None:
        self.service = service
        self._exchanges = exchanges
        self.blueprint = Blueprint("api", __name__)
        for view, (path, method) in CALLS.items():
            self.blueprint.add_url_rule(
                path.replace("{task-id}", "<task_id>"),
                view,
                getattr(self, view),
                methods=[method],
                strict_slashes=service.options.strict,
            )

    # views

    def create(self) -> Response:
        """POST: create a task."""
        return self._exchange(CREATE, "")

    def list(self) -> Response:
        """GET: the tasks of a key."""
        return self._exchange(LIST, "")

    def status(self, task_id: str) -> Response:
        """GET: one task."""
        return self._exchange(STATUS, task_id)

    # one exchange

    def _exchange(self, step: str, task_id: str) -> Response:
        started = time.perf_counter()
        environ = request.environ
        exchange = self._exchanges.open(step, environ)
        try:
            answer = self._answer(step, task_id, exchange, environ)
        except RefusedError as refusal:
            answer = refusal.answer
        except Exception as error:  # noqa: BLE001 - a defect of ours; the service has a 500 for its own
            answer = self._exchanges.failed(exchange, error)
        if step == CREATE and not exchange.raw:
            read_unread(exchange, environ)
        answer = self._checked(answer, step)
        if exchange.headers_out:
            answer = replace(answer, headers=(*answer.headers, *exchange.headers_out))
        response = respond(answer)
        exchange.answer, exchange.sent = answer.body, response.body
        return self._exchanges.tell(exchange, environ, response, started)

    def unrouted(self, error: HTTPException) -> Response:
        """Answer a request for a path or with a method that is none of the API's, and write it down."""
        started = time.perf_counter()
        environ = request.environ
        exchange = self._exchanges.open("", environ)
        exchange.key = given_key(environ) or ""
        read_unread(exchange, environ)
        response = refusal_of(error)
        exchange.answer = response.get_json()
        return self._exchanges.tell(exchange, environ, response, started)

    def _answer(self, step: str, task_id: str, exchange: Exchange, environ: dict[str, Any]) -> Answer:
        service = self.service
        given = given_key(environ)
        exchange.key = given or ""
        key = service.authenticate(given)
        self._hold_back(key, exchange, environ)
        try:
            wishes = preferences(environ.get("HTTP_PREFER", ""))
        except PreferenceError as error:
            raise RefusedError(responses.message(400, str(error))) from None
        if wishes.code or wishes.example:
            return documented(step, wishes)
        task = None
        if step == STATUS:
            if not is_uuid(task_id):
                raise RefusedError(responses.message(400, "Parameter 'task-id' is not valid"))
            task = service.read(key, task_id)
            exchange.task_id = task.task_id
        written = self._scenario(step, key, wishes, task)
        scenario = parse(written) if written else None
        exchange.scenario = written
        struck = self._strikes(scenario, step, task, key)
        if struck and scenario:
            if scenario.answer:
                return self._told_to_wait(key, ANSWERS[scenario.answer])
            if scenario.wire in _BEFORE_ACCEPTING:
                exchange.fault = scenario.wire
                return responses.message(500, responses.INTERNAL_ERROR)
            exchange.fault = scenario.wire
        if step == LIST:
            return self._listed(key)
        if step == CREATE:
            exchange.body = self._body(exchange, environ)
            task = service.create(key, exchange.body, written, wishes.pace, exchange.base)
            exchange.task_id, exchange.charged = task.task_id, True
        assert task is not None
        return self._shown(task, exchange.base, scenario if struck else None)

    def _shown(self, task: Task, base: str, scenario: Scenario | None) -> Answer:
        """Return the answer that shows a task, as a scenario that strikes has it."""
        data = task_data(self.service, task, base, task.status(self.service.clock.now()))
        if scenario is not None and scenario.expired:
            data["generated"] = links_of(self.service, task, base, expired=True)
        body, lawful = changed(data, scenario)
        return Answer(200, body, lawful=lawful)

    def _strikes(self, scenario: Scenario | None, step: str, task: Task | None, key: str) -> bool:
        """Return whether a scenario strikes at this call of a task or, where there is none yet, of a key."""
        if task is None:
            return self.service.strikes(scenario, step, key)
        if scenario is not None and scenario.expired and task.status(self.service.clock.now()) != COMPLETED:
            return False  # an answer without a link is not one of those it is about
        return self.service.strikes(scenario, step, task.task_id)

    def _hold_back(self, key: str, exchange: Exchange, environ: dict[str, Any]) -> None:
        """Refuse a request that is over the rate limit, or that comes before its ``Retry-After`` is over."""
        service = self.service
        now = service.clock.wire()
        early = service.limits.wait_until(key) - now
        if early > 0:
            exchange.notes += (f"ignored Retry-After: came {early:.3f} s too early",)
            if service.options.punish:
                raise RefusedError(self._told_to_wait(key, ANSWERS["http_429"]))
        if service.options.rate_limit:
            verdict = service.limits.judge(key, environ.get("REMOTE_ADDR", ""), now)
            exchange.headers_out = verdict.headers()
            if not verdict.allowed:
                wait = ("Retry-After", str(verdict.wait_seconds))
                raise RefusedError(self._told_to_wait(key, responses.message(429, responses.TOO_MANY, wait)))

    def _told_to_wait(self, key: str, answer: Answer) -> Answer:
        """Remember what an answer's ``Retry-After`` asks of a key, if it has one."""
        seconds = next((float(value) for name, value in answer.headers if name == "Retry-After"), None)
        if seconds is not None:
            # a client's clock may be a little fast: what comes a twentieth too early is in time
            self.service.limits.tell_to_wait(key, self.service.clock.wire() + seconds * 0.95)
        return answer

    def _scenario(self, step: str, key: str, wishes: Preferences, task: Task | None) -> str:
        """Return the scenario of this call as written: the request's own, else its task's, else the key's."""
        service = self.service
        if wishes.scenario:
            return wishes.scenario
        if task is not None and task.scenario:
            return task.scenario
        if service.scenario_of_key(key) is not None:
            return key.removeprefix(SCENARIO_KEY)
        return (service.next_scenario() if step == CREATE else "") or service.database.known.scenario

    def _body(self, exchange: Exchange, environ: dict[str, Any]) -> Any:
        """Return the request's JSON body; a body that does not say it is JSON counts as absent."""
        shape = self.service.options.error_shape
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise RefusedError(responses.message(415, "Content-Encoding is not supported"))
        raw = exchange.raw = self._raw_body(environ)
        if environ.get("CONTENT_TYPE") != JSON and request.mimetype != JSON:
            fault = ("body.image", f"is required (the body was ignored: its Content-Type is not {JSON})")
            raise RefusedError(responses.bad_request(responses.NOT_VALIDATED, [fault], shape))
        try:
            return json_body.loads(raw)
        except json_body.JSONError as error:
            raise RefusedError(
                responses.bad_request(responses.NOT_VALIDATED, [("body", str(error))], shape)
            ) from None

    def _raw_body(self, environ: dict[str, Any]) -> bytes:
        """Return the request's body as Flask's ``get_data`` does, which takes a tenth of a request's time."""
        most = self.service.options.max_body
        length = environ.get("CONTENT_LENGTH")
        if not length:
            if not environ.get("wsgi.input_terminated"):
                return b""
            if self.service.options.strict:
                raise RefusedError(responses.message(411, "Length Required"))
        if length and int(length) > most:
            raise RefusedError(responses.message(413, "Request Entity Too Large"))
        try:
            raw: bytes = environ["wsgi.input"].read(int(length) if length else most + 1)
        except (OSError, ValueError):  # ours and other servers' ways to say that it is malformed
            raw = b""
            length = length or "1"
        if length and len(raw) < int(length):
            fault = ("body", "is malformed or broke off")
            shape = self.service.options.error_shape
            raise RefusedError(responses.bad_request(responses.NOT_VALIDATED, [fault], shape))
        if len(raw) > most:
            raise RefusedError(responses.message(413, "Request Entity Too Large"))
        return raw

    def _listed(self, key: str) -> Answer:
        now = self.service.clock.now()
        tasks = self.service.tasks.tasks(key)
        return Answer(
            200, {"data": [{"task_id": task.task_id, "status": task.status(now)} for task in tasks]}
        )

    def _checked(self, answer: Answer, step: str) -> Answer:
        """Return the answer, or a 500 (in tests: an exception) when it breaks the contract."""
        if not answer.lawful:
            return answer
        why = answer_fault(*CALLS[step], answer.status, answer.media_type, answer.body)
        if why is None:
            return answer
        log.error("an answer of the mock breaks the contract: %s", why)
        if current_app.testing:
            raise BrokenAnswerError(why)
        return responses.message(500, responses.INTERNAL_ERROR)


def given_key(environ: dict[str, Any]) -> str | None:
    """Return the key that a request carries in either header, or None."""
    return next((environ[name] for name in _KEYS if environ.get(name)), None)
