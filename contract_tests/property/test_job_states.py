"""Whatever the service, the network and the user do: nothing is paid twice, and what was paid is not lost.

The job runs whole, from the source file to the checked result, against a scripted service that keeps
its own books. It is killed at any request, taken up again, and in the end, once the service behaves,
everything that was paid for must be in the user's hands or have failed by name.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from precision_upscaler.api.client import UpscalerClient
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.api.rate_limiter import RateLimiter
from precision_upscaler.api.retry import goes_first
from precision_upscaler.errors import CreateUnresolved, TaskFailed, UpscaleError
from precision_upscaler.jobs.context import JobContext, Result, WarningEvent
from precision_upscaler.jobs.service import resume, upscale
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.journal import Job, Journal
from precision_upscaler.storage.settings import Settings

from contract_tests.support import counters
from contract_tests.support.failure import explain
from contract_tests.support.jobs.job_environment import FakeClock
from contract_tests.support.pictures import png
from contract_tests.support.png_size import size_of
from contract_tests.support.service.scripted_network import API, KEY, SentRequest, scripted_network
from contract_tests.support.service.scripted_service import (
    COLOURS,
    FATES,
    KINDS,
    NEVER_ENDING,
    TOKEN,
    ScriptedService,
    wish_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

FACTORS = (2, 3, 2)
PER_MINUTE = 50
MOST_REQUESTS = 2000


class Killed(BaseException):
    """The process dies here: nobody catches it, nothing is tidied up."""


class JobStates(RuleBasedStateMachine):
    """A user, three pictures, and a service that is not always at its best."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.clock = FakeClock()
        self.service = ScriptedService(self.clock)
        self.sent = self.stack.enter_context(scripted_network(self._answer))
        self.settings = Settings(deadline_minutes=5)
        self.chances = itertools.cycle((0.1, 0.9, 0.4, 0.6))
        self.ledger = RateLimiter(self.folder, KEY, PER_MINUTE, self.clock)
        self.client = self.stack.enter_context(
            UpscalerClient(
                API,
                KEY,
                clock=self.clock,
                before_request=lambda call: self.ledger.wait_for_slot(first=goes_first(call)),
            )
        )
        self.times: list[float] = []
        self.dies_in: int | None = None
        self.told_failed: set[str] = set()
        self.warnings: list[str] = []
        self.sources = []
        for number, colour in enumerate(COLOURS):
            path = self.folder / f"photo{number}.png"
            path.write_bytes(png(160, 160 + 20 * number, colour))
            self.sources.append(path)

    # the world

    def _answer(self, sent: SentRequest) -> httpx.Response:
        if sent.call != "download":
            self.times.append(self.clock.monotonic())
        assert len(self.sent) < MOST_REQUESTS, "a job asks without end"
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in <= 0:
                self.dies_in = None
                # half of the deaths come before the service has seen the request, half after
                if len(self.sent) % 2:
                    with contextlib.suppress(Exception):
                        self.service.answer(sent)
                raise Killed
        return self.service.answer(sent)

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "data", self.clock)

    def _hear(self, event: object) -> None:
        if isinstance(event, WarningEvent):
            self.warnings.append(event.code)

    def _context(self) -> JobContext:
        return JobContext(
            self.journal,
            self.client,
            self.settings,
            self._hear,
            clock=self.clock,
            random=lambda: next(self.chances),
        )

    def _wish(self, number: int) -> str:
        return wish_of(self.sources[number].read_bytes(), FACTORS[number])

    def _owed(self, wish: str) -> int:
        """Return how many payments for ``wish`` are still to end: as a picture, or as a failure told."""
        return sum(task.task_id not in self.told_failed for task in self.service.granted(wish))

    # what a user does

    @rule(number=st.integers(0, 2))
    def upscale(self, number: int) -> None:
        request = UpscaleRequest(scale_factor=FACTORS[number])
        size = size_of(self.sources[number].read_bytes())
        here = (State.STORED, State.DELIVERED)
        had = any(job.state in here and _size(job) == size for job in self.journal)
        ended = self._run(number, lambda: upscale(self.sources[number], request, self._context()))
        if isinstance(ended, Result):
            assert (ended.charged, ended.reused) == (("no", True) if had else ("yes", False))

    @precondition(lambda self: self.journal.undelivered())
    @rule(which=st.integers(0, 5))
    def resume(self, which: int) -> None:
        jobs = self.journal.undelivered()
        job = jobs[which % len(jobs)]
        number = next(
            number for number, source in enumerate(self.sources) if size_of(source.read_bytes()) == _size(job)
        )
        self._run(number, lambda: resume(job.job_id, self._context()))

    @precondition(lambda self: any(job.state is State.STORED for job in self.journal))
    @rule()
    def deliver(self) -> None:
        next(job for job in self.journal if job.state is State.STORED).deliver()

    # what the world does

    @rule(call=st.sampled_from(sorted(KINDS)), data=st.data())
    def script(self, call: str, data: st.DataObject) -> None:
        kinds = data.draw(st.lists(st.sampled_from(KINDS[call]), min_size=1, max_size=3))
        self.service.scripts[call].extend(kinds)

    @rule(fate=st.sampled_from(FATES))
    def decide(self, fate: str) -> None:
        self.service.fate = fate

    @rule(requests=st.integers(1, 8))
    def kill(self, requests: int) -> None:
        self.dies_in = requests

    @rule(seconds=st.sampled_from([1.0, 60.0, 4000.0]), jump=st.sampled_from([0.0, -3600.0, 86400.0]))
    def wait(self, seconds: float, jump: float) -> None:
        self.clock.sleep(seconds)
        # the wall clock may be set; the steady one may not
        self.clock.now += jump

    # what must hold

    def _run(self, number: int, action: Callable[[], Result]) -> Result | UpscaleError | None:
        wish = self._wish(number)
        ended: Result | UpscaleError | None = None
        counters.add("jobs run")
        self.warnings.clear()
        try:
            ended = action()
        except UpscaleError as error:
            ended = error
        except Killed:
            counters.add("jobs killed")
        if isinstance(ended, TaskFailed):
            self._check_failure(wish, ended)
        self._check(wish, number, ended)
        return ended

    def _check(self, wish: str, number: int, ended: Result | UpscaleError | None) -> None:
        owed = self._owed(wish)
        told: Any = ended.code if isinstance(ended, UpscaleError) else ended
        counters.note(
            "endings of jobs", ended.code if isinstance(ended, UpscaleError) else type(ended).__name__
        )
        words = explain(
            "a wish is paid at most once, and the user is told the truth about it",
            wanted="at most one payment that did not fail, and an ending that says so",
            said=f"{owed} payments for {wish}, and the job ended with {told}",
            request="run this machine's printed steps",
        )
        assert owed <= 1, words
        if isinstance(ended, Result):
            assert owed == 1, words
            width, height = size_of(self.sources[number].read_bytes())
            asked = (width * FACTORS[number], height * FACTORS[number])
            picture = ended.path.read_bytes()
            assert picture in [task.result for task in self.service.granted(wish)], words
            got = size_of(picture)
            assert got == (ended.width, ended.height), words
            assert (got != asked) is ("wrong-scale" in self.warnings), words
        elif isinstance(ended, UpscaleError) and not isinstance(ended, TaskFailed):
            assert ended.charged != "no" or owed == 0, words
            assert ended.charged != "yes" or owed == 1, words
            assert ended.advice, words
        self._check_requests_in_a_minute()
        self._check_secrets()

    def _check_failure(self, wish: str, ended: TaskFailed) -> None:
        """Take a failure for one only if the service itself says so of that very task."""
        task_id = ended.details["task_id"]
        task = next(task for task in self.service.granted(wish) if task.task_id == task_id)
        assert self.service.status_of(task) == "FAILED", explain(
            "a task has failed when the service says FAILED, and for no other reason",
            wanted="a picture, or an ending that lets the job be taken up again",
            said=f"the job ended as failed while the task is {self.service.status_of(task)}",
            request="run this machine's printed steps",
        )
        self.told_failed.add(task_id)

    def _can_be_found(self, job: Job, wish: str) -> bool:
        """Whether a lost create can be told: its task was not there before, and shows the picture."""
        try:
            before = json.loads((job.folder / "known.json").read_bytes())
        except FileNotFoundError:
            return False
        return any(
            task.task_id not in before and self.service.status_of(task) == "COMPLETED"
            for task in self.service.granted(wish)
        )

    def _check_requests_in_a_minute(self) -> None:
        for first, last in zip(self.times, self.times[PER_MINUTE:], strict=False):
            assert last - first >= 60.0 - 0.01, f"more than {PER_MINUTE} requests in a minute"

    def _check_secrets(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file() and path.suffix != ".png":
                text = path.read_bytes()
                assert KEY.encode() not in text, f"the key is in {path.name}"
                assert TOKEN.encode() not in text, f"a link's token is in {path.name}"

    def teardown(self) -> None:
        try:
            self._heal()
        finally:
            self.stack.close()

    def _heal(self) -> None:
        """Let the service behave, and take up everything: nothing that was paid for may stay lost."""
        for script in self.service.scripts.values():
            script.clear()
        for task in self.service.tasks.values():
            task.fate = "fine" if task.fate in NEVER_ENDING else task.fate
        self.dies_in = None
        self.clock.sleep(4000.0)
        unresolved = set()
        for job in self.journal.undelivered():
            number = next(
                n for n, source in enumerate(self.sources) if size_of(source.read_bytes()) == _size(job)
            )
            wish = self._wish(number)
            findable = self._can_be_found(job, wish)
            ended = self._run(number, lambda job=job: resume(job.job_id, self._context()))
            if isinstance(ended, CreateUnresolved):
                assert not findable, f"the task that was paid for {wish} is on the list, and was not found"
                unresolved.add(wish)
            else:
                assert isinstance(ended, (Result, TaskFailed)), ended
        for number in range(len(self.sources)):
            wish = self._wish(number)
            if self._owed(wish) and wish not in unresolved:
                # asking once more brings the picture that was paid for, and costs nothing
                before = len(self.service.tasks)
                ended = self._run(
                    number,
                    lambda n=number: upscale(
                        self.sources[n], UpscaleRequest(scale_factor=FACTORS[n]), self._context()
                    ),
                )
                assert isinstance(ended, Result), ended
                assert len(self.service.tasks) == before
        for kind in self.service.played:
            counters.note("misbehaviours played", kind)


def _size(job: Any) -> tuple[int, int]:
    width, height = job.record.size
    return int(width), int(height)


TestJobStates = JobStates.TestCase
TestJobStates.settings = settings(max_examples=30, stateful_step_count=14)


@pytest.mark.parametrize(("call", "kind"), [(call, kind) for call, kinds in KINDS.items() for kind in kinds])
@pytest.mark.parametrize("times", [1, 9])
def test_every_misbehaviour(call: str, kind: str, times: int) -> None:
    """Meet each misbehaviour once and stubbornly, then take up what is left when it is over."""
    machine = JobStates()
    try:
        # the list is read again only to find a create whose answer was lost
        if call == "list":
            machine.service.scripts["create"].append("accepted, then reset")
            machine.service.scripts["list"].append("fine")
        machine.service.scripts[call].extend([kind] * times)
        machine.upscale(0)
    finally:
        machine.teardown()
    assert f"{call}: {kind}" in machine.service.played


@pytest.mark.parametrize("kind", ["429 in an hour", "503 in an hour"])
@pytest.mark.parametrize("call", ["create", "list", "status"])
def test_who_wants_to_be_left_alone_for_an_hour_is(call: str, kind: str) -> None:
    """Before the payment the user is told so at once; after it the task is waited for, without a knock."""
    machine = JobStates()
    try:
        machine.service.scripts[call].append(kind)
        if call == "status":
            machine.settings = Settings(deadline_minutes=90)
        request = UpscaleRequest(scale_factor=FACTORS[0])
        ended = machine._run(0, lambda: upscale(machine.sources[0], request, machine._context()))
        calls = [sent.call for sent in machine.sent]
        if call == "status":
            assert isinstance(ended, Result)
            at = calls.index("status")
            assert machine.times[at + 1] - machine.times[at] >= 3600
        else:
            assert isinstance(ended, UpscaleError)
            assert ended.code in ("rate-limited", "service-unavailable")
            assert "60 minutes" in ended.what
            assert (ended.charged, ended.details["retry_after"]) == ("no", 3600.0)
            assert calls[-1] == call, "nothing was asked after that"
    finally:
        machine.teardown()


def test_the_search_for_a_lost_task_keeps_to_what_it_was_asked() -> None:
    machine = JobStates()
    try:
        machine.service.scripts["create"].append("accepted, then reset")
        machine.service.scripts["list"].extend(["fine", "429 in 3 seconds"])
        machine.upscale(0)
        lists = [at for at, sent in zip(machine.times, machine.sent, strict=False) if sent.call == "list"]
        assert lists[2] - lists[1] >= 3
    finally:
        machine.teardown()


@pytest.mark.parametrize("fate", FATES)
def test_every_fate(fate: str) -> None:
    machine = JobStates()
    try:
        machine.decide(fate)
        machine.upscale(0)
    finally:
        machine.teardown()
    assert bool(machine.told_failed) is (fate == "fails")


def test_every_result_of_another_size_is_told() -> None:
    machine = JobStates()
    try:
        for number in (0, 0, 1):
            machine.decide("half as large")
            machine.upscale(number)
            assert machine.warnings == ["wrong-scale"]
    finally:
        machine.teardown()


@pytest.mark.parametrize("requests", range(1, 9))
@pytest.mark.parametrize("later", [False, True])
def test_death_at_every_request(requests: int, later: bool) -> None:
    """Die at the n-th request, before or after the service has seen it, and be taken up again."""
    machine = JobStates()
    try:
        if later:
            machine.service.scripts["list"].append("503")  # one request more before the first that matters
        machine.kill(requests)
        machine.upscale(0)
        machine.upscale(0)
    finally:
        machine.teardown()
