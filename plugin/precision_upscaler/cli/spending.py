"""``precision-upscale spending``: what was spent, as a table, JSON or CSV; and forgetting old months."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import get_args

from precision_upscaler.storage.spending import (
    Balance,
    Entry,
    Grouping,
    Total,
    amount_text,
    month_of,
    totals,
)

GROUPINGS = get_args(Grouping)
_HEADINGS = ("tasks", "open", "megapixels", "credits", "amount")


def report(
    entries: Sequence[Entry], numbers: Balance, now: float, *, by: Grouping, currency: str
) -> list[str]:
    """Return the lines of the table, the month's budget below it."""
    rows = totals(entries, by)
    width = max([len(by), *(len(row.group) for row in rows)])
    lines = (
        [f"{by:<{width}}  tasks  open  megapixels  credits      amount"] if rows else ["Nothing was spent."]
    )
    lines += [
        f"{row.group:<{width}}  {row.tasks:>5}  {row.open:>4}  {row.megapixels:>10.2f}  {row.credits:>7}  "
        f"{row.amount:>6.2f} {row.currency}"
        for row in rows
    ]
    lines.append("Estimates by the price table; your account at the service shows what was really charged.")
    if numbers.limit is not None:
        unit = currency if numbers.unit == "money" else "credits"
        spent, reserved, left, limit = (
            amount_text(amount, unit)
            for amount in (numbers.spent, numbers.reserved, numbers.left or 0.0, numbers.limit)
        )
        month = month_of(now)
        lines.append(
            f"This month ({month}, UTC): {spent} spent, {reserved} reserved, {left} left of {limit}."
        )
    return lines


def as_json(entries: Sequence[Entry], *, by: Grouping) -> str:
    """Return the groups as one line of JSON."""
    return json.dumps([asdict(row) for row in totals(entries, by)])


def write_csv(entries: Sequence[Entry], *, by: Grouping) -> None:
    """Write the groups to standard output as CSV with a heading."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by, *_HEADINGS, "currency"])
    writer.writerows(_cells(row) for row in totals(entries, by))


def _cells(row: Total) -> list[object]:
    return [row.group, row.tasks, row.open, row.megapixels, row.credits, f"{row.amount:.2f}", row.currency]
