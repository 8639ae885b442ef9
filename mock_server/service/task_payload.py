"""The JSON body of a task: in the answers to status and create calls, and in a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mock_server.scenarios.canned_responses import CHANGES
from mock_server.scenarios.catalogue import STATUS, Scenario, parse
from mock_server.state.task_model import COMPLETED

from . import signed_urls

if TYPE_CHECKING:
    from mock_server.state.task_model import Task

_EXPIRED_SECONDS = 60


class LinkSettings(NamedTuple):
    """What result links are made of: the secret that signs them, wire time now and lifetime in seconds.

    ``links`` links are made for each result, whose file format is ``result_format``.
    """

    secret: bytes
    now: float
    seconds: float
    links: int
    result_format: str


def links_of(settings: LinkSettings, task: Task, base: str, *, expired: bool = False) -> list[str]:
    """Return fresh links to a task's result at the mock's address ``base``, or some that have expired."""
    path = signed_urls.result_path(task.task_id, _extension_of(task, settings.result_format))
    expires = int(settings.now - _EXPIRED_SECONDS) if expired else int(settings.now + settings.seconds)
    link = f"{base}{path}?token={signed_urls.token(path, expires, settings.secret)}"
    return [link, f"{link}&size=stable"][: settings.links]


def _extension_of(task: Task, result_format: str) -> str:
    """Return the extension of a task's result file, without a dot."""
    nearest = task.scenario and parse(task.scenario).trick == "nearest"
    return "png" if nearest else result_format.replace("jpeg", "jpg")


def task_data(settings: LinkSettings, task: Task, base: str, status: str) -> dict[str, Any]:
    """Return the contract's task object: ``generated`` holds links only when the task is COMPLETED."""
    generated = links_of(settings, task, base) if status == COMPLETED else []
    return {"generated": generated, "task_id": task.task_id, "status": status}


def changed(data: dict[str, Any], scenario: Scenario | None) -> tuple[Any, bool]:
    """Return the body for a task object as a scenario has it, and whether it keeps to the contract."""
    if scenario is None or not scenario.change:
        return {"data": data}, True
    change, follows_contract = CHANGES[scenario.change]
    return change(data), follows_contract


def webhook_body(settings: LinkSettings, task: Task, status: str) -> Any:
    """Return a webhook's body: what the status call would say, without ``data``."""
    scenario = parse(task.scenario) if task.scenario else None
    if scenario is not None and (STATUS not in scenario.steps or scenario.times is not None):
        scenario = None
    body, _ = changed(task_data(settings, task, task.base, status), scenario)
    return body.get("data", body)
