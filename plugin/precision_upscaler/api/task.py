"""A task of the service, its statuses, and which status may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from precision_upscaler.contract import TERMINAL_STATUSES, TRANSITIONS


class TaskStatus(StrEnum):
    """Where a task stands; UNKNOWN is any word the contract does not have and means "keep waiting"."""

    CREATED = "CREATED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def read(cls, word: object) -> TaskStatus:
        """Return the status for the service's ``word``; never raises."""
        try:
            return cls(str(word).strip().upper())
        except ValueError:
            return cls.UNKNOWN

    @property
    def terminal(self) -> bool:
        """Whether nothing follows any more."""
        return self.value in TERMINAL_STATUSES

    def may_become(self, other: TaskStatus) -> bool:
        """Whether the contract lets ``other`` be seen after this status."""
        if self is other or TaskStatus.UNKNOWN in (self, other):
            return True
        return other.value in TRANSITIONS[self.value]


@dataclass(frozen=True)
class Task:
    """What one answer of the service says about a task.

    ``links`` are the picture's addresses, empty unless COMPLETED; several of them are one picture.
    """

    task_id: str
    status: TaskStatus
    links: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> Task:
        """Read a create, status or list item; ValueError when there is no task in it.

        Takes the documented ``{"data": {...}}``, the same without ``data`` and with ``task_status``
        (older sister calls and webhooks), and ignores members it does not know.
        """
        data = body.get("data", body) if isinstance(body, dict) else None
        if not isinstance(data, dict):
            raise ValueError("the answer holds no task")  # noqa: TRY004 - a wrong answer, not a wrong call
        task_id = data.get("task_id")
        if not isinstance(task_id, str) or not task_id.strip():
            raise ValueError("the answer names no task_id")
        links = data.get("generated")
        return cls(
            task_id,
            TaskStatus.read(data.get("status", data.get("task_status"))),
            tuple(link for link in links if isinstance(link, str) and link)
            if isinstance(links, list)
            else (),
        )


def read_list(body: Any) -> list[Task]:
    """Read the list call's answer; items that are no task are left out, ValueError if it is no list."""
    items = body.get("data") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise ValueError("the answer holds no list of tasks")  # noqa: TRY004 - a wrong answer, not a wrong call
    tasks = []
    for item in items:
        try:
            tasks.append(Task.from_json(item))
        except ValueError:
            continue
    return tasks
