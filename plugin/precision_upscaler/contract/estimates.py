"""Estimate what an upscale costs, from a dated table of prices by the result's area.

The table's steps are laid so that every published example comes out exactly; beyond the last one
the price goes on by the megapixel at the last step's rate. It is an estimate and says so.
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
