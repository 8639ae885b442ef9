"""The ``Prefer`` header: one request's own scenario, answer or pace (RFC 7240)."""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.http import parse_dict_header, parse_list_header

from mock_server.scenarios.catalogue import UnknownScenarioError, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACE = ("seconds", "queue", "polls")


class PreferenceError(ValueError):
    """A preference of ours has a value that means nothing; the message says which would."""


class Preferences(NamedTuple):
    """What a request asks the mock to do. ``pace`` has the task's own ``seconds``, ``queue`` or ``polls``."""

    scenario: str = ""
    code: int = 0
    example: str = ""
    pace: Mapping[str, float] = MappingProxyType({})


_NONE = Preferences()


def preferences(header: str) -> Preferences:
    """Read a ``Prefer`` header; what it says beyond our names is for others and ignored."""
    if not header:
        return _NONE
    # RFC 7240, 2: of a preference that is repeated, the first one counts
    parsed = parse_dict_header(", ".join(reversed(parse_list_header(header))))
    values = {name.lower(): value or "" for name, value in parsed.items()}
    scenario = values.get("scenario", "")
    if scenario:
        try:
            parse(scenario)
        except UnknownScenarioError as error:
            raise PreferenceError(str(error)) from None
    code = values.get("code", "")
    if code and not re.fullmatch(r"[1-5][0-9]{2}", code):
        raise PreferenceError("code must be an HTTP status that the document lists")
    pace = {name: _number(name, values[name]) for name in _PACE if name in values}
    return Preferences(scenario, int(code or 0), values.get("example", ""), pace)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf or (name == "polls" and (value < 1 or value != int(value))):
        raise PreferenceError(
            f"{name} must be a number" + (" from 1 up" if name == "polls" else " from 0 up")
        )
    return value
