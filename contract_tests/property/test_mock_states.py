"""Whatever is called in whatever order: a task only goes forward, and every call tells the same story.

One machine for tasks that time moves, on a mock that forgets and on one with a state file that is
stopped and started again, and one for tasks that status calls move.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from precision_upscaler.contract import CREATE_PATH, TERMINAL_STATUSES, TRANSITIONS

from contract_tests.support import counters
from contract_tests.support.cases import IMAGE
from contract_tests.support.failure import explain
from contract_tests.support.pictures import base64_png
from contract_tests.support.png_size import size_of
from contract_tests.support.service import targets

QUEUE, LASTS, LINK_LIVES = 5.0, 60.0, 3600.0
KEYS = ("mock-key", "another-key")
FATES = ("", "failed", "stuck_created", "stuck_in_progress", "two_results")
RANK = {"CREATED": 0, "IN_PROGRESS": 1, "COMPLETED": 2, "FAILED": 2}
NO_IDS = ("1", "x", "046b6c7f", "046b6c7f-0b8a-43b9-b35d-6489e6daee91x", "%00")
BAD_BODIES = ("", "{}", "[]", '{"image": 5}', '{"image": "@"}', json.dumps({"image": IMAGE, "sharpen": 101}))


@dataclass
class Known:
    """What the machine knows of a task it made."""

    task_id: str
    key: str
    fate: str
    made_at: float
    width: int
    height: int
    seen: str = "CREATED"
    polls: int = 0
    links: list[tuple[str, float]] = field(default_factory=list)


class MockStates(RuleBasedStateMachine):
    """Tasks that time moves, on a mock in memory."""

    options: dict[str, Any] = {"queue_seconds": QUEUE, "seconds": LASTS}  # noqa: RUF012 - read only
    tasks = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.now = 0.0
        self.known: dict[str, Known] = {}

    @initialize()
    def start(self) -> None:
        self.target = self.stack.enter_context(
            targets.opened(api_key=KEYS[1:], link_seconds=LINK_LIVES, limits=False, **self.options)
        )

    # what a task should be by now

    def should_be(self, task: Known) -> str:
        age = self.now - task.made_at
        if age < QUEUE or task.fate == "stuck_created":
            return "CREATED"
        if age < LASTS or task.fate == "stuck_in_progress":
            return "IN_PROGRESS"
        return "FAILED" if task.fate == "failed" else "COMPLETED"

    def saw(self, task: Known, status: str, how: str) -> None:
        """Hold one sight of a task to everything known about it."""
        counters.add("looks at tasks")
        counters.note("states", status)
        if status != task.seen:
            counters.add("transitions")
            counters.note("kinds of transition", f"{task.seen} to {status}")
        age = f"{self.now - task.made_at:g} s old"
        steps = f"{task.seen} was seen before, {status} now ({how}, {age}, fate {task.fate or 'good'!r})"
        words = explain(
            "a task goes CREATED, IN_PROGRESS, then COMPLETED or FAILED, and stays there",
            wanted=self.should_be(task),
            said=steps,
            request="run this machine's printed steps against a mock with --speed 0",
        )
        assert RANK[status] >= RANK[task.seen], words
        assert status == task.seen or status in TRANSITIONS[task.seen], words
        assert not (task.seen in TERMINAL_STATUSES and status != task.seen), words
        assert status == self.should_be(task), words
        task.seen = status

    # calls

    @rule(
        target=tasks,
        key=st.sampled_from(KEYS),
        fate=st.sampled_from(FATES),
        factor=st.sampled_from([2, "2", 3, "3"]),
        width=st.sampled_from([8, 12]),
    )
    def create(self, key: str, fate: str, factor: int | str, width: int) -> str:
        before = self.target.charges
        body = json.dumps({"image": base64_png(width, 10), "scale_factor": factor})
        headers = {"Prefer": f"scenario={fate}"} if fate else {}
        answer = self.target.call("POST", body=body, key=key, headers=headers)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert data["generated"] == []
        assert data["task_id"] not in self.known, "an id belongs to one task"
        assert self.target.charges == before + 1
        size = (width * int(factor), 10 * int(factor))
        task = self.known[data["task_id"]] = Known(data["task_id"], key, fate, self.now, *size)
        self.saw(task, data["status"], "create")
        return task.task_id

    @rule(key=st.sampled_from(KEYS), body=st.sampled_from(BAD_BODIES))
    def create_wrongly(self, key: str, body: str) -> None:
        before = self.target.charges
        assert self.target.call("POST", body=body, key=key).status_code == 400
        assert self.target.charges == before

    @rule(task_id=tasks)
    def poll(self, task_id: str) -> None:
        task = self.known[task_id]
        task.polls += 1
        answer = self.target.call("GET", f"{CREATE_PATH}/{task_id}", key=task.key)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        self.saw(task, data["status"], "status")
        assert data["task_id"] == task_id
        if data["status"] == "COMPLETED":
            assert len(data["generated"]) == (2 if task.fate == "two_results" else 1)
            task.links = [(link, self.now) for link in data["generated"]]
        else:
            assert data["generated"] == []

    @rule()
    def poll_all(self) -> None:
        for task_id in self.known:
            self.poll(task_id)

    @rule()
    def list_tasks(self) -> None:
        for key in KEYS:
            answer = self.target.call("GET", key=key)
            assert answer.status_code == 200, answer.text
            listed = {item["task_id"]: item["status"] for item in answer.json()["data"]}
            assert len(listed) == len(answer.json()["data"]), "a task is listed once"
            assert set(listed) == {task.task_id for task in self.known.values() if task.key == key}
            for task_id, status in listed.items():
                self.saw(self.known[task_id], status, "list")

    @rule(task_id=tasks, unknown=st.uuids(version=4), word=st.sampled_from(NO_IDS))
    def ask_for_what_is_not_ours(self, task_id: str, unknown: uuid.UUID, word: str) -> None:
        other = KEYS[1 - KEYS.index(self.known[task_id].key)]
        for path, key, status in (
            (task_id, other, 404),
            (task_id, "nobody", 401),
            (task_id, None, 401),
            (unknown, other, 404),
            (word, other, 400),
        ):
            answer = self.target.call("GET", f"{CREATE_PATH}/{path}", key=key)
            assert answer.status_code == status, f"{path} with {key}: {answer.status_code}"

    @rule(task_id=tasks, change=st.sampled_from(["hmac=", "exp=", "token="]))
    def fetch(self, task_id: str, change: str) -> None:
        task = self.known[task_id]
        for link, made_at in task.links:
            assert self.target.fetch(link.replace(change, change + "1")).status_code == 403, "forged"
            answer = self.target.fetch(link)
            if self.now - made_at >= LINK_LIVES:
                assert answer.status_code == 403, "a link lives for an hour"
                counters.add("expired links refused")
            elif self.now - made_at <= LINK_LIVES - 1:  # a token counts in whole seconds
                assert answer.status_code == 200, answer.text[:200]
                assert size_of(answer.content) == (task.width, task.height)
                counters.add("results fetched")

    @rule(task_id=tasks, later=st.sampled_from([0.0, LINK_LIVES - 1, LINK_LIVES]))
    def see_through(self, task_id: str, later: float) -> None:
        """Wait for the task's end, take its links, and follow them now or when they are old."""
        self.wait(LASTS)
        for _ in range(3):
            self.poll(task_id)
        self.wait(later)
        self.fetch(task_id, "hmac=")

    @rule(seconds=st.sampled_from([0.0, 1.0, 4.5, 5.0, 30.0, 54.5, 60.0, 3000.0, 3600.0]))
    def wait(self, seconds: float) -> None:
        self.target.advance(seconds)
        self.now += seconds

    def teardown(self) -> None:
        if self.known:
            assert self.target.charges == len(self.known), "every task is charged once"
        self.stack.close()


