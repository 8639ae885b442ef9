"""The spending ledger: no budget is passed, no line is lost, no clock opens a second budget."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precision_upscaler.errors import BudgetExceeded, DiskFull, LedgerBroken
from precision_upscaler.storage import spending
from precision_upscaler.storage.spending import (
    Balance,
    Budget,
    Entry,
    EntryState,
    Payer,
    Price,
    Purpose,
    SpendingLedger,
    Wanted,
    balance,
    fingerprint,
    month_end,
    month_of,
)

from contract_tests.support.jobs.job_environment import FakeClock

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp()
DAY = 86400.0
TEN_CENTS = Price(40, 0.10, "EUR", "2026-11-22", 1.2)
PAYER = Payer("abc", "https://api.freepik.com", practice=False)
WANTED = Wanted(Purpose("layer", "Background", "photo.xcf"), TEN_CENTS, "job")


class SetClock(FakeClock):
    """A clock whose wall time is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def new(tmp_path: Path, clock: SetClock) -> Callable[..., SpendingLedger]:
    return lambda: SpendingLedger(tmp_path / "spending", clock)


@pytest.fixture
def ledger(new: Callable[..., SpendingLedger]) -> SpendingLedger:
    return new()


def for_job(job_id: str, price: Price = TEN_CENTS) -> Wanted:
    return Wanted(WANTED.purpose, price, job_id)


def test_a_reservation_counts_before_anything_is_charged(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [for_job("a"), for_job("b")], Budget(1.0))
    numbers = ledger.balance(Budget(1.0))
    assert numbers == Balance(0.0, 0.20, 1.0, "money", month_end("2026-11"))
    assert numbers.left == 0.80


def test_a_run_that_passes_the_budget_reserves_nothing_at_all(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget(0.25))
    with pytest.raises(BudgetExceeded) as caught:
        ledger.reserve(PAYER, [for_job("b"), for_job("c")], Budget(0.25))
    assert caught.value.charged == "no"
    assert {name: caught.value.details[name] for name in ("spent", "reserved", "left", "price")} == {
        "spent": 0.0,
        "reserved": 0.10,
        "left": 0.15,
        "price": 0.20,
    }
    assert "0.15 EUR are left" in caught.value.what
    assert "2026-11-30" in caught.value.what
    assert len(ledger.entries()) == 1


def test_the_last_cent_of_a_budget_can_be_spent(ledger: SpendingLedger) -> None:
    for number in range(10):
        ledger.reserve(PAYER, [for_job(str(number))], Budget(1.0))
    with pytest.raises(BudgetExceeded):
        ledger.reserve(PAYER, [for_job("one more")], Budget(1.0))


def test_a_budget_in_credits_counts_credits(ledger: SpendingLedger) -> None:
    budget = Budget(100, "credits")
    ledger.reserve(PAYER, [for_job("a"), for_job("b")], budget)
    with pytest.raises(
        BudgetExceeded, match="monthly budget of 100 credits: 0 credits are spent, 80 credits"
    ):
        ledger.reserve(PAYER, [for_job("c")], budget)


def test_once_the_user_may_pass_the_budget(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget(0.05), over_budget=True)
    assert ledger.balance(Budget(0.05)).left == 0.0


@pytest.mark.parametrize(
    ("state", "spent", "reserved"),
    [
        (EntryState.CHARGED, 0.10, 0.0),
        (EntryState.UNKNOWN, 0.0, 0.10),
        (EntryState.RELEASED, 0.0, 0.0),
    ],
)
def test_what_became_of_a_job_decides_its_entry(
    ledger: SpendingLedger,
    new: Callable[..., SpendingLedger],
    state: EntryState,
    spent: float,
    reserved: float,
) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget())
    ledger.settle("a", state, "task")
    for reader in (ledger, new()):
        numbers = reader.balance(Budget())
        assert (numbers.spent, numbers.reserved, numbers.left) == (spent, reserved, None)


def test_what_is_charged_stays_charged(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget())
    ledger.settle("a", EntryState.CHARGED, "task")
    ledger.settle("a", EntryState.RELEASED)
    (entry,) = ledger.entries()
    assert (entry.state, entry.task_id) == (EntryState.CHARGED, "task")


def test_practice_and_real_money_do_not_mix(new: Callable[..., SpendingLedger]) -> None:
    new().reserve(replace(PAYER, practice=True), [WANTED] * 5, Budget(0.50))
    assert new().balance(Budget(0.50)).left == 0.50
    assert new().balance(Budget(0.50), practice=True).left == 0.0


