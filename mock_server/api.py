"""The service's three calls and the download of results, over HTTP."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, request
from precision_upscaler import contract
from werkzeug.exceptions import HTTPException

from . import answers, links, strict_json
from .answers import Answer, RefusedError
from .documented import CALLS, documented
from .journal import Exchange, headers_of
from .played import ANSWERS
from .prefer import PreferenceError, preferences
from .scenarios import CREATE, DOWNLOAD, LIST, STATUS, parse
from .service import SCENARIO_KEY
from .telling import changed, task_data
from .validation import JSON, answer_fault, is_uuid

if TYPE_CHECKING:
    from .journal import Journal
    from .prefer import Preferences
    from .service import Service
    from .tasks import Task

log = logging.getLogger(__name__)
FAULT = "precision_mock.fault"
"""Key of the WSGI environment under which a view leaves the wire fault its answer is to suffer."""

_BEFORE_ACCEPTING = frozenset(("reset", "empty_reply", "garbage"))
_KEYS = tuple("HTTP_" + name.upper().replace("-", "_") for name in contract.AUTH_HEADERS)
_JOURNALLED = 1 << 20  # bytes of a body that is read for the journal alone
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


class BrokenAnswerError(AssertionError):
    """The mock was about to send an answer that breaks the contract: a defect of the mock."""


class Api:
    """The views of one mock's API."""

    def __init__(self, service: Service, journal: Journal) -> None:
        self.service = service
        self.journal = journal
        self.blueprint = Blueprint("api", __name__)
        rule = contract.CREATE_PATH
        self.blueprint.add_url_rule(rule, "create", self.create, methods=["POST"])
        self.blueprint.add_url_rule(rule, "list", self.list, methods=["GET"])
        self.blueprint.add_url_rule(f"{rule}/<task_id>", "status", self.status, methods=["GET"])
        self.blueprint.add_url_rule(f"{links.RESULTS}<name>", "download", self.download, methods=["GET"])

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

    def _open(self, step: str) -> Exchange:
        environ = request.environ
        return Exchange(
            self.service.clock.wire(),
            environ["REQUEST_METHOD"],
            base_url(environ, self.service.options.public_url),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            step,
            headers_of(environ),
        )

    def _exchange(self, step: str, task_id: str) -> Response:
        started = time.perf_counter()
        exchange = self._open(step)
        try:
            answer = self._answer(step, task_id, exchange)
        except RefusedError as refusal:
            answer = refusal.answer
        except Exception as error:  # noqa: BLE001 - a defect of ours; the service has a 500 for its own
            answer = self._failed(exchange, error)
        if step == CREATE and not exchange.raw:
            self._read_unread(exchange)
        answer = self._checked(answer, step)
        if exchange.headers_out:
            answer = replace(answer, headers=(*answer.headers, *exchange.headers_out))
        exchange.answer = answer.body
        return self._told(exchange, respond(answer), started)

    @staticmethod
    def _failed(exchange: Exchange, error: Exception) -> Answer:
        log.error("the mock failed", exc_info=error)
        exchange.notes.append("the mock itself failed; its log says how")
        return answers.message(500, answers.INTERNAL_ERROR)

    def _told(self, exchange: Exchange, response: Response, started: float) -> Response:
        """Write an exchange down, and leave its wire fault to the server."""
        exchange.status = response.status_code
        exchange.seconds = time.perf_counter() - started
        self.journal.add(exchange)
        if exchange.fault:
            request.environ[FAULT] = exchange.fault
        return response

    def unrouted(self, error: HTTPException) -> Response:
        """Answer a request for a path or with a method that is none of the API's, and write it down."""
        started = time.perf_counter()
        exchange = self._open("")
        exchange.key = next((request.environ[name] for name in _KEYS if request.environ.get(name)), "")
        self._read_unread(exchange)
        response = refusal_of(error)
        exchange.answer = response.get_json()
        return self._told(exchange, response, started)

    def _answer(self, step: str, task_id: str, exchange: Exchange) -> Answer:
        service = self.service
        environ = request.environ
        given = next((environ[name] for name in _KEYS if environ.get(name)), None)
        exchange.key = given or ""
        key = service.authenticate(given)
        self._hold_back(key, exchange)
        try:
            wishes = preferences(environ.get("HTTP_PREFER", ""))
        except PreferenceError as error:
            raise RefusedError(answers.message(400, str(error))) from None
        if wishes.code or wishes.example:
            return documented(step, wishes)
        task = None
        if step == STATUS:
            if not is_uuid(task_id):
                raise RefusedError(answers.message(400, "Parameter 'task-id' is not valid"))
            task = service.read(key, task_id)
            exchange.task_id = task.task_id
        written = self._scenario(step, key, wishes, task)
        scenario = parse(written) if written else None
        exchange.scenario = written
        struck = service.strikes(scenario, step, task.task_id if task else key)
        if struck and scenario:
            if scenario.answer:
                return self._told_to_wait(key, ANSWERS[scenario.answer])
            if scenario.wire in _BEFORE_ACCEPTING:
                exchange.fault = scenario.wire
                return answers.message(500, answers.INTERNAL_ERROR)
            exchange.fault = scenario.wire
        if step == LIST:
            return self._listed(key)
        if step == CREATE:
            exchange.body = self._body(exchange)
            task = service.create(key, exchange.body, written, wishes.pace, exchange.base)
            exchange.task_id, exchange.charged = task.task_id, True
        assert task is not None
        data = task_data(service, task, exchange.base, task.status(service.clock.now()))
        body, lawful = changed(data, scenario if struck else None)
        return Answer(200, body, lawful=lawful)

    def _hold_back(self, key: str, exchange: Exchange) -> None:
        """Refuse a request that is over the rate limit, or that comes before its ``Retry-After`` is over."""
        service = self.service
        now = service.clock.wire()
        early = service.limits.wait_until(key) - now
        if early > 0:
            exchange.notes.append(f"ignored Retry-After: came {early:.3f} s too early")
            if service.options.punish:
                raise RefusedError(self._told_to_wait(key, ANSWERS["http_429"]))
        if service.options.rate_limit:
            verdict = service.limits.judge(key, request.environ.get("REMOTE_ADDR", ""), now)
            exchange.headers_out = verdict.headers()
            if not verdict.allowed:
                wait = ("Retry-After", str(verdict.reset_seconds))
                raise RefusedError(self._told_to_wait(key, answers.message(429, answers.TOO_MANY, wait)))

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
        settings = service.settings()
        return (service.next_scenario() if step == CREATE else "") or settings.scenario

    def _body(self, exchange: Exchange) -> Any:
        """Return the request's JSON body; a body that does not say it is JSON counts as absent."""
        shape = self.service.options.error_shape
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError(answers.message(415, "Content-Encoding is not supported"))
        raw = exchange.raw = self._raw_body()
        if request.mimetype != JSON:
            fault = ("body.image", f"is required (the body was ignored: its Content-Type is not {JSON})")
            raise RefusedError(answers.bad_request(answers.NOT_VALIDATED, [fault], shape))
        try:
            return strict_json.loads(raw)
        except strict_json.JSONError as error:
            raise RefusedError(
                answers.bad_request(answers.NOT_VALIDATED, [("body", str(error))], shape)
            ) from None

    def _raw_body(self) -> bytes:
        """Return the request's body as Flask's ``get_data`` does, which takes a tenth of a request's time."""
        environ = request.environ
        most = self.service.options.max_body
        length = environ.get("CONTENT_LENGTH")
        if not length:
            if not environ.get("wsgi.input_terminated"):
                return b""
            if self.service.options.strict:
                raise RefusedError(answers.message(411, "Length Required"))
        if length and int(length) > most:
            raise RefusedError(answers.message(413, "Request Entity Too Large"))
        try:
            raw: bytes = environ["wsgi.input"].read(int(length) if length else most + 1)
        except (OSError, ValueError):  # ours and other servers' ways to say that it is malformed
            raw = b""
            length = length or "1"
        if length and len(raw) < int(length):
            fault = ("body", "is malformed or broke off")
            shape = self.service.options.error_shape
            raise RefusedError(answers.bad_request(answers.NOT_VALIDATED, [fault], shape))
        if len(raw) > most:
            raise RefusedError(answers.message(413, "Request Entity Too Large"))
        return raw

    @staticmethod
    def _read_unread(exchange: Exchange) -> None:
        """Read the body of a request that was refused before it was read, for the journal alone."""
        length = request.environ.get("CONTENT_LENGTH") or "0"
        if 0 < int(length) <= _JOURNALLED:
            with contextlib.suppress(OSError, ValueError):
                exchange.raw = request.environ["wsgi.input"].read(int(length))
                exchange.body = strict_json.loads(exchange.raw)

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
        return answers.message(500, answers.INTERNAL_ERROR)

    # results

    def download(self, name: str) -> Response:
        """GET: the file behind a result link. Needs no key, and says in the journal when one was sent."""
        started = time.perf_counter()
        exchange = self._open(DOWNLOAD)
        if any(request.environ.get(name) for name in _KEYS):
            exchange.notes.append("the API key was sent to the download's address")
        try:
            answer, conditional = self._file(name, exchange)
        except Exception as error:  # noqa: BLE001 - as in an exchange
            answer, conditional = self._failed(exchange, error), False
        response = respond(answer)
        if conditional:
            try:
                response.set_etag(name)
                response.make_conditional(request, accept_ranges=True, complete_length=len(answer.body))
            except HTTPException as error:
                response = refusal_of(error)
        exchange.answer = answer.body
        return self._told(exchange, response, started)

    def _file(self, name: str, exchange: Exchange) -> tuple[Answer, bool]:
        """Return the answer to a download, and whether it may be asked for in ranges."""
        service = self.service
        settings = service.settings()
        if not links.opens(
            request.path, request.args.get("token", ""), service.clock.wire(), settings.link_secret.encode()
        ):
            return answers.message(403, "Forbidden"), False
        task = service.tasks.task(name.removeprefix("upscaler_result_").partition(".")[0])
        if task is None:
            return answers.message(404, "Not found"), False
        exchange.task_id, exchange.key = task.task_id, task.owner
        written = task.scenario or settings.scenario
        scenario = parse(written) if written else None
        exchange.scenario = written
        struck = service.strikes(scenario, DOWNLOAD, task.task_id)
        trouble = scenario.download if scenario and struck else ""
        if trouble == "expired":
            return answers.message(403, "Forbidden"), False
        if trouble == "not_an_image":
            return replace(ANSWERS["html_error_page"], status=200, media_type="image/png"), False
        data = service.results.file_of(task, settings.seed)
        if data is None:
            return answers.message(404, "Not found"), False
        if trouble == "corrupt":
            third = len(data) // 3
            data = data[:third] + bytes(len(data) - third)
        exchange.fault = {"truncated": "short_body", "slow": "slow"}.get(trouble, "")
        if scenario and struck and scenario.wire:
            exchange.fault = scenario.wire
        media_type = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}[name.rpartition(".")[2]]
        return Answer(200, data, media_type), not exchange.fault


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
    response = respond(answers.message(error.code or 500, error.name))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def respond(answer: Answer) -> Response:
    """Return an answer as Flask's response."""
    return Response(answer.encoded(), answer.status, answer.headers, content_type=answer.media_type)
