"""Estimate what an upscale costs and how long it takes, from the result's area.

The price comes from a dated table. Its steps reproduce every published example exactly; beyond the
last step each further megapixel costs the table's rate. The duration is fitted to two public records
of real V2 tasks.
"""

from __future__ import absolute_import

import json
import math
import os
from collections import namedtuple

try:
    from typing import Any
except ImportError:  # Python 2.7
    pass

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prices.json")

Estimate = namedtuple("Estimate", "amount currency dated megapixels credits")
"""A price: ``amount`` in ``currency`` (ISO 4217), as of ``dated`` (ISO 8601), for ``megapixels``.

``credits`` is the same price in the service's own unit, a whole number.
"""


def load_table(path=None):
    # type: (str | None) -> dict[str, Any]
    """Return the price table in the JSON file ``path`` (default: ours); ValueError when it is none."""
    with open(path or _PATH, "rb") as stream:
        table = json.loads(stream.read().decode("utf-8"))  # type: dict[str, Any]
    steps = table["steps"]
    bounds = [step["up_to_megapixels"] for step in steps]
    if not steps or bounds != sorted(bounds) or min(step["price"] for step in steps) < 0:
        raise ValueError("the steps of a price table must rise")
    if "credits" in table:
        measured = table["credits"]["measured"]
        if not measured or min(min(one["megapixels"], one["credits"]) for one in measured) <= 0:
            raise ValueError("credits need measured tasks")
    return table


def own_table(data_folder):
    # type: (str) -> dict[str, Any] | None
    """Return the user's own table, ``prices.json`` in the data folder, None without a usable one."""
    path = os.path.join(data_folder, "prices.json")
    try:
        return load_table(path) if os.path.exists(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


TABLE = load_table()

FIXED_SECONDS = 75.0
SECONDS_PER_MEGAPIXEL = 3.5
"""A result of 3 megapixels took 81 s, one of 16.8 megapixels 131 s."""


def estimate(width, height, scale_factor, table=None):
    # type: (int, int, int, dict[str, Any] | None) -> Estimate
    """Estimate the price of enlarging ``width`` x ``height`` pixels ``scale_factor`` times."""
    table = table or TABLE  # a user's own table may state no credits: ours are taken
    megapixels = width * height * scale_factor * scale_factor / 1e6
    for step in table["steps"]:
        if megapixels <= step["up_to_megapixels"]:
            amount = step["price"]
            break
    else:
        last = table["steps"][-1]
        amount = last["price"] + (megapixels - last["up_to_megapixels"]) * table["beyond_per_megapixel"]
    return Estimate(
        round(amount, 2),
        table["currency"],
        table["dated"],
        megapixels,
        _credits(megapixels, table.get("credits") or TABLE["credits"]),
    )


def _credits(megapixels, rates):
    # type: (float, dict[str, Any]) -> int
    """Return the credits for a result: straight lines from nothing through the measured tasks, rounded up.

    Beyond the largest measured task its rate goes on.
    """
    points = sorted((one["megapixels"], one["credits"]) for one in rates["measured"])
    left, low = 0.0, 0.0
    for right, high in points:
        if megapixels <= right:
            return _up(low + (megapixels - left) * (high - low) / (right - left))
        left, low = right, high
    return _up(megapixels * low / left)


def _up(value):
    # type: (float) -> int
    # a rounding error of the line is not one more credit
    return int(math.ceil(value - 1e-9))  # noqa: RUF046 - in Python 2.7 it is a float


def total(estimates):
    # type: (list[Estimate]) -> Estimate
    """Return the sum of estimates by one table."""
    return Estimate(
        round(sum(one.amount for one in estimates), 2),
        estimates[0].currency,
        estimates[0].dated,
        sum(one.megapixels for one in estimates),
        sum(one.credits for one in estimates),
    )


def text(price):
    # type: (Estimate) -> str
    """Return an estimate for people: ``about 270 credits (0.40 EUR, prices of 2026-11-22)``."""
    return "about %d credits (%.2f %s, prices of %s)" % (
        price.credits,
        price.amount,
        price.currency,
        price.dated,
    )


def expected_seconds(width, height, pace=1.0):
    # type: (int, int, float) -> float
    """Estimate a task's duration in seconds from its result's size in pixels.

    ``pace`` corrects it by experience: the usual ratio of real to estimated durations.
    """
    return pace * (FIXED_SECONDS + SECONDS_PER_MEGAPIXEL * width * height / 1e6)
