"""What the real service can be asked for little or nothing; offline, the mock is asked the same.

    pytest --target=live --spending-cap=1.50 --live-record=seen.jsonl

Refusals are free. One picture is upscaled, the smallest one, twice as large.
"""

from __future__ import annotations

import json
import time

import pytest
from precision_upscaler.contract import CREATE_PATH

from contract_tests.support.cases import CASES, IMAGE
from contract_tests.support.failure import explain
from contract_tests.support.png_size import size_of
from contract_tests.support.service import targets
from contract_tests.support.subjects.mock import named_in

pytestmark = pytest.mark.live

# one of each kind: whatever the service takes of these, it would charge
REFUSED = [
    "image is missing",
    "sharpen = 101",
    "sharpen = -1",
    "sharpen is whole float",
    "sharpen is true",
    "scale_factor = 1",
    "scale_factor = 17",
    "scale_factor is a string: trailing line feed",
    "scale_factor is a string: leading zero",
    "scale_factor is 2.0",
    "flavor is 'portrait'",
    "webhook_url is 'hook'",
    "sharpen is NaN",
]


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_free(name: str) -> None:
    (case,) = [each for each in CASES if each.name == name]
    with targets.opened() as target:
        answer = target.call("POST", body=case.text)
        words = explain(
            case.rule,
            wanted="400, and no charge",
            said=f"{answer.status_code} {target.scrubbed(answer.text)[:200]}",
            request=target.curl("POST", body=case.text),
            example=case.text,
        )
        assert answer.status_code == 400, words
        assert target.charges == 0, words
        if case.about:
            assert named_in(answer) in ({case.about}, set()), words


def test_the_list_is_free_and_lawful() -> None:
    with targets.opened() as target:
        answer = target.call("GET")
        assert answer.status_code == 200
        assert isinstance(answer.json()["data"], list)


def test_ids_that_are_not_ours() -> None:
    with targets.opened() as target:
        unknown = target.call("GET", f"{CREATE_PATH}/046b6c7f-0b8a-43b9-b35d-6489e6daee91")
        assert unknown.status_code in (400, 404)
        assert target.call("GET", f"{CREATE_PATH}/1").status_code in (400, 404)


def test_one_small_picture_from_end_to_end() -> None:
    body = json.dumps({"image": IMAGE, "scale_factor": "2", "flavor": "photo"})
    with targets.opened() as target:
        created = target.call("POST", body=body)
        assert created.status_code == 200, target.scrubbed(created.text)
        task = created.json()["data"]
        seen = [task["status"]]
        for _ in range(120):
            if seen[-1] in ("COMPLETED", "FAILED"):
                break
            if isinstance(target, targets.Live):
                time.sleep(5)
            else:
                target.advance(5)
            task = target.call("GET", f"{CREATE_PATH}/{task['task_id']}").json()["data"]
            seen.append(task["status"])
        assert seen[-1] == "COMPLETED", seen
        ranks = [("CREATED", "IN_PROGRESS", "COMPLETED").index(status) for status in seen]
        assert ranks == sorted(ranks), seen
        assert target.charges == 1
        listed = {one["task_id"]: one["status"] for one in target.call("GET").json()["data"]}
        assert listed.get(task["task_id"]) == "COMPLETED"
        picture = target.fetch(task["generated"][0])
        assert picture.status_code == 200
        if picture.content.startswith(b"\x89PNG"):
            assert size_of(picture.content) == (320, 320)
