"""Reasons to refuse a request before anything is sent or paid: values and sizes the service does not take."""

from __future__ import absolute_import, division

from collections import namedtuple
from numbers import Integral

from . import LIMITS, parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .parameters import Parameter

Refusal = namedtuple("Refusal", "code values")
"""Why something is not sent: a stable ``code`` and the values for its message, as a dictionary.

Codes about a parameter: ``not-whole``, ``out-of-range``, ``not-a-choice`` and ``not-boolean``. Codes about
a picture: ``empty``, ``too-small``, ``aspect``, ``too-large`` (another factor fits: ``nearest``) and
``too-large-for-any``. About a file: ``upload``.
"""


def check(known, value):
    # type: (Parameter, Any) -> Refusal | None
    """Return why the parameter ``known`` cannot have ``value``, or None.

    ``True`` and ``2.0`` are not whole numbers.
    """
    if known.kind == "choice":
        choices = [choice.value for choice in known.choices]
        return None if value in choices else Refusal("not-a-choice", {"value": value, "choices": choices})
    if known.kind == "boolean":
        return None if isinstance(value, bool) else Refusal("not-boolean", {"value": value})
    values = {"value": value, "minimum": known.minimum, "maximum": known.maximum}
    if isinstance(value, bool) or not isinstance(value, Integral):
        return Refusal("not-whole", values)
    return None if known.minimum <= value <= known.maximum else Refusal("out-of-range", values)


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
        "smallest_factor": parameter("scale_factor").minimum,
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
