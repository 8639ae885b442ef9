"""The responses that scenarios are made of: canned answers, and the changes to a task's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server import answers
from mock_server.answers import PROBLEM, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
_EXAMPLE_FAULTS = [("body.sharpen", "must be at most 100")]
RETRY_AFTER_SECONDS = 1
# clients match on "the limit of the free trial usage"; the rest of the sentence is a guess
PLAN_EXHAUSTED = "You have reached the limit of the free trial usage. Upgrade your plan to continue."
_STRUCTURED_401 = {
    "error": {
        "code": "invalid_api_key",
        "message": "The API key is not valid. Get one at https://www.magnific.com/developers/dashboard/api-key",
        "link": "https://www.magnific.com/developers/dashboard/api-key",
    },
}

ANSWERS: dict[str, Answer] = {
    "http_500": answers.message(500, answers.INTERNAL_ERROR),
    "http_503": answers.message(503, answers.UNAVAILABLE),
    "http_429": answers.message(429, answers.TOO_MANY, ("Retry-After", str(RETRY_AFTER_SECONDS))),
    "http_429_no_retry_after": answers.message(429, answers.TOO_MANY),
    "plan_exhausted_429": answers.message(429, PLAN_EXHAUSTED),
    "structured_401": Answer(401, _STRUCTURED_401),
    "asset_expired_403": answers.message(403, "The asset has expired"),
    "not_in_plan_403": answers.message(403, "This feature is not included in your plan"),
    "html_error_page": Answer(502, _HTML, "text/html", follows_contract=False),
    "unknown_task_404": answers.message(404, "Task not found"),
    "invalid_key_401": answers.message(401, answers.INVALID_KEY),
    "no_credits_402": answers.message(402, "You do not have enough credits"),
    "forbidden_403": answers.message(403, "Forbidden"),
    "bad_request_message": answers.bad_request("", _EXAMPLE_FAULTS, "message"),
    "bad_request_problem": answers.bad_request(answers.NOT_VALIDATED, _EXAMPLE_FAULTS, "problem"),
    "bad_request_example": Answer(
        400,
        {
            "message": answers.NOT_VALIDATED,
            "invalid_params": [{"name": "sharpen", "reason": "must be at most 100"}],
        },
        PROBLEM,
    ),
    "bad_request_recorded": answers.bad_request(answers.NOT_VALIDATED, _EXAMPLE_FAULTS, "recorded"),
}
"""The answers that scenarios replace an answer by, each by its name."""


def _completed_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "generated": []}}


def _two_results(data: dict[str, Any]) -> dict[str, Any]:
    first = data["generated"][:1]
    return {"data": {**data, "generated": first + [f"{link}&size=stable" for link in first]}}


def _generated_objects(data: dict[str, Any]) -> dict[str, Any]:
    return {"data": {**data, "generated": [{"url": link} for link in data["generated"]]}}


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
    "generated_objects": (_generated_objects, False),
    "has_nsfw": (_has_nsfw, True),
    "error_null": (_error_null, True),
    "unwrapped_body": (_unwrapped, False),
    "unknown_status": (_unknown_status, False),
}
"""How a scenario changes a task's body: what it makes of ``data``, and whether that keeps to the contract."""
