"""The journal keeps what was paid for, forgets what nobody needs, and shows nobody else."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from precision_upscaler.errors import DiskFull, JobUnknown, JournalBroken, UpscaleError
from precision_upscaler.jobs.recovery import known_tasks
from precision_upscaler.storage import files
from precision_upscaler.storage import journal as journal_module
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import KNOWN_TASKS, intact_result

from contract_tests.unit.core.storage.job_factory import DAY, JobFactory


@pytest.fixture
def factory(tmp_path: Path) -> JobFactory:
    return JobFactory(tmp_path)


def test_only_the_owner_can_look_into_a_job(factory: JobFactory) -> None:
    job = factory.job(State.STORED)
    assert job.folder.stat().st_mode & 0o077 == 0
    for path in job.folder.iterdir():
        if path.name != "result.png":  # written by this test
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_change_is_seen_by_every_other_reader_at_once(factory: JobFactory) -> None:
    job = factory.job()
    job.update(State.CREATED, task_id="t")
    other = factory.journal.open(job.job_id)
    assert (other.state, other.task_id) == (State.CREATED, "t")
    assert [word for _, word in other.record.history] == ["prepared", "created"]


@pytest.mark.parametrize("state", [State.COMMITTED, State.CREATED, State.STORED])
def test_what_may_have_cost_money_is_never_pruned(state: State, factory: JobFactory) -> None:
    job = factory.job(state)
    factory.clock.now += 10_000 * DAY
    factory.journal.prune(days=0, megabytes=0)
    assert [item.job_id for item in factory.journal.undelivered()] == [job.job_id]


@pytest.mark.parametrize(
    ("state", "age", "kept"),
    [
        (State.DELIVERED, 29, True),
        (State.DELIVERED, 31, False),
        (State.PREPARED, 0.9, True),
        (State.PREPARED, 1.1, False),
        (State.SENDING, 1.1, False),
        (State.REFUSED, 1.1, False),
        (State.CANCELLED, 1.1, False),
        (State.FAILED, 1.1, False),
    ],
)
def test_what_nobody_needs_goes_by_age(state: State, age: float, kept: bool, factory: JobFactory) -> None:
    factory.job(state)
    factory.clock.now += age * DAY
    factory.journal.prune(days=30, megabytes=100)
    assert bool(list(factory.journal)) is kept


def test_the_oldest_deliveries_go_when_there_is_no_room(factory: JobFactory) -> None:
    jobs = []
    for _ in range(3):
        jobs.append(factory.job(State.DELIVERED))
        factory.clock.now += 3600
    for job in jobs:
        job.drop_bulk()
    room = jobs[1].size() + jobs[2].size()
    factory.journal.prune(days=30, megabytes=room / (1 << 20))
    assert [job.job_id for job in factory.journal] == [job.job_id for job in jobs[1:]]


@pytest.mark.parametrize("minutes", [1, 9, -60])
def test_what_was_delivered_reused_or_failed_just_now_stays(minutes: float, factory: JobFactory) -> None:
    """Somebody may be loading it, or be about to see how the job ended that he waits for."""
    states = (State.FAILED, State.DELIVERED, State.DELIVERED)
    failed, delivered, reused = (factory.job(state) for state in states)
    factory.clock.now += 40 * DAY
    reused.note_use()
    for job in (failed, delivered):
        job.update(State.CREATED)
        job.update(State.FAILED if job is failed else State.DELIVERED)
    factory.clock.now += minutes * 60
    factory.journal.prune(days=0, megabytes=0)
    assert len(list(factory.journal)) == 3
    factory.clock.now += 2 * 3600
    factory.journal.prune(days=0, megabytes=0)
    assert not list(factory.journal)


def test_the_tasks_of_removed_jobs_are_remembered(factory: JobFactory) -> None:
    gone = [factory.job(State.CREATED) for _ in range(2)]
    for job in gone:
        factory.journal.remove(job)
    assert factory.journal.former_task_ids() == [job.task_id for job in gone]
    assert factory.journal.task_ids() == set()


def test_a_job_somebody_works_on_is_not_pruned(factory: JobFactory) -> None:
    job = factory.job(State.SENDING)
    factory.clock.now += 10 * DAY
    with job.lock:
        assert factory.journal.open(job.job_id).summary()["running"] is True
        factory.journal.prune(days=0, megabytes=0)
        assert list(factory.journal)
    assert factory.journal.open(job.job_id).summary()["running"] is False


def test_delivery_keeps_the_result_and_drops_the_source(factory: JobFactory) -> None:
    job = factory.job(State.STORED)
    job.deliver()
    assert job.state is State.DELIVERED
    assert intact_result(job) is not None
    assert sorted(path.name for path in job.folder.iterdir()) == ["job.json", "result.png"]
    assert not factory.journal.undelivered()


def test_a_result_that_was_cut_is_not_intact(factory: JobFactory) -> None:
    job = factory.job(State.STORED)
    result = job.result
    assert result is not None
    result.write_bytes(result.read_bytes()[:-1])
    assert intact_result(job) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"state": "unheard of"}'])
def test_a_damaged_record_hides_one_job_and_not_the_others(content: str, factory: JobFactory) -> None:
    good, bad = factory.job(), factory.job()
    (bad.folder / "job.json").write_text(content)
    assert [job.job_id for job in factory.journal] == [good.job_id]
    with pytest.raises(JobUnknown):
        factory.journal.open(bad.job_id)
    factory.journal.prune(days=0, megabytes=0)
    assert bad.folder.exists(), "what cannot be read may be paid for"


class Unreadable:
    """A file system that refuses the first ``times`` readings of a job's record."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.plain = files.read_json

    def read(self, path: Path) -> Any:
        if path.name == "job.json" and self.times:
            self.times -= 1
            raise PermissionError(errno.EACCES, "Permission denied")
        return self.plain(path)


