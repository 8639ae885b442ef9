"""Estimate what an upscale costs and how long it takes, from the result's area.

The price comes from a dated table. Its steps reproduce every published example exactly; beyond the
last step each further megapixel costs the table's rate. The duration is fitted to two public records
of real V2 tasks.
"""

from __future__ import absolute_import

import json
import os
from collections import namedtuple

try:
    from typing import Any
except ImportError:  # Python 2.7
    pass

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prices.json")

Estimate = namedtuple("Estimate", "amount currency dated megapixels")
"""A price: ``amount`` in ``currency`` (ISO 4217), as of ``dated`` (ISO 8601), for ``megapixels``."""


def load_table(path=None):
    # type: (str | None) -> dict[str, Any]
    """Return the price table in the JSON file ``path`` (default: ours); ValueError when it is none."""
    with open(path or _PATH, "rb") as stream:
        table = json.loads(stream.read().decode("utf-8"))  # type: dict[str, Any]
    steps = table["steps"]
    bounds = [step["up_to_megapixels"] for step in steps]
    if not steps or bounds != sorted(bounds) or min(step["price"] for step in steps) < 0:
        raise ValueError("the steps of a price table must rise")
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
    table = table or TABLE
    megapixels = width * height * scale_factor * scale_factor / 1e6
    for step in table["steps"]:
        if megapixels <= step["up_to_megapixels"]:
            amount = step["price"]
            break
    else:
        last = table["steps"][-1]
        amount = last["price"] + (megapixels - last["up_to_megapixels"]) * table["beyond_per_megapixel"]
    return Estimate(round(amount, 2), table["currency"], table["dated"], megapixels)


def text(price):
    # type: (Estimate) -> str
    """Return an estimate as people read it, for example ``about 0.40 EUR (prices of 2026-11-22)``."""
    return "about %.2f %s (prices of %s)" % (price.amount, price.currency, price.dated)


def expected_seconds(width, height, pace=1.0):
    # type: (int, int, float) -> float
    """Estimate a task's duration in seconds from its result's size in pixels.

    ``pace`` corrects it by experience: the usual ratio of real to estimated durations.
    """
    return pace * (FIXED_SECONDS + SECONDS_PER_MEGAPIXEL * width * height / 1e6)
