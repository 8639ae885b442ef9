"""The JSON body of a task: in the answers to status and create calls, and in a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.scenarios.canned_responses import CHANGES
from mock_server.scenarios.catalogue import STATUS, Scenario
from mock_server.state.task_model import COMPLETED

from . import signed_urls

if TYPE_CHECKING:
    from mock_server.state.task_model import Task

    from .upscaler_service import Service

_EXPIRED_SECONDS = 60


def links_of(service: Service, task: Task, base: str, *, expired: bool = False) -> list[str]:
    """Return fresh links to a task's result at the mock's address ``base``, or some that have expired."""
    path = signed_urls.result_path(task.task_id, service.extension_of(task))
    expires = int(service.clock.wire() + service.options.link_seconds)
    if expired:
        expires = int(service.clock.wire()) - _EXPIRED_SECONDS
    token = signed_urls.token(path, expires, service.database.known.link_secret.encode())
    link = f"{base}{path}?token={token}"
    return [link, f"{link}&size=stable"][: service.options.links]


def task_data(service: Service, task: Task, base: str, status: str) -> dict[str, Any]:
    """Return the contract's task object: ``generated`` holds links only when the task is COMPLETED."""
    generated = links_of(service, task, base) if status == COMPLETED else []
    return {"generated": generated, "task_id": task.task_id, "status": status}


def changed(data: dict[str, Any], scenario: Scenario | None) -> tuple[Any, bool]:
    """Return the body for a task object as a scenario has it, and whether it keeps to the contract."""
    if scenario is None or not scenario.change:
        return {"data": data}, True
    change, follows_contract = CHANGES[scenario.change]
    return change(data), follows_contract


def webhook_body(service: Service, task: Task, base: str, status: str) -> Any:
    """Return a webhook's body: what the status call would say, without ``data``."""
    scenario = service.scenario_of_task(task)
    if scenario is not None and (STATUS not in scenario.steps or scenario.times is not None):
        scenario = None
    body, _ = changed(task_data(service, task, base, status), scenario)
    return body.get("data", body)
