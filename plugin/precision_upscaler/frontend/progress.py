"""The progress of one layer as a fraction for a progress bar, which never decreases.

Each stage has a share of the bar by its usual duration. The end of the waiting is not known, so its
fraction approaches 1 the longer it takes and reaches it only when the service is done.
"""

from __future__ import absolute_import, division

import math

from precision_upscaler.protocol import Event, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from precision_upscaler.protocol import Message

SHARES = (
    (Stage.PREPARING, 0.04),
    (Stage.SENDING, 0.14),
    (Stage.WAITING, 0.66),
    (Stage.DOWNLOADING, 0.12),
    (Stage.CHECKING, 0.04),
)
"""Every stage in its order with its share of the bar."""

_AT_EXPECTED = 0.85
_STEEPNESS = -math.log(1 - _AT_EXPECTED)


def waiting_fraction(elapsed, expected):
    # type: (float, float | None) -> float
    """Return how much of the waiting is over: 0.85 at the expected time, always below 1."""
    if not expected or expected <= 0:
        expected = 90.0
    # beyond some thirty times the expected time a float would round to 1
    return min(1 - math.exp(-_STEEPNESS * max(elapsed, 0.0) / expected), 0.999)


class Fraction(object):
    """One layer's fraction, fed with the worker's events."""

    def __init__(self):
        # type: () -> None
        self.value = 0.0
        """Between 0 and 1; only ever grows."""

    def note(self, event):
        # type: (Message) -> float
        """Take in a ``stage``, ``progress`` or ``result`` event and return the new value."""
        if event["event"] == Event.RESULT:
            self.value = 1.0
        elif event["event"] in (Event.STAGE, Event.PROGRESS):
            begin, share = _span(event["stage"])
            part = _part(event) if event["event"] == Event.PROGRESS else 0.0
            self.value = max(self.value, begin + share * part)
        return self.value


def _span(stage):
    # type: (str) -> tuple[float, float]
    begin = 0.0
    for name, share in SHARES:
        if name == stage:
            return begin, share
        begin += share
    return 0.0, 0.0


def _part(event):
    # type: (Message) -> float
    done, total = event.get("done") or 0, event.get("total")
    if event["stage"] == Stage.WAITING:
        return waiting_fraction(done, total)
    return min(max(done / total, 0.0), 1.0) if total else 0.0
