"""A task and its states as a pure function of time and of how often it was asked after.

A task's future is laid down when it is created: when it leaves CREATED, when it ends, and how. So a
status is computed, never stored; it cannot go backwards as long as time and polls do not; and the
list, the status call and the webhook cannot disagree.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

CREATED = "CREATED"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"
"""An end that no document names; the vendor's own client takes it for one. Only a scenario leads there."""
TERMINAL = frozenset((COMPLETED, FAILED, CANCELLED))


class Schedule(NamedTuple):
    """What is to become of a task. Times in seconds of task time; None means never.

    With ``polls_to_end`` a task also starts at its first and ends at its ``polls_to_end``-th status call.
    """

    starts_at: float | None
    ends_at: float | None
    outcome: str = COMPLETED
    polls_to_end: int | None = None

    def status(self, now: float, polls: int) -> str:
        """Return the status at task time ``now`` after ``polls`` status calls."""
        if self.ends_at is not None and now >= self.ends_at:
            return self.outcome
        if self.polls_to_end is not None and polls >= self.polls_to_end:
            return self.outcome
        if self.starts_at is not None and now >= self.starts_at:
            return IN_PROGRESS
        if self.polls_to_end is not None and polls > 0:
            return IN_PROGRESS
        return CREATED


class Task(NamedTuple):
    """One task as the database keeps it.

    ``picture`` is the digest of its source, sizes are in pixels, ``base`` is the address its client called.
    ``megapixels`` are the result's, which the price goes by.
    """

    number: int
    task_id: str
    owner: str
    created_at: float
    schedule: Schedule
    parameters_json: str
    picture: str
    width: int
    height: int
    megapixels: float
    scenario: str = ""
    webhook_url: str = ""
    base: str = ""
    polls: int = 0

    def status(self, now: float) -> str:
        """Return the status at task time ``now``."""
        return self.schedule.status(now, self.polls)

    @property
    def parameters(self) -> dict[str, Any]:
        """Every parameter of the contract with its value; decoded when asked for, which is seldom."""
        decoded: dict[str, Any] = json.loads(self.parameters_json)
        return decoded


def ended_now(schedule: Schedule, now: float, outcome: str) -> Schedule:
    """Return ``schedule`` cut short: the task ends at task time ``now`` with ``outcome``."""
    starts_at = now if schedule.starts_at is None else min(schedule.starts_at, now)
    return schedule._replace(starts_at=starts_at, ends_at=now, outcome=outcome)
