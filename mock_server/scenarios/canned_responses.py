"""What a scenario does to an answer: the canned answers, and the changes to a task's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.api import responses
from mock_server.api.responses import Answer
from mock_server.api.validation import PROBLEM

if TYPE_CHECKING:
    from collections.abc import Callable

_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
_EXAMPLE_FAULTS = [("body.sharpen", "must be at most 100")]
RETRY_AFTER_SECONDS = 1

ANSWERS: dict[str, Answer] = {
    "http_500": responses.message(500, responses.INTERNAL_ERROR),
    "http_503": responses.message(503, responses.UNAVAILABLE),
    "http_429": responses.message(429, responses.TOO_MANY, ("Retry-After", str(RETRY_AFTER_SECONDS))),
    "http_429_no_retry_after": responses.message(429, responses.TOO_MANY),
    "html_error_page": Answer(502, _HTML, "text/html", lawful=False),
    "unknown_task_404": responses.message(404, "Task not found"),
    "invalid_key_401": responses.message(401, responses.INVALID_KEY),
    "no_credits_402": responses.message(402, "You do not have enough credits"),
    "forbidden_403": responses.message(403, "Forbidden"),
    "bad_request_message": responses.bad_request("", _EXAMPLE_FAULTS, "message"),
    "bad_request_problem": responses.bad_request(responses.NOT_VALIDATED, _EXAMPLE_FAULTS, "problem"),
    "bad_request_example": Answer(
        400,
        {
            "message": responses.NOT_VALIDATED,
            "invalid_params": [{"name": "sharpen", "reason": "must be at most 100"}],
        },
        PROBLEM,
    ),
    "bad_request_recorded": responses.bad_request(responses.NOT_VALIDATED, _EXAMPLE_FAULTS, "recorded"),
}
"""The answers that scenarios replace an answer by, each by its name."""


def _completed_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "generated": []}}


def _two_results(data: dict[str, Any]) -> dict[str, Any]:
    first = data["generated"][:1]
    return {"data": {**data, "generated": first + [f"{link}&size=stable" for link in first]}}


def _has_nsfw(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "has_nsfw": [False] * len(data["generated"])}}


def _error_null(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "error": None}}


def _unwrapped(data: dict[str, Any]) -> dict[str, Any]:
    return {"task_id": data["task_id"], "task_status": data["status"], "generated": data["generated"]}


def _unknown_status(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "status": "POST_PROCESSING", "generated": []}}


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], bool]] = {
    "completed_empty": (_completed_empty, True),
    "two_results": (_two_results, True),
    "has_nsfw": (_has_nsfw, True),
    "error_null": (_error_null, True),
    "unwrapped_body": (_unwrapped, False),
    "unknown_status": (_unknown_status, False),
}
"""How a scenario changes a task's body: what it makes of ``data``, and whether that keeps to the contract."""
