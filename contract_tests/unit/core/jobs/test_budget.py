"""Every charge is in the ledger, and no job passes the monthly budget, whatever becomes of its process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from precision_upscaler.api.models import UpscaleRequest
from precision_upscaler.app import App, RunTask
from precision_upscaler.cancel import CancelToken
from precision_upscaler.errors import BudgetExceeded, NoCredits, SettingsDamaged, TaskFailed
from precision_upscaler.jobs.budget import COUNT_PRACTICE_VARIABLE, price_of, purpose_of
from precision_upscaler.jobs.context import Result
from precision_upscaler.jobs.service import upscale
from precision_upscaler.storage.job_record import State
from precision_upscaler.storage.settings import Settings, budget_problem, read_settings
from precision_upscaler.storage.spending import EntryState, Purpose

from contract_tests.support.jobs.job_environment import JobEnvironment
from contract_tests.support.pictures import png


class Office:
    """A user with a budget of 0.25 EUR, which is enough for two tasks of 0.10 EUR."""

    def __init__(self, env: JobEnvironment, *, limit: float = 0.25) -> None:
        self.env = env
        self.limit = limit

    def app(self) -> App:
        """Return a new process's view of the same folder."""
        return App(
            self.env.folder / "data",
            Settings(monthly_budget=self.limit),
            self.env.mock.url,
            log=self.env.folder / "log",
            cancel=CancelToken(),
            random=lambda: 0.5,
            clock=self.env.clock,
        )

    def upscale(self, side: int = 160, *, over_budget: bool = False, run_id: str | None = None) -> Result:
        source = self.env.folder / f"{side}.png"
        source.write_bytes(png(side, 200))
        app = self.app()
        with app.job_context(lambda _: None, over_budget=over_budget, run_id=run_id) as context:
            return upscale(source, UpscaleRequest(), context, origin={"file": f"/home/me/{side}.png"})

    def states(self) -> list[EntryState]:
        return [entry.state for entry in self.app().spending.ledger.entries()]


@pytest.fixture
def scenario() -> str:
    return ""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str) -> Iterator[Office]:
    with JobEnvironment(tmp_path, scenario=scenario) as env:
        monkeypatch.setenv("FREEPIK_API_KEY", env.mock.key)
        monkeypatch.setenv(COUNT_PRACTICE_VARIABLE, "1")
        yield Office(env)


def test_the_budget_ends_the_spending(office: Office) -> None:
    for side in (160, 161):
        office.upscale(side)
    with pytest.raises(BudgetExceeded) as caught:
        office.upscale(162)
    assert caught.value.charged == "no"
    assert office.env.mock.charges == 2
    assert office.states() == [EntryState.CHARGED] * 2
    job = list(office.app().journal)[-1]
    assert (job.state, job.source.exists()) == (State.REFUSED, False)


def test_the_user_may_pass_the_budget_once(office: Office) -> None:
    office.limit = 0.05
    office.upscale(over_budget=True)
    with pytest.raises(BudgetExceeded):
        office.upscale(161)
    assert office.env.mock.charges == 1


def test_a_result_that_is_paid_for_costs_no_budget(office: Office) -> None:
    for _ in range(5):
        office.upscale()
    assert office.states() == [EntryState.CHARGED]


@pytest.mark.parametrize("scenario", ["no_credits_402"])
def test_a_refused_create_gives_its_reservation_back(office: Office) -> None:
    with pytest.raises(NoCredits):
        office.upscale()
    assert office.states() == [EntryState.RELEASED]


@pytest.mark.parametrize("scenario", ["failed"])
def test_a_failed_task_counts_as_charged(office: Office) -> None:
    with pytest.raises(TaskFailed):
        office.upscale()
    assert office.states() == [EntryState.CHARGED]


