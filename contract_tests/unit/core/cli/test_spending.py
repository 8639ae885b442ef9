"""``precision-upscale spending``: tables, JSON and CSV of what was spent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from precision_upscaler.cli.main import main
from precision_upscaler.clock import SystemClock
from precision_upscaler.storage.spending import (
    Budget,
    EntryState,
    Payer,
    Price,
    Purpose,
    SpendingLedger,
    Wanted,
    month_of,
)

REAL = Payer("abc", "https://api.freepik.com", practice=False)
PRACTICE = Payer("abc", "http://127.0.0.1:8000", practice=True)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("PRECISION_UPSCALER_DATA", str(tmp_path))
    monkeypatch.delenv("PRECISION_UPSCALER_BASE_URL", raising=False)
    ledger = SpendingLedger(tmp_path / "spending", SystemClock())
    price = Price(40, 0.10, "EUR", "2026-11-22", 1.5)
    for payer, kind, name, state in (
        (REAL, "file", "a.png", EntryState.CHARGED),
        (REAL, "layer", "Sky", EntryState.CHARGED),
        (REAL, "layer", "Sky", EntryState.RELEASED),
        (PRACTICE, "file", "b.png", EntryState.CHARGED),
    ):
        job_id = f"{name}-{state}"
        image = "x.xcf" if kind == "layer" else name
        ledger.reserve(payer, [Wanted(Purpose(kind, name, image), price, job_id)], Budget())  # type: ignore[arg-type]  # a row
        ledger.settle(job_id, state)
    return lambda *options: CliRunner().invoke(main, ["spending", *options])


def test_the_table_adds_up_the_month(run: Callable[..., Result]) -> None:
    lines = run().output.splitlines()
    assert lines[0].split() == ["month", "tasks", "open", "megapixels", "credits", "amount"]
    assert lines[1].split() == [month_of(SystemClock().time()), "2", "0", "3.00", "80", "0.20", "EUR"]


def test_the_budget_stands_below_the_table(run: Callable[..., Result]) -> None:
    CliRunner().invoke(main, ["settings", "monthly_budget=10"])
    assert "0.20 EUR spent, 0.00 EUR reserved, 9.80 EUR left of 10.00 EUR." in run().output


@pytest.mark.parametrize(
    ("by", "groups"),
    [("image", ["a.png", "x.xcf"]), ("kind", ["file", "layer"]), ("month", None), ("day", None)],
)
def test_json_and_csv_hold_the_same_groups(
    run: Callable[..., Result], by: str, groups: list[str] | None
) -> None:
    rows = json.loads(run("--by", by, "--json").output)
    table = list(csv.DictReader(io.StringIO(run("--by", by, "--csv").output)))
    assert [row["group"] for row in rows] == [row[by] for row in table]
    assert groups in (None, [row["group"] for row in rows])
    assert sum(float(row["amount"]) for row in table) == pytest.approx(0.20)


def test_practice_is_shown_for_the_mocks_address_alone(run: Callable[..., Result]) -> None:
    rows = json.loads(run("--json", "--by", "image", "--base-url", "http://127.0.0.1:8000").output)
    assert [row["group"] for row in rows] == ["b.png"]


def test_another_month_is_empty(run: Callable[..., Result]) -> None:
    assert run("--month", "2001-01").output.startswith("Nothing was spent.")


@pytest.mark.parametrize("option", ["--month", "--forget-before"])
@pytest.mark.parametrize("month", ["2026-13", "November", "2026-1", ""])
def test_what_is_no_month_is_refused(run: Callable[..., Result], option: str, month: str) -> None:
    result = run(option, month)
    assert result.exit_code == 2
    assert "is no month" in result.output


def test_forgetting_never_touches_the_running_month(run: Callable[..., Result]) -> None:
    assert "Forgotten: 0 entries." in run("--forget-before", "9999-12").output
    assert json.loads(run("--json").output)[0]["tasks"] == 2
