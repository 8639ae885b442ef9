"""The forecast of a run before it is paid for: sizes, megapixels, time and price."""

from __future__ import absolute_import

from collections import namedtuple

from precision_upscaler.contract import estimates as price
from precision_upscaler.contract.estimates import expected_seconds

from .placement import Box, Size, place, scaled_size, united

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

Forecast = namedtuple("Forecast", "sizes canvas megapixels seconds price")
"""What to expect of one run over one or more layers.

``sizes``: a :class:`Size` for each picture the service returns; ``canvas``: the image's Size
afterwards; ``megapixels`` of all results together; ``seconds`` until the last one is there (they run at
the same time); ``price``: a :class:`price.Estimate` of the sum.
"""


Experience = namedtuple("Experience", "pace table")
"""What is known of this user's earlier runs: real over estimated duration, and a price table (None: ours)."""

NO_EXPERIENCE = Experience(1.0, None)


def passes(budget, price):
    # type: (Mapping[str, Any] | None, price.Estimate) -> bool
    """Return whether a run of this price would pass the monthly budget, ``budget`` of the worker's status."""
    if budget is None:
        return False
    # a sum of binary fractions must not refuse the last cent; storage/spending.py rounds in the same way
    return bool((price.amount if budget["unit"] == "money" else price.credits) > budget["left"] + 1e-6)


def forecast(areas, layers, canvas, factor, placement, experience=NO_EXPERIENCE):
    # type: (Sequence[Box], Sequence[Box], Size, int, str, Experience) -> Forecast
    """Return what to expect of sending the ``areas`` of ``layers`` of a ``canvas``.

    Size, time and price follow from what is sent, the canvas from the layers, which grow as a whole.
    ValueError without any area.
    """
    if not areas:
        raise ValueError("there is nothing to forecast")
    sizes = [scaled_size(Size(box.width, box.height), factor) for box in areas]
    total = price.total([price.estimate(box.width, box.height, factor, experience.table) for box in areas])
    return Forecast(
        sizes,
        united([place(placement, canvas, box, factor) for box in layers]).canvas,
        total.megapixels,
        max(expected_seconds(size.width, size.height, experience.pace) for size in sizes),
        total,
    )
