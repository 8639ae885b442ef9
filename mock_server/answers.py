"""The answers of the mock as values: a status, a body and headers, in the service's own wording."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

JSON = "application/json"
PROBLEM = "application/problem+json"
MISSING_KEY = "Missing API key"
INVALID_KEY = "Invalid API key"
IMAGE_REFUSED = "Image validation failed"
NOT_VALIDATED = "Your request parameters didn't validate."
INTERNAL_ERROR = "Internal Server Error"
TOO_MANY = "Too Many Requests"
UNAVAILABLE = "Service Unavailable. Please try again later."
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Answer(NamedTuple):
    """One answer: HTTP status, body (a JSON value, or bytes sent as they are), media type, further headers.

    ``follows_contract`` says that the body is meant to follow the contract; a scenario that breaks it on
    purpose says so, anything else that breaks it is a defect of the mock and becomes a 500.
    """

    status: int
    body: Any
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    follows_contract: bool = True

    def encoded(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else _to_json(self.body).encode()


class RefusedError(Exception):
    """The request is answered with an error; nothing was created and nothing is charged."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def message(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """Return an error in the service's usual shape."""
    return Answer(status, {"message": text}, headers=headers)


def bad_request(text: str, faults: list[tuple[str, str]], shape: str) -> Answer:
    """Return a 400 in one of the three shapes that clients meet.

    ``faults`` are ``(field, reason)``. ``recorded`` is the flat body a sister endpoint was seen to send,
    ``problem`` what the document's schema says, ``message`` what its first example shows.
    """
    if shape == "problem":
        params = [{"name": name.removeprefix("body."), "reason": reason} for name, reason in faults]
        return Answer(400, {"problem": {"message": text, "invalid_params": params}}, PROBLEM)
    if shape == "message":
        listed = "; ".join(f"Parameter '{name.removeprefix('body.')}' {reason}" for name, reason in faults)
        return Answer(400, {"message": listed or text})
    params = [{"field": name, "reason": reason} for name, reason in faults]
    return Answer(400, {"message": text, "invalid_params": params})
