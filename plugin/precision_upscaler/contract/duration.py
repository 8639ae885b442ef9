"""Estimate how long the service takes, from two public records of real tasks."""

from __future__ import absolute_import

FIXED_SECONDS = 75.0
SECONDS_PER_MEGAPIXEL = 3.5
"""Fitted to real V2 tasks: a result of 3 megapixels took 81 s, one of 16.8 megapixels 131 s."""


def expected_seconds(width, height, pace=1.0):
    # type: (int, int, float) -> float
    """Estimate a task's duration in seconds from its result's size in pixels.

    ``pace`` corrects it by experience: the usual ratio of real to estimated durations.
    """
    return pace * (FIXED_SECONDS + SECONDS_PER_MEGAPIXEL * width * height / 1e6)
