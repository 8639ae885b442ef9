"""Turn answers into Flask's responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from mock_server import answers
from mock_server.answers import Answer

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException


def respond(answer: Answer) -> Response:
    """Return an answer as Flask's response."""
    response = Response(answer.encoded(), answer.status, content_type=answer.media_type)
    response.headers.extend(answer.headers)
    return response


def error_response(error: HTTPException) -> Response:
    """Return one of Werkzeug's HTML pages as JSON; keeps ``Allow`` and the like."""
    response = respond(answers.message(error.code or 500, error.name))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def redirect(path: str) -> Response:
    """Lead a browser to another path of the mock."""
    return respond(Answer(302, {"message": "The page is elsewhere"}, headers=(("Location", path),)))
