"""A record is read by one function, which names what is wrong; a damaged one stops no other job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.errors import JournalBroken, RecordDamaged
from precision_upscaler.storage.job_record import InvalidRecord, JobRecord, State, read_record

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.unit.core.storage.job_factory import DAY, JobFactory

GOOD: dict[str, Any] = json.loads(
    json.dumps(
        JobRecord(
            state=State.CREATED,
            created=1.5,
            parameters={"scale_factor": 2},
            digest="d" * 64,
            service="https://api.example",
            source="source.png",
            size=(160, 200),
            expected=(320, 400),
            task_id="task-7",
            history=((1.5, "prepared"), (2.5, "created")),
        ).to_json()
    )
)


def test_what_is_written_is_read_again() -> None:
    assert json.loads(json.dumps(read_record(GOOD).to_json())) == GOOD


def test_members_of_another_version_are_kept() -> None:
    assert read_record({**GOOD, "later": [1]}).to_json()["later"] == [1]


@pytest.mark.parametrize(
    "name", ["state", "created", "parameters", "digest", "service", "source", "expected"]
)
def test_a_missing_member_is_named(name: str) -> None:
    with pytest.raises(InvalidRecord, match=f"its member {name} is missing"):
        read_record({key: value for key, value in GOOD.items() if key != name})


WRONG: list[tuple[str, Any]] = [
    ("state", "unheard of"),
    ("state", None),
    ("created", "yesterday"),
    ("created", float("nan")),
    ("created", True),
    ("parameters", [1]),
    ("digest", 7),
    ("expected", [320]),
    ("expected", [320, "400"]),
    ("expected", [320, 0]),
    ("size", None),
    ("origin", "Sky"),
    ("task_id", 7),
    ("result", "../../../home/user/photo.png"),
    ("source", "/etc/passwd"),
    ("source", ""),
    ("upload", "..\\\\x.png"),
    ("result_bytes", "9"),
    ("partial", "half"),
    ("partial", {"source": 1}),
    ("history", [["now", "created"]]),
    ("history", [[1.0]]),
    ("paid", "0"),
    ("pace", "quick"),
    ("used", "never"),
    ("adopted", "yes"),
    ("version", "1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_a_wrongly_typed_value_is_named(name: str, value: Any) -> None:
    with pytest.raises(InvalidRecord, match=f"its member {name} has a wrong value"):
        read_record({**GOOD, name: value})


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_a_record_is_an_object(value: Any) -> None:
    with pytest.raises(InvalidRecord, match="no JSON object"):
        read_record(value)


def test_a_newer_version_is_left_alone() -> None:
    with pytest.raises(InvalidRecord, match="newer version"):
        read_record({**GOOD, "version": 2})


DAMAGE = [
    "",
    "{",
    "null",
    "[" * 5000,
    "\0\0\0",
    *(json.dumps({**GOOD, name: value}) for name, value in WRONG),
]


@pytest.mark.parametrize("content", DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_record_is_named_and_the_others_go_on(content: str, tmp_path: Path) -> None:
    factory = JobFactory(tmp_path)
    good, bad = factory.job(State.CREATED), factory.job(State.CREATED)
    (bad.folder / "job.json").write_text(content)
    assert [job.job_id for job in factory.journal.undelivered()] == [good.job_id]
    assert [job.folder for job in factory.journal.damaged()] == [bad.folder]
    assert factory.journal.pace("https://api.example") == 1.0
    factory.clock.now += 1000 * DAY
    factory.journal.prune(days=0, megabytes=0)
    with pytest.raises(RecordDamaged, match=bad.job_id) as caught:
        factory.journal.open(bad.job_id)
    assert caught.value.charged == "unknown"
    assert caught.value.details["folder"] == str(bad.folder)


def test_a_record_that_cannot_be_opened_hides_no_other_job_from_the_list(tmp_path: Path) -> None:
    factory = JobFactory(tmp_path)
    good, bad = factory.job(State.CREATED), factory.job(State.CREATED)
    (bad.folder / "job.json").unlink()
    (bad.folder / "job.json").mkdir()
    assert [job.job_id for job in factory.journal.undelivered()] == [good.job_id]
    assert [job.folder for job in factory.journal.damaged()] == [bad.folder]
    with pytest.raises(JournalBroken):
        factory.journal.task_ids()  # before money is spent, every record counts


def test_the_task_of_a_damaged_record_stays_known(tmp_path: Path) -> None:
    factory = JobFactory(tmp_path)
    bad = factory.job(State.CREATED)
    text = json.dumps({**bad.record.to_json(), "created": "?"})
    (bad.folder / "job.json").write_text(text[:-1])
    assert factory.journal.task_ids() == {bad.task_id}
    assert factory.journal.damaged()[0].error().details["task_id"] == bad.task_id
    factory.journal.discard(bad.job_id)
    assert not bad.folder.exists()
    assert factory.journal.former_task_ids() == [bad.task_id]


def test_the_same_request_is_not_paid_again_while_its_record_is_damaged(tmp_path: Path) -> None:
    with JobEnvironment(tmp_path, wsgi=True) as env:
        first = env.upscale()
        path = env.journal.open(first.job_id).folder / "job.json"
        path.write_text(path.read_text().replace('"stored"', '"stoned"'))
        with pytest.raises(RecordDamaged):
            env.upscale()
        assert env.mock.charges == 1
        env.upscale(sharpen=50)
        assert env.mock.charges == 2, "another request goes on"
        env.journal.discard(first.job_id)
        env.upscale()
        assert env.mock.charges == 3
