"""A monthly budget holds for many processes at once, whatever kills them and whatever their clocks say."""

from __future__ import annotations

from pathlib import Path

from contract_tests.support import counters
from contract_tests.support.jobs.budget_stress import stress


def test_the_budget_holds_and_the_ledger_agrees_with_the_service(tmp_path: Path) -> None:
    """The command of ``support/jobs/budget_stress.py`` does this with 16 processes and 1,000 runs each."""
    figures = stress(tmp_path, processes=4, runs=12, budget=16)
    figures.verify()
    assert figures.kills
    assert figures.refused_runs
    counters.add("budget: charges of the mock", figures.charges_of_mock)
    counters.add("budget: charges in the ledger", figures.charged_in_ledger)
