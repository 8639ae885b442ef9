"""The control API under ``/__mock__``: what tests and people move, watch and reset; for this machine only."""

from __future__ import annotations

import ipaddress
import sys
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jsonschema_rs
from flask import Flask, Response, request

from mock_server import answers
from mock_server.answers import Answer, RefusedError
from mock_server.api import json_body
from mock_server.api.responses import redirect, respond
from mock_server.scenarios.catalogue import CATALOGUE, UnknownScenarioError, parse
from mock_server.service.upscaler_service import TaskEndedError
from mock_server.state.request_log import shown_key
from mock_server.state.task_model import COMPLETED

from . import PREFIX
from .openapi import OPERATIONS, PAGES, document, draft4

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_server.service.upscaler_service import Service
    from mock_server.state.request_log import RequestLog
    from mock_server.state.task_model import Task

# a page holds all it needs, loads from the mock alone, and shows what unknown clients sent
_PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; frame-ancestors 'none'"
)
_LONGEST_NUMBER = 18  # digits
_BAD, _NOT_FOUND, _CONFLICT = 400, 404, 409


class Control:
    """The views of one mock's control API, one for each line of ``OPERATIONS``, and its pages."""

    def __init__(self, service: Service, request_log: RequestLog) -> None:
        self.service = service
        self.request_log = request_log

    def view(self, name: str, arguments: dict[str, str]) -> Response:
        """Answer a call of the view ``name``; to this machine only."""
        refused = _refuse_remote()
        if refused is not None:
            return refused
        try:
            found: Response = getattr(self, name)(**arguments)
        except RefusedError as refusal:
            return respond(refusal.answer)
        return found

    def openapi(self) -> Response:
        """Describe the control API for programs."""
        return _ok(document())

    def page(self) -> Response:
        """Show the page for people; without its last slash it would look for its data in the wrong place."""
        return _page("index.html") if request.path.endswith("/") else redirect(f"{PREFIX}/")

    def docs(self) -> Response:
        """Describe the control API for people."""
        return _page("docs.html")

    def read_clock(self) -> Response:
        """Return the times and the clock's speed."""
        self.service.settings()
        clock = self.service.clock
        return _ok({"now": clock.now(), "wire": clock.wire(), "speed": clock.state.speed})

    def move_clock(self) -> Response:
        """Change the clock's speed, then advance it."""
        body = _json()
        if "speed" in body:
            self.service.change_clock(lambda state, real: state.at_speed(real, float(body["speed"])))
        if "advance" in body:
            self.service.change_clock(lambda state, real: state.moved(real, float(body["advance"])))
        return self.read_clock()

    def read_scenarios(self) -> Response:
        """List the scenarios."""
        settings = self.service.settings()
        catalogue = [
            {"name": item.name, "summary": item.summary, "steps": list(item.steps)}
            for item in CATALOGUE.values()
        ]
        return _ok(
            {"default": settings.scenario, "upcoming": list(settings.upcoming), "catalogue": catalogue}
        )

    def set_scenarios(self) -> Response:
        """Put scenarios in force."""
        body = _json()
        for name in [body.get("default", ""), *body.get("upcoming", [])]:
            if name:
                try:
                    parse(name)
                except UnknownScenarioError as error:
                    raise RefusedError(answers.message(_BAD, str(error))) from None
        self.service.change_settings(
            lambda settings: settings._replace(
                scenario=body.get("default", settings.scenario),
                upcoming=tuple(body.get("upcoming", settings.upcoming)),
            )
        )
        return self.read_scenarios()

    def read_seed(self) -> Response:
        """Return the seed."""
        return _ok({"seed": self.service.settings().seed})

    def set_seed(self) -> Response:
        """Set the seed."""
        seed = _json()["seed"]
        self.service.change_settings(lambda settings: settings._replace(seed=seed))
        self.service.results.clear()
        return self.read_seed()

    def read_tasks(self) -> Response:
        """Show every task."""
        self.service.settings()
        counters = self.service.tasks.counters()
        now = self.service.clock.now()
        return _ok(
            {
                "now": now,
                "total": counters.get("tasks", 0),
                "forgotten": counters.get("forgotten tasks", 0),
                "tasks": [
                    _described(task, now) for task in self.service.tasks.tasks(limit=_query("limit", -1))
                ],
            }
        )

    def _task(self, task_id: str) -> Task:
        self.service.settings()
        task = self.service.tasks.task(task_id.lower())
        if task is None:
            raise RefusedError(answers.message(_NOT_FOUND, "There is no such task"))
        return task

    def read_task(self, task_id: str) -> Response:
        """Show one task."""
        return _ok(_described(self._task(task_id), self.service.clock.now()))

    def end_task(self, task_id: str) -> Response:
        """Let a task end now."""
        task = self._task(task_id)
        try:
            self.service.end(task.task_id, _json()["outcome"])
        except TaskEndedError as error:
            raise RefusedError(answers.message(_CONFLICT, str(error))) from None
        return self.read_task(task_id)

    def before(self, task_id: str) -> Response:
        """Show the picture that was sent."""
        found = self.service.tasks.picture(self._task(task_id).picture)
        return _picture(None if found is None else found[0], "private, max-age=3600")

    def after(self, task_id: str) -> Response:
        """Show the result."""
        task = self._task(task_id)
        done = task.status(self.service.clock.now()) == COMPLETED
        if not done:
            return _picture(None, "")
        service = self.service
        data = service.results.file_of(task, service.settings().seed, service.options.result_format)
        return _picture(data, "no-store")

    def read_requests(self) -> Response:
        """Show the request log."""
        return _ok(self.request_log.read(_query("after", 0)))

    def read_charges(self) -> Response:
        """Return how many tasks were charged."""
        charges = self.service.tasks.charges()
        by_key: Counter[str] = Counter()
        for key, (count, _) in charges.items():
            by_key[shown_key(key)] += count  # keys that are not shown are counted together
        return _ok(
            {
                "count": by_key.total(),
                "megapixels": sum(megapixels for _, megapixels in charges.values()),
                "by_key": by_key,
            }
        )

    def read_deliveries(self) -> Response:
        """Show the delivery log."""
        return _ok({"deliveries": self.service.webhooks.described()})

    def take_snapshot(self) -> Response:
        """Take a snapshot."""
        return respond(Answer(200, self.service.snapshot(), "application/vnd.sqlite3"))

    def restore_snapshot(self) -> Response:
        """Go back to a snapshot."""
        request.max_content_length = sys.maxsize  # whatever could be taken can be restored
        try:
            self.service.restore(request.get_data())
        except ValueError as error:
            raise RefusedError(answers.message(_BAD, str(error))) from None
        return _ok({})

    def reset(self) -> Response:
        """Forget everything."""
        self.service.reset()
        self.request_log.clear()
        return _ok({})