@pytest.mark.parametrize(
    ("job_state", "expected"),
    [
        (State.PREPARED, EntryState.RELEASED),
        (State.SENDING, EntryState.RELEASED),
        (State.COMMITTED, EntryState.UNKNOWN),
        (State.CREATED, EntryState.CHARGED),
        (State.STORED, EntryState.CHARGED),
        (State.DELIVERED, EntryState.CHARGED),
        (State.FAILED, EntryState.CHARGED),
        (State.REFUSED, EntryState.RELEASED),
        (State.CANCELLED, EntryState.RELEASED),
    ],
)
def test_a_killed_process_leaves_nothing_open(office: Office, job_state: State, expected: EntryState) -> None:
    office.upscale()
    app = office.app()
    (job,) = app.journal
    (entry,) = app.spending.ledger.entries()
    # as after a kill between the journal's line and the ledger's
    path = next((app.folder / "spending").glob("*.jsonl"))
    path.write_text(path.read_text().splitlines()[0] + "\n")
    app.journal.on_state = lambda _: None
    next(iter(app.journal)).update(job_state)
    assert office.states() == [EntryState.RESERVED]
    office.app().spending.reconcile()
    assert office.states() == [expected]
    assert entry.job_id == job.job_id


def test_a_removed_job_that_may_have_been_paid_for_stays_reserved(office: Office) -> None:
    office.upscale()
    app = office.app()
    path = next((app.folder / "spending").glob("*.jsonl"))
    path.write_text(path.read_text().splitlines()[0] + "\n")
    app.journal.remove(next(iter(app.journal)))
    office.app().spending.reconcile()
    assert office.states() == [EntryState.UNKNOWN]
    assert office.app().spending.balance(office.app().payer()).reserved == 0.10


def test_nothing_waits_for_the_ledger_while_a_request_is_sent(office: Office) -> None:
    app = office.app()
    noted: list[State] = []
    app.journal.on_state = lambda job: noted.append(job.state)
    source = office.env.folder / "photo.png"
    with app.job_context(lambda _: None) as context:
        upscale(source, UpscaleRequest(), context)
    assert noted == [State.SENDING, State.CREATED, State.STORED]


def test_practice_has_no_budget(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(COUNT_PRACTICE_VARIABLE)
    for side in (160, 161, 162, 163):
        office.upscale(side)
    entries, numbers = office.app().spending_of_service()
    assert (numbers.limit, numbers.spent) == (None, 0.4)
    assert [entry.purpose.name for entry in entries] == ["160.png", "161.png", "162.png", "163.png"]


@pytest.mark.parametrize("stored", ['{"monthly_budget": "ten"}', '{"budget_unit": 7}', "{", "[]"])
def test_a_budget_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, stored: str) -> None:
    (tmp_path / "settings.json").write_text(stored)
    problem = budget_problem(read_settings(tmp_path))
    assert problem is not None
    assert problem.details == {"setting": "monthly_budget"}
    (tmp_path / "settings.json").write_text('{"monthly_budget": 10, "journal_days": "many"}')
    assert budget_problem(read_settings(tmp_path)) is None


