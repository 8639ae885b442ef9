"""The service's contract: ``openapi.json``, its parameters, limits and estimates.

The only place where a bound, a default, a choice, a status or a transition is stated. The
dialog, the command line, the mock and the property tests all read it here.
Standard library alone, valid in Python 2.7 and 3.
"""

from __future__ import absolute_import

from .document import (
    AUTH_HEADERS,
    CREATE_PATH,
    DOCUMENT,
    KEY_PAGE,
    LIMITS,
    SERVERS,
    STATUSES,
    TERMINAL_STATUSES,
    TRANSITIONS,
    host_of,
    resolve,
)
from .parameters import PARAMETERS, Choice, Parameter, parameter

__all__ = [
    "AUTH_HEADERS",
    "CREATE_PATH",
    "DOCUMENT",
    "KEY_PAGE",
    "LIMITS",
    "PARAMETERS",
    "SERVERS",
    "STATUSES",
    "TERMINAL_STATUSES",
    "TRANSITIONS",
    "Choice",
    "Parameter",
    "host_of",
    "parameter",
    "resolve",
]
