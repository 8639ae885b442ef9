from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler import contract

from mock_server.answers import JSON
from mock_server.api import validation

TASK_ID = "046b6c7f-0b8a-43b9-b35d-6489e6daee91"

bodies: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["image", "scale_factor", "sharpen", "flavor", "webhook_url", "filter_nsfw", "other"]),
    st.sampled_from(
        [0, 2, 16, 17, 100, 101, -1, 2.0, 7.5, "2", "16", "17", "02", "2\n", "\u0662", " 2", "photo", "x", "http://a.b/c",
         "not a uri", "", True, None, [], {}, 10**30]
    ),
)  # fmt: skip


@given(bodies)
def test_the_compiled_validator_and_the_contracts_own_reader_agree(body: dict[str, Any]) -> None:
    assert bool(validation.request_faults(body)) == bool(contract.request_violations(body))


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "body.image", "is required"),
        ([], "body", "must be of the type object"),
        ({"image": "a", "sharpen": 101}, "body.sharpen", "must be at most 100"),
        ({"image": "a", "scale_factor": 2.0}, "body.scale_factor", "must be"),
        (
            {"image": "a", "scale_factor": "2\n"},
            "body.scale_factor",
            "must be of the type integer, or must match",
        ),
        ({"image": "a", "flavor": "vivid"}, "body.flavor", "must be one of"),
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