def test_nothing_is_sent_while_the_budget_is_unknown(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = SettingsDamaged("The settings cannot be read.", setting="monthly_budget")
    monkeypatch.setattr("precision_upscaler.app.is_loopback", lambda _: False)
    original = App.__init__

    def damaged(self: App, *args: object, **options: object) -> None:
        original(self, *args, **options, budget_problem=unknown)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(App, "__init__", damaged)
    with pytest.raises(SettingsDamaged):
        office.upscale()
    assert office.env.mock.charges == 0
    office.upscale(over_budget=True)
    assert office.env.mock.charges == 1


def test_the_ledger_holds_neither_key_nor_path(office: Office) -> None:
    office.upscale()
    text = "".join(path.read_text() for path in (office.env.folder / "data/spending").glob("*.jsonl"))
    assert office.env.mock.key not in text
    assert "/home/me" not in text


@pytest.mark.parametrize(
    ("origin", "purpose"),
    [
        ({"layer": "Sky", "image": "a.xcf", "file": "/x/a.xcf"}, Purpose("layer", "Sky", "a.xcf")),
        ({"layer": "Sky", "image": None, "file": "/x/a.xcf"}, Purpose("layer", "Sky", "a.xcf")),
        ({"file": "C:\\Users\\me\\a.png"}, Purpose("file", "a.png", "a.png")),
        ({}, Purpose("file", "", "")),
    ],
)
def test_a_purpose_names_layer_and_image_without_their_folder(
    origin: dict[str, str | None], purpose: Purpose
) -> None:
    assert purpose_of(origin) == purpose


# a run of several tasks -------------------------------------------------------------------------

SMALL = RunTask(Purpose("file", "160.png"), 160, 200, 2)
"""A task of 0.10 EUR."""


def test_a_run_that_passes_the_budget_is_refused_before_anything_is_sent(office: Office) -> None:
    with pytest.raises(BudgetExceeded) as caught, office.app().run([SMALL] * 3):
        raise AssertionError("the run began")
    assert caught.value.details["price"] == 0.3
    assert office.states() == []
    assert office.env.mock.charges == 0


def test_the_jobs_of_a_run_take_its_reservation_over(office: Office) -> None:
    with office.app().run([SMALL, SMALL]) as run_id:
        with pytest.raises(BudgetExceeded):
            office.upscale(161)
        office.upscale(160, run_id=run_id)
        office.upscale(160, run_id=run_id)  # the stored result
        assert office.states() == [EntryState.CHARGED, EntryState.RESERVED]
    assert office.states() == [EntryState.CHARGED, EntryState.RELEASED]
    assert not list((office.app().folder / "spending").glob("run-*"))


def test_a_run_without_its_reservation_reserves_for_each_job(office: Office) -> None:
    office.upscale(160, run_id="run-0")
    office.upscale(161, run_id="run-0")
    with pytest.raises(BudgetExceeded):
        office.upscale(162, run_id="run-0")


def test_a_task_dearer_than_its_reservation_is_checked_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.app().run([SMALL, SMALL]) as run_id:
        dearer = replace(price_of(160, 200, 2), amount=0.12)
        monkeypatch.setattr("precision_upscaler.app.price_of", lambda *_: dearer)
        with pytest.raises(BudgetExceeded):
            office.upscale(160, run_id=run_id)
    assert office.env.mock.charges == 0


def test_what_a_killed_run_reserved_is_given_back(office: Office) -> None:
    app = office.app()
    with app.run([SMALL, SMALL]):
        office.app().spending.reconcile()
        assert office.states() == [EntryState.RESERVED] * 2
        kept = next((app.folder / "spending").glob("*.jsonl")).read_bytes()
    next((app.folder / "spending").glob("*.jsonl")).write_bytes(kept)
    office.app().spending.reconcile()
    assert office.states() == [EntryState.RELEASED] * 2


def test_the_user_may_let_a_whole_run_pass_the_budget(office: Office) -> None:
    with office.app().run([SMALL] * 3, over_budget=True) as run_id:
        for side in (160, 161, 162):
            office.upscale(side, run_id=run_id, over_budget=True)
    assert office.env.mock.charges == 3


def test_nothing_is_held_without_a_budget_or_a_key(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with office.app().run([SMALL]) as run_id:
        assert run_id is None
    office.limit = 0
    with office.app().run([SMALL] * 9) as run_id:
        assert run_id is None
    office.limit = 0.25
    monkeypatch.delenv("FREEPIK_API_KEY")
    with office.app().run([SMALL] * 9) as run_id:
        assert run_id is None


def test_an_error_of_the_run_stays_that_error(office: Office) -> None:
    with pytest.raises(OSError, match="a file of the run"), office.app().run([SMALL, SMALL]):
        raise OSError("a file of the run")
    assert office.states() == [EntryState.RELEASED] * 2
