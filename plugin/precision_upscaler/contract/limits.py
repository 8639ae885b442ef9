"""Refusals before anything is sent or paid: sizes the service does not take, and what would fit."""

from __future__ import absolute_import, division

from collections import namedtuple

from . import LIMITS, parameter

Refusal = namedtuple("Refusal", "code values")
"""Why a picture is not sent: a stable ``code`` and the numbers for the sentence, as a dictionary.

Codes: ``empty``, ``too-small``, ``aspect``, ``too-large`` (another factor fits: ``nearest``) and
``too-large-for-any``.
"""


def factors_that_fit(width, height):
    # type: (int, int) -> list[int]
    """Return the scale factors whose result stays within the service's largest side, ascending."""
    factor = parameter("scale_factor")
    largest = min(factor.maximum, LIMITS["maximum_output_side"] // max(width, height))
    return list(range(factor.minimum, largest + 1))


def nearest_factor(width, height, asked):
    # type: (int, int, int) -> int | None
    """Return the factor closest to ``asked`` that fits, or None when none does."""
    fitting = factors_that_fit(width, height)
    return min(fitting, key=lambda factor: abs(factor - asked)) if fitting else None


def refusal(width, height, asked):
    # type: (int, int, int) -> Refusal | None
    """Return why a picture of ``width`` by ``height`` pixels is not sent for ``asked`` times, or None."""
    least, most, aspect = (
        LIMITS["minimum_input_side"],
        LIMITS["maximum_output_side"],
        LIMITS["maximum_aspect"],
    )
    values = {
        "width": width,
        "height": height,
        "factor": asked,
        "minimum_side": least,
        "maximum_aspect": aspect,
        "maximum_output_side": most,
        "largest_input_side": most // parameter("scale_factor").minimum,
    }
    if width < 1 or height < 1:
        return Refusal("empty", values)
    if min(width, height) < least:
        return Refusal("too-small", values)
    if max(width, height) > aspect * min(width, height):
        values["shortest_side"] = -(-max(width, height) // aspect)
        return Refusal("aspect", values)
    if max(width, height) * asked > most:
        values["result_width"], values["result_height"] = width * asked, height * asked
        values["nearest"] = nearest_factor(width, height, asked)
        values["factors"] = factors_that_fit(width, height)
        return Refusal("too-large" if values["factors"] else "too-large-for-any", values)
    return None


def upload_refusal(size):
    # type: (int) -> Refusal | None
    """Return why a file of ``size`` bytes is not sent, or None.

    Always None as long as the contract states no ``maximum_upload_bytes``; its limits say why it does not.
    """
    most = LIMITS.get("maximum_upload_bytes")
    if most is not None and size > most:
        return Refusal("upload", {"bytes": size, "maximum_bytes": most})
    return None
