"""The list call's answer is read for its tasks, whatever else is on it."""

from __future__ import annotations

import pytest
from precision_upscaler.api.models import TaskStatus, read_list

TASK = {"task_id": "046b6c7f-0b8a-43b9-b35d-6489e6daee91", "status": "COMPLETED"}


@pytest.mark.parametrize("stranger", [None, 5, "task", [], {}, {"status": "CREATED"}, {"task_id": 7}])
def test_what_is_no_task_is_left_out(stranger: object) -> None:
    found = read_list({"data": [stranger, TASK, stranger]})
    assert [(task.task_id, task.status) for task in found] == [(TASK["task_id"], TaskStatus.COMPLETED)]
    assert read_list([TASK, stranger]) == found


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"data": TASK}, "[]"])
def test_an_answer_without_a_list_is_an_error(body: object) -> None:
    with pytest.raises(ValueError, match="no list of tasks"):
        read_list(body)