class StoredMockStates(MockStates):
    """The same on a mock with a state file, which is stopped and started again in between."""

    def __init__(self) -> None:
        super().__init__()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.options = {**self.options, "state": str(Path(folder) / "mock.sqlite")}
        self.running = self.stack.enter_context(contextlib.ExitStack())

    def _run(self) -> None:
        self.target = self.running.enter_context(
            targets.opened(api_key=KEYS[1:], link_seconds=LINK_LIVES, limits=False, **self.options)
        )

    @initialize()
    def start(self) -> None:
        self._run()

    @precondition(lambda self: self.known)
    @rule()
    def restart(self) -> None:
        counters.add("restarts")
        self.running.close()
        self._run()


class PolledMockStates(MockStates):
    """Tasks that status calls move: they start at the first and end at the third."""

    options = {"progress": "polls:3"}  # noqa: RUF012 - read only

    def should_be(self, task: Known) -> str:
        if task.fate == "stuck_created":
            return "CREATED"
        if task.fate == "stuck_in_progress":
            return "IN_PROGRESS" if self.now - task.made_at >= QUEUE else "CREATED"
        if task.polls >= 3:
            return "FAILED" if task.fate == "failed" else "COMPLETED"
        return "IN_PROGRESS" if task.polls else "CREATED"


WAYS = {
    ("CREATED", "IN_PROGRESS"): ("", [QUEUE]),
    ("CREATED", "COMPLETED"): ("", [LASTS]),
    ("CREATED", "FAILED"): ("failed", [LASTS]),
    ("IN_PROGRESS", "COMPLETED"): ("", [QUEUE, LASTS - QUEUE]),
    ("IN_PROGRESS", "FAILED"): ("failed", [QUEUE, LASTS - QUEUE]),
}
"""How to see each of the document's transitions: the fate of a task, and the seconds between looks at it."""


def test_there_is_a_way_to_see_every_transition() -> None:
    assert set(WAYS) == {(before, after) for before, every in TRANSITIONS.items() for after in every}


@pytest.mark.parametrize(("before", "after"), WAYS)
def test_a_transition_is_seen_when_its_time_has_come(before: str, after: str) -> None:
    fate, pauses = WAYS[before, after]
    machine = MockStates()
    try:
        machine.start()
        task_id: Any = machine.create(key=KEYS[0], fate=fate, factor=2, width=8)
        for pause in pauses:
            seen = machine.known[task_id].seen
            machine.wait(pause)
            machine.list_tasks()
        assert (seen, machine.known[task_id].seen) == (before, after)
        machine.poll(task_id)
    finally:
        machine.teardown()


@pytest.mark.parametrize("fate", ["", "failed"])
def test_no_transition_comes_before_its_time(fate: str) -> None:
    machine = MockStates()
    try:
        machine.start()
        task_id: Any = machine.create(key=KEYS[0], fate=fate, factor=2, width=8)
        for pause, status in ((QUEUE - 0.5, "CREATED"), (LASTS - QUEUE, "IN_PROGRESS")):
            machine.wait(pause)
            machine.poll(task_id)
            machine.list_tasks()
            assert machine.known[task_id].seen == status
    finally:
        machine.teardown()


TestMockStates = MockStates.TestCase
TestMockStates.settings = settings(max_examples=40, stateful_step_count=25)
TestStoredMockStates = StoredMockStates.TestCase
TestStoredMockStates.settings = settings(max_examples=10, stateful_step_count=25)
TestPolledMockStates = PolledMockStates.TestCase
TestPolledMockStates.settings = settings(max_examples=15, stateful_step_count=25)
