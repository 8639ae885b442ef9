from __future__ import annotations

from typing import Any

import pytest
from precision_upscaler import contract

from mock_server.answers import JSON
from mock_server.api import validation

TASK_ID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "body.image", '"image" is a required property'),
        ([], "body", 'value is not of type "object"'),
        ({"image": "a", "sharpen": 101}, "body.sharpen", "value is greater than the maximum of 100"),
        ({"image": "a", "scale_factor": 2.0}, "body.scale_factor", "value is not valid under any"),
        ({"image": "a", "scale_factor": "2\n"}, "body.scale_factor", "value does not match"),
        ({"image": "a", "flavor": "vivid"}, "body.flavor", "value is not one of"),
    ],
)
def test_a_fault_names_field_and_reason(body: Any, field: str, reason: str) -> None:
    (fault,) = validation.request_faults(body)
    assert fault[0] == field
    assert fault[1].startswith(reason)


def test_an_answer_is_held_to_the_contract() -> None:
    def fault(data: Any, status: int = 200) -> str | None:
        return validation.answer_fault(contract.CREATE_PATH, "POST", status, JSON, {"data": data})

    task = {"task_id": TASK_ID, "status": "CREATED", "generated": []}
    assert fault(task) is None
    assert "uuid" in str(fault({**task, "task_id": TASK_ID.replace("-", "")}))
    assert "uri" in str(fault({**task, "generated": ["no uri"]}))
    assert "DONE" in str(fault({**task, "status": "DONE"}))
    assert "generated" in str(fault({"task_id": TASK_ID, "status": "CREATED"}))


def test_an_answer_the_document_does_not_mention_conforms() -> None:
    assert validation.answer_fault(contract.CREATE_PATH, "POST", 402, JSON, 17) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (TASK_ID, True),
        (TASK_ID.upper(), True),
        (TASK_ID + "\n", False),
        (TASK_ID.replace("-", ""), False),
        ("", False),
    ],
)
def test_a_uuid_is_written_in_five_groups(text: str, is_one: bool) -> None:
    assert validation.is_uuid(text) is is_one
