"""The service's contract: ``openapi.json`` and the reader of it.

The only place where a bound, a default, a choice, a status or a transition is stated. The
dialog, the command line, the request check, the mock and the property tests all read it here.
Standard library alone, valid in Python 2.7 and 3.
"""

from __future__ import absolute_import

from .document import (
    AUTH_HEADERS,
    CREATE_PATH,
    DOCUMENT,
    LIMITS,
    SERVERS,
    STATUSES,
    TERMINAL_STATUSES,
    TRANSITIONS,
    ContractError,
    request_violations,
    resolve,
    response_violations,
    schema_for_response,
)
from .parameters import PARAMETERS, Choice, Parameter, parameter
from .schema import Violation, violations

__all__ = [
    "AUTH_HEADERS",
    "CREATE_PATH",
    "DOCUMENT",
    "LIMITS",
    "PARAMETERS",
    "SERVERS",
    "STATUSES",
    "TERMINAL_STATUSES",
    "TRANSITIONS",
    "Choice",
    "ContractError",
    "Parameter",
    "Violation",
    "parameter",
    "request_violations",
    "resolve",
    "response_violations",
    "schema_for_response",
    "violations",
]