def test_processes_that_died_are_settled_by_what_the_journal_knows(ledger: SpendingLedger) -> None:
    known = {"paid": EntryState.CHARGED, "lost": EntryState.UNKNOWN, "gone": EntryState.RELEASED}
    ledger.reserve(PAYER, [for_job(job_id) for job_id in (*known, "running")], Budget())
    ledger.reconcile(lambda job_id: (known[job_id], f"task-{job_id}") if job_id in known else None)
    assert {entry.task_id for entry in ledger.entries()} == {None, *(f"task-{job_id}" for job_id in known)}
    assert {entry.job_id: entry.state for entry in ledger.entries()} == {
        **known,
        "running": EntryState.RESERVED,
    }


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"{}\n", b'{"entry_id": 5}\n', b"[" * 5000 + b"\n", b'{"ent']
)
def test_a_damaged_line_costs_that_line(
    ledger: SpendingLedger, new: Callable[..., SpendingLedger], damage: bytes
) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget())
    with (ledger.folder / "2026-11.jsonl").open("ab") as stream:
        stream.write(damage)
    ledger.reserve(PAYER, [for_job("b")], Budget())
    for reader in (ledger, new()):
        assert [entry.job_id for entry in reader.entries()] == ["a", "b"]


@pytest.mark.parametrize("field", ["price", "state", "time", "purpose", "entry_id"])
def test_a_wrongly_typed_value_is_a_damaged_line(
    ledger: SpendingLedger, new: Callable[..., SpendingLedger], field: str
) -> None:
    ledger.reserve(PAYER, [for_job("a"), for_job("b")], Budget())
    path = ledger.folder / "2026-11.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0][field] = {"price": {"amount": "much"}, "time": 1e300}.get(
        field, None if field == "entry_id" else []
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    if field != "entry_id":
        assert [entry.job_id for entry in new().entries()] == ["b"]
    assert new().balance(Budget(1)).reserved >= 0.10


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_only_the_owner_reads_the_ledger(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [WANTED], Budget())
    fingerprint(ledger.folder, "key")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in ledger.folder.iterdir()}
    assert (modes, stat.S_IMODE(ledger.folder.stat().st_mode)) == ({0o600}, 0o700)


def test_a_fingerprint_is_stable_differs_by_key_and_computer_and_holds_no_key(tmp_path: Path) -> None:
    one = fingerprint(tmp_path / "a", "FPSX-secret")
    assert one == fingerprint(tmp_path / "a", "FPSX-secret")
    assert len({one, fingerprint(tmp_path / "a", "other"), fingerprint(tmp_path / "b", "FPSX-secret")}) == 3
    assert "secret" not in one


# the month ---------------------------------------------------------------------------------------


def test_a_new_month_is_a_new_budget(ledger: SpendingLedger, clock: SetClock) -> None:
    clock.now = month_end("2026-11") - 1
    ledger.reserve(PAYER, [for_job("a")], Budget(0.10))
    with pytest.raises(BudgetExceeded):
        ledger.reserve(PAYER, [for_job("b")], Budget(0.10))
    clock.now = month_end("2026-11")
    ledger.reserve(PAYER, [for_job("b")], Budget(0.10))
    assert month_of(clock.now) == "2026-12"


def test_a_clock_set_back_opens_no_second_budget(ledger: SpendingLedger, clock: SetClock) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget(0.10))
    for back in (1, 20, 40, 400):
        clock.now = NOON - back * DAY
        with pytest.raises(BudgetExceeded):
            ledger.reserve(PAYER, [for_job("b")], Budget(0.10))


def test_a_clock_set_back_and_forward_opens_no_second_budget(ledger: SpendingLedger, clock: SetClock) -> None:
    ledger.reserve(PAYER, [for_job("a")], Budget(0.20))
    for back in (20, 0, 40, 0):
        clock.now = NOON - back * DAY
        with contextlib.suppress(BudgetExceeded):
            ledger.reserve(PAYER, [for_job(f"b{back}")], Budget(0.20))
    assert len(ledger.entries()) == 2


def test_a_run_over_midnight_counts_in_the_month_that_reserved_it(
    ledger: SpendingLedger, clock: SetClock
) -> None:
    clock.now = month_end("2026-11") - 1
    ledger.reserve(PAYER, [for_job("run-1"), for_job("run-1")], Budget(0.20))
    clock.now = month_end("2026-11") + 1
    ledger.reserve(PAYER, [for_job("a")], Budget(0.20), run_id="run-1")
    assert [entry.job_id for entry in ledger.entries("2026-12")] == []
    assert ledger.balance(Budget(0.20)).spent == 0
    clock.now = month_end("2026-11") - 1
    assert ledger.balance(Budget(0.20)).left == 0