def test_a_record_that_cannot_be_read_for_a_moment_is_read_again(
    factory: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses while the record is being replaced: that job is neither unknown nor passed over."""
    job = factory.job(State.COMMITTED)
    looks: tuple[Callable[[], State], ...] = (
        lambda: factory.journal.open(job.job_id).state,
        lambda: factory.journal.same("d")[0].state,
        lambda: factory.journal.undelivered()[0].state,
    )
    for look in looks:
        monkeypatch.setattr(journal_module, "read_json", Unreadable(3).read)
        assert look() is State.COMMITTED


def test_a_record_that_cannot_be_read_at_all_is_not_passed_over(
    factory: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.job(State.CREATED)
    monkeypatch.setattr(journal_module, "read_json", Unreadable(10**6).read)
    with pytest.raises(JournalBroken, match="cannot be read: Permission denied"):
        factory.journal.same("d")
    assert sum(factory.clock.slept) < 5


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EIO, JournalBroken), (errno.EACCES, JournalBroken), (errno.ENOSPC, DiskFull)]
)
@pytest.mark.parametrize(
    ("before", "after", "charged"),
    [
        (State.PREPARED, State.SENDING, "no"),
        (State.SENDING, State.COMMITTED, "no"),
        (State.COMMITTED, State.COMMITTED, "unknown"),
        (State.COMMITTED, State.SENDING, "no"),
        (State.COMMITTED, State.CREATED, "yes"),
        (State.CREATED, State.STORED, "yes"),
    ],
)
def test_what_cannot_be_written_says_what_it_cost_and_names_the_task(
    before: State,
    after: State,
    charged: str,
    number: int,
    error: type[UpscaleError],
    factory: JobFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = factory.job(before)

    def broken(_path: Path, _content: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(journal_module, "write_json", broken)
    with pytest.raises(error) as caught:
        job.update(after, task_id="task-7" if after is State.CREATED else job.task_id, doubt="?")
    assert caught.value.charged == charged
    assert caught.value.details["task_id"] == ("task-7" if after is State.CREATED else job.task_id)
    assert job.state is before, "what is not on disk has not happened"


@pytest.mark.parametrize("name", ["", "..", "../../etc", "a/b", "20260101-000000-ffffffff"])
def test_a_name_cannot_leave_the_journal(name: str, factory: JobFactory) -> None:
    with pytest.raises(JobUnknown):
        factory.journal.open(name)


def test_what_a_crash_left_half_made_is_swept_up(factory: JobFactory) -> None:
    # the file system's own clock
    factory.clock.now = time.time()
    (factory.journal.folder / ".new-20260101-000000-00000000").mkdir()
    factory.job()
    factory.journal.prune(days=30, megabytes=100)
    assert len(list(factory.journal.folder.glob(".new-*"))) == 1, "it may still be under construction"
    factory.clock.now += 2 * DAY
    factory.journal.prune(days=30, megabytes=100)
    assert not list(factory.journal.folder.glob(".new-*"))


def test_experience_corrects_the_expected_time(factory: JobFactory) -> None:
    assert factory.journal.pace("https://api.example") == 1.0
    for pace in (0.5, 0.6, 9.0):
        factory.job().update(pace=pace)
    assert factory.journal.pace("https://api.example") == 0.6
    assert factory.journal.pace("https://elsewhere.example") == 1.0


def test_a_record_is_json_that_a_person_can_read(factory: JobFactory) -> None:
    record = json.loads((factory.job().folder / "job.json").read_text())
    assert record["origin"] == {"layer": "Sky"}
    assert record["expected"] == [320, 320]


@pytest.mark.parametrize("content", ["{", '{"a": 1}', '[3, "t"]'])
def test_damaged_notes_of_former_tasks_are_none(content: str, factory: JobFactory) -> None:
    factory.journal._former.parent.mkdir(exist_ok=True)
    factory.journal._former.write_text(content)
    assert factory.journal.former_task_ids() == (["t"] if "t" in content else [])


def test_a_job_without_a_result_has_no_intact_one(factory: JobFactory) -> None:
    assert intact_result(factory.job(State.CREATED)) is None


@pytest.mark.parametrize("content", [None, "{", '{"a": 1}'])
def test_tasks_that_cannot_be_read_are_not_known(content: str | None, factory: JobFactory) -> None:
    job = factory.job()
    if content is not None:
        (job.folder / KNOWN_TASKS).write_text(content)
    assert known_tasks(job) is None
