"""The control API under ``/__mock__``: what tests and people move, watch and reset; for this machine only."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from . import answers, strict_json
from .answers import Answer, RefusedError
from .api import respond

if TYPE_CHECKING:
    from .journal import Journal
    from .service import Service
    from .tasks import Task


class Control:
    """The views of one mock's control API."""

    def __init__(self, service: Service, journal: Journal) -> None:
        self.service = service
        self.journal = journal
        self.blueprint = Blueprint("control", __name__)
        self.blueprint.before_request(_refuse_strangers)
        for rule, method, view in (
            ("/clock", "GET", self.clock),
            ("/clock", "POST", self.move_clock),
            ("/charges", "GET", self.charges),
            ("/requests", "GET", self.requests),
            ("/tasks", "GET", self.tasks),
            ("/reset", "POST", self.reset),
        ):
            self.blueprint.add_url_rule(rule, f"{method} {rule}", view, methods=[method])

    def clock(self) -> Response:
        """Tell the time."""
        clock = self.service.clock
        self.service.settings()
        return _ok({"now": clock.now(), "wire": clock.wire(), "speed": clock.state.speed})

    def move_clock(self) -> Response:
        """Advance the clock, or change its speed."""
        body = _body()
        try:
            if "speed" in body:
                speed = float(body["speed"])
                self.service.change_clock(lambda state, real: state.at_speed(real, speed))
            if "advance" in body:
                seconds = float(body["advance"])
                self.service.change_clock(lambda state, real: state.moved(real, seconds))
        except (TypeError, ValueError) as error:
            return respond(answers.message(400, str(error)))
        return self.clock()

    def charges(self) -> Response:
        """Tell how many tasks were charged."""
        charges = self.service.store.charges()
        return _ok(
            {
                "count": sum(count for count, _ in charges.values()),
                "megapixels": sum(megapixels for _, megapixels in charges.values()),
                "by_key": {key: count for key, (count, _) in charges.items()},
            }
        )

    def requests(self) -> Response:
        """Show the request journal."""
        return _ok(self.journal.read())

    def tasks(self) -> Response:
        """Show every task."""
        self.service.settings()
        return _ok({"tasks": [self._described(task) for task in self.service.store.tasks()]})

    def _described(self, task: Task) -> dict[str, Any]:
        return {
            "task_id": task.task_id,
            "status": task.status(self.service.clock.now()),
            "parameters": task.parameters,
            "width": task.width,
            "height": task.height,
            "scenario": task.scenario or None,
            "created_at": task.created_at,
        }

    def reset(self) -> Response:
        """Forget tasks, charges and journal."""
        self.service.store.clear()
        self.service.results.clear()
        self.journal.clear()
        return _ok({})


def _ok(body: Any) -> Response:
    return respond(Answer(200, body))


def _body() -> dict[str, Any]:
    try:
        body = strict_json.loads(request.get_data() or b"{}")
    except strict_json.JSONError as error:
        raise RefusedError(answers.message(400, str(error))) from None
    if not isinstance(body, dict):
        raise RefusedError(answers.message(400, "the body must be a JSON object"))
    return body


def _refuse_strangers() -> Response | None:
    """Answer 403 to other machines."""
    address = request.environ.get("REMOTE_ADDR", "")
    try:
        near = ipaddress.ip_address(address).is_loopback
    except ValueError:
        near = False
    return None if near else respond(answers.message(403, "The control API is for this machine only"))
