"""What the mock's server and Flask reach with next to nothing of the mock in them: ``floors.py NAME PORT``.

``wsgi``: a WSGI application that does nothing. ``flask``: one empty view of Flask's own. ``checked``: one
view of the Flask that the mock uses; it reads and checks the request, builds, checks and encodes the answer.
"""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask, Response, request

from mock_server.api import json_body
from mock_server.api.documented_examples import CALLS
from mock_server.api.request_log import respond
from mock_server.api.responses import Answer, message
from mock_server.api.validation import JSON, answer_fault, request_faults
from mock_server.scenarios.catalogue import CREATE, STATUS
from mock_server.server.lean_flask import LeanFlask
from mock_server.server.server import Server, listen

BODY = b'{"data":{"generated":[],"task_id":"046b6c7f-0b8a-43b9-b35d-6489e6daee91","status":"CREATED"}}'


def empty(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer always the same."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def _view(path: str) -> Response:
    del path
    return Response(BODY, content_type="application/json")


def flask_app() -> Any:
    """Return a Flask application with one view that answers always the same."""
    app = Flask("floor")
    app.add_url_rule("/<path:path>", "view", _view)
    return app.wsgi_app


def _checked_view(path: str) -> Response:
    del path
    step = CREATE if request.method == "POST" else STATUS
    if step == CREATE and request_faults(json_body.loads(request.get_data())):
        return respond(message(400, "The request breaks the contract"))
    body = {"data": {"generated": [], "task_id": "046b6c7f-0b8a-43b9-b35d-6489e6daee91", "status": "CREATED"}}
    if answer_fault(*CALLS[step], 200, JSON, body):
        return respond(message(500, "The answer breaks the contract"))
    return respond(Answer(200, body))


def checked_app() -> Any:
    """Return an application with one view that checks both ways and keeps nothing."""
    app = LeanFlask("floor", static_folder=None)
    app.add_url_rule("/<path:path>", "view", _checked_view, methods=["GET", "POST"])
    return app.wsgi_app


if __name__ == "__main__":
    application = {"wsgi": lambda: empty, "flask": flask_app, "checked": checked_app}[sys.argv[1]]()
    # on the same path as the mock's own quick requests: in the thread that accepts
    Server(application, listen("127.0.0.1", int(sys.argv[2])), quick=lambda *_: True).serve_forever()