def add_routes(app: Flask, mock_of: Callable[[], tuple[Service, RequestLog]]) -> None:
    """Add the control API to an application; ``mock_of()`` returns the mock that the request is for."""

    def view(name: str) -> Callable[..., Response]:
        return lambda **arguments: Control(*mock_of()).view(name, arguments)

    for operation in OPERATIONS:
        rule = PREFIX + operation.path.replace("{", "<").replace("}", ">")
        app.add_url_rule(rule, operation.view, view(operation.view), methods=[operation.method])
    for path, name in PAGES.items():
        app.add_url_rule(PREFIX + path, name, view(name), strict_slashes=False)


def _described(task: Task, now: float) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "status": task.status(now),
        "scenario": task.scenario or None,
        "parameters": task.parameters,
        "width": task.width,
        "height": task.height,
        "created_at": task.created_at,
        "starts_at": task.schedule.starts_at,
        "ends_at": task.schedule.ends_at,
        "key": shown_key(task.owner),
        "polls": task.polls,
        "webhook_url": task.webhook_url or None,
    }


def _ok(body: Any) -> Response:
    return respond(Answer(200, body))


def _page(name: str) -> Response:
    data = (files(__package__) / "pages" / name).read_bytes()
    return respond(
        Answer(200, data, "text/html; charset=utf-8", (("Content-Security-Policy", _PAGE_POLICY),))
    )


def _picture(data: bytes | None, cache_control: str) -> Response:
    """Answer with a picture as PNG, scaled down until its longer side is the query's ``side`` pixels."""
    from mock_server.imaging.input_image import thumbnail  # noqa: PLC0415 - Pillow is slow to import

    if data is None:
        raise RefusedError(answers.message(_NOT_FOUND, "There is no such picture (yet)"))
    side = _query("side", 0)
    return respond(Answer(200, thumbnail(data, side), "image/png", (("Cache-Control", cache_control),)))


def _query(name: str, default: int) -> int:
    """Return a query parameter's number; 400 when it is not one the document allows."""
    text = request.args.get(name)
    if text is None:
        return default
    operation = next(item for item in OPERATIONS if item.query and name in item.query)
    schema = (operation.query or {})[name]
    value = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else -1
    if not schema["minimum"] <= value <= schema.get("maximum", value):
        raise RefusedError(answers.message(_BAD, f"{name} must be a number from {schema['minimum']} up"))
    return value


@cache
def _body_validator(operation: str) -> jsonschema_rs.Draft4Validator:
    body = next(item.body for item in OPERATIONS if item.view == operation)
    return jsonschema_rs.Draft4Validator(draft4(body))


def _json() -> dict[str, Any]:
    """Return the request's JSON body, checked against the document of the call it is for."""
    try:
        body = json_body.loads(request.get_data())
    except json_body.JSONError as error:
        raise RefusedError(answers.message(_BAD, str(error))) from None
    for fault in _body_validator(request.endpoint or "").iter_errors(body):
        raise RefusedError(answers.message(_BAD, str(fault.message)))
    found: dict[str, Any] = body
    return found


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_is_loopback(address: str) -> bool:
    """Return whether an address with a host (``//host:port``) is one of this machine."""
    try:
        return _is_loopback(urlsplit(address).hostname or "")
    except ValueError:  # such as an opening bracket alone
        return False


def _refuse_remote() -> Response | None:
    """Answer 403 to other machines, and to web pages of other sites in this machine's browser.

    A page elsewhere can make a browser send requests here, and a name can be made to point here; both
    show in ``Origin`` and ``Host``.
    """
    environ = request.environ
    origin = environ.get("HTTP_ORIGIN")
    local = (
        _is_loopback(environ.get("REMOTE_ADDR", ""))
        and _host_is_loopback(f"//{environ.get('HTTP_HOST', 'localhost')}")
        and (origin is None or _host_is_loopback(origin))
        and environ.get("HTTP_SEC_FETCH_SITE", "none") != "cross-site"
    )
    return None if local else respond(answers.message(403, "The control API is for this machine only"))