def test_a_clock_that_was_ahead_has_spent_from_the_months_it_was_in(
    ledger: SpendingLedger, clock: SetClock
) -> None:
    clock.now = NOON + 30 * DAY
    ledger.reserve(PAYER, [for_job("a")], Budget(0.10))
    clock.now = NOON
    with pytest.raises(BudgetExceeded):
        ledger.reserve(PAYER, [for_job("b")], Budget(0.10))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_a_time_zone_opens_no_second_budget(
    ledger: SpendingLedger, clock: SetClock, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = month_end("2026-11") - 3600
    ledger.reserve(PAYER, [for_job("a")], Budget(0.10))
    monkeypatch.setenv("TZ", zone)
    with pytest.raises(BudgetExceeded):
        ledger.reserve(PAYER, [for_job("b")], Budget(0.10))


@given(st.integers(2000, 2100), st.integers(1, 12))
def test_months_follow_each_other(year: int, number: int) -> None:
    month = f"{year}-{number:02d}"
    end = month_end(month)
    assert month_of(end - 1) == month
    assert month_of(end) > month
    assert month_of(end) == month_of(end + 27 * DAY)


@given(
    st.lists(
        st.tuples(st.sampled_from(list(EntryState)), st.floats(-60, 60), st.booleans(), st.integers(1, 500)),
        max_size=20,
    ),
    st.floats(0, 30),
)
def test_a_balance_adds_up(rows: list[tuple[EntryState, float, bool, int]], limit: float) -> None:
    first = Entry("2026-11-0", EntryState.RESERVED, NOON, NOON, PAYER, WANTED.purpose, TEN_CENTS, "job")
    entries = [
        replace(
            first,
            state=state,
            time=NOON + days * DAY,
            payer=replace(PAYER, practice=practice),
            price=replace(TEN_CENTS, amount=cents / 100),
        )
        for state, days, practice, cents in rows
    ]
    budget = Budget(limit)
    real, practised = (balance(entries, budget, NOON, practice=practice) for practice in (False, True))
    counted = sum(
        entry.price.amount
        for entry in entries
        if entry.state.counts and month_of(entry.time) >= month_of(NOON)
    )
    assert real.spent + real.reserved + practised.spent + practised.reserved == pytest.approx(counted)
    assert real.left is not None
    assert real.left >= 0
    assert real.allows(real.left) or real.left == 0
    assert not real.allows(real.left + 0.01)


# many at once ------------------------------------------------------------------------------------


def _spend(folder: str, wanted: int, sink: multiprocessing.SimpleQueue[int]) -> None:
    ledger = SpendingLedger(Path(folder), SetClock())
    made = 0
    for number in range(wanted):
        try:
            ledger.reserve(PAYER, [for_job(f"{os.getpid()}-{number}")], Budget(2.0))
        except BudgetExceeded:
            continue
        made += 1
    sink.put(made)


def test_many_processes_share_one_budget(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    sink: multiprocessing.SimpleQueue[int] = context.SimpleQueue()
    processes = [context.Process(target=_spend, args=(str(tmp_path / "s"), 10, sink)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sum(sink.get() for _ in processes) == 20
    ledger = SpendingLedger(tmp_path / "s", SetClock())
    assert ledger.balance(Budget(2.0)).left == 0.0


# forgetting, and what can go wrong ---------------------------------------------------------------


def test_whole_months_are_forgotten_but_never_the_running_one(
    ledger: SpendingLedger, clock: SetClock
) -> None:
    for months in (3, 2, 0):
        clock.now = NOON - months * 31 * DAY
        ledger.reserve(PAYER, [WANTED, WANTED], Budget())
    clock.now = NOON
    assert ledger.forget("2026-09") == 2
    assert ledger.months() == ["2026-09", "2026-11"]
    assert ledger.forget("9999-12") == 2
    assert ledger.months() == ["2026-11"]
    assert len(ledger.entries()) == 2


def test_a_full_disk_is_told_and_reserves_nothing(
    ledger: SpendingLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spending, "open_private", full)
    with pytest.raises(DiskFull) as caught:
        ledger.reserve(PAYER, [WANTED], Budget())
    assert caught.value.charged == "no"


def test_a_ledger_that_cannot_be_written_stops_the_run(tmp_path: Path, clock: SetClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerBroken):
        SpendingLedger(tmp_path / "file" / "spending", clock)


def test_the_ledger_holds_no_path_unless_a_name_is_one(ledger: SpendingLedger, tmp_path: Path) -> None:
    ledger.reserve(PAYER, [WANTED], Budget())
    assert str(tmp_path) not in (ledger.folder / "2026-11.jsonl").read_text()


class TogetherPath(type(Path())):  # the class of this system's paths
    """A path whose first two readers read at the same moment, if they are let."""

    meeting = threading.Barrier(2)

    def open(self, *args: Any, **options: Any) -> Any:
        stream = super().open(*args, **options)
        with contextlib.suppress(threading.BrokenBarrierError):
            self.meeting.wait(timeout=0.2)
        return stream


def test_jobs_of_one_process_read_no_line_past(ledger: SpendingLedger) -> None:
    ledger.reserve(PAYER, [for_job("a"), for_job("b")], Budget())
    file = spending._MonthFile(TogetherPath(ledger.folder / "2026-11.jsonl"))
    with ThreadPoolExecutor(2) as pool:
        assert [len(entries) for entries in pool.map(lambda _: file.entries(), range(2))] == [2, 2]
    ledger.reserve(PAYER, [for_job("c")], Budget())
    assert [entry.job_id for entry in file.entries()] == ["a", "b", "c"]
